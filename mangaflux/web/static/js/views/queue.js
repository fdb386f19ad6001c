// <mf-queue>: what runs, what waits, what has ended.

import { fill, h } from "../dom.js";
import { t } from "../i18n.js";
import { isActive, jobs } from "../jobs.js";
import { nothingYet, unread } from "../parts/empty.js";
import "../parts/job-line.js";

class Queue extends HTMLElement {
  #lines = new Map();
  #active = h("div", { role: "list", class: "lines", "aria-label": t("queue.active") });
  #ended = h("div", { role: "list", class: "lines", "aria-label": t("queue.ended") });
  #none = nothingYet("queue", t("queue.empty"), t("queue.empty.text"));
  #unread = h("div");
  #problem = null;
  #sections = [];

  connectedCallback() {
    if (!this.firstChild) {
      this.#sections = [
        h("section", {}, h("h2", { class: "list-title" }, t("queue.active")), this.#active),
        h("section", {}, h("h2", { class: "list-title" }, t("queue.ended")), this.#ended),
      ];
      const head = h("div", { class: "view-head" }, h("h1", {}, t("nav.queue")));
      this.append(head, this.#none, this.#unread, ...this.#sections);
    }
    jobs.addEventListener("change", this.#draw);
    this.#draw();
    jobs.read();
  }

  disconnectedCallback() {
    jobs.removeEventListener("change", this.#draw);
  }

  #draw = () => {
    const active = jobs.active();
    const ended = jobs.list.filter((job) => !isActive(job));
    // What was not read is not empty.
    const problem = jobs.list.length ? null : jobs.problem;
    this.#none.hidden = jobs.list.length > 0 || problem !== null;
    if (problem?.message !== this.#problem?.message) {
      this.#problem = problem;
      fill(this.#unread, problem && unread(problem, t("queue.unread"), "create"));
    }
    this.#sections[0].hidden = !active.length;
    this.#sections[1].hidden = !ended.length;
    this.#place(this.#active, active);
    this.#place(this.#ended, ended);
  };

  #place(holder, list) {
    const lines = list.map((job) => {
      const line = this.#lines.get(job.job_id) ?? h("mf-job-line", { class: "card line" });
      this.#lines.set(job.job_id, line);
      return line;
    });
    const same =
      lines.length === holder.children.length && lines.every((line, index) => holder.children[index] === line);
    if (!same) fill(holder, lines);
    lines.forEach((line, index) => line.update(list[index]));
  }
}

customElements.define("mf-queue", Queue);
