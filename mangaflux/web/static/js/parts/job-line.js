// <mf-job-line>: one job in a list: what it is, how far it is, what can be done about it.

import { fill, h, setText } from "../dom.js";
import { ago, duration, percent } from "../format.js";
import { t } from "../i18n.js";
import { icon } from "../icons.js";
import { cancelJob, deleteJob, raisable, raiseButton, retryJob, retryLabel } from "../job-actions.js";
import { isActive, jobs, shareOf } from "../jobs.js";
import { thumbnail, sha256Of } from "../api.js";

const TONES = { running: "live", completed: "good", failed: "bad", cancelled: "", queued: "" };

/** The status of a job as a badge. */
export function statusBadge(job) {
  return h(
    "span",
    { class: `badge ${TONES[job.status]}` },
    job.status === "running" && h("span", { class: "spinner", "aria-hidden": "true" }),
    t(`status.${job.status}`),
  );
}

/** A job as the title of a tab: its share while it runs, then what became of it. */
export function titleOf(job, share = shareOf(job)) {
  if (isActive(job)) return `(${percent(share)}) ${job.chapter_id}`;
  return t("title.ended", { status: t(`status.${job.status}`), name: job.chapter_id });
}

/** How far a job is, in words. */
export function progressText(job) {
  const done = job.kind === "pass1" ? job.progress.pass1_done : job.progress.pass2_done;
  const key = job.status === "cancelled" ? "job.cancelled" : "job.done";
  const parts = [t(key, { done, total: job.progress.total_pages })];
  if (job.progress.failed) parts.push(t("job.failed", { count: job.progress.failed }));
  if (job.status === "queued") parts.push(t("job.position", { place: jobs.position(job.job_id) }));
  const eta = jobs.eta.get(job.job_id);
  if (job.status === "running" && eta !== undefined) parts.push(t("job.eta", { time: duration(eta) }));
  if (!isActive(job)) parts.push(ago(job.last_update));
  return parts.join(" · ");
}

class JobLine extends HTMLElement {
  #badge = h("span");
  #text = h("p", { class: "muted small number" });
  #bar = h("i");
  #actions = h("div", { class: "row" });
  #shown = "";

  connectedCallback() {
    this.setAttribute("role", "listitem");
  }

  /** Shows a job as it is now. */
  update(job) {
    if (!this.firstChild) this.#build(job);
    this.#bar.style.setProperty("--share", shareOf(job));
    setText(this.#text, progressText(job));
    this.#bar.parentElement.classList.toggle("good", job.status === "completed");
    const shape = `${raisable(job)} ${job.status} ${job.progress.failed} ${jobs.position(job.job_id)}`;
    if (shape === this.#shown) return;
    this.#shown = shape;
    fill(this.#badge, statusBadge(job));
    fill(this.#actions, ...this.#buttons(job));
  }

  #build(job) {
    const [reference] = job.style_reference;
    this.append(
      reference
        ? h("img", { src: thumbnail(sha256Of(reference), 160), alt: "", class: "line-picture", loading: "lazy" })
        : h("span", { class: "line-picture" }),
      h(
        "div",
        { class: "grow stack line-body" },
        h(
          "div",
          { class: "row" },
          h("a", { href: `#/job/${job.job_id}`, class: "line-title clip" }, job.chapter_id),
          this.#badge,
        ),
        h("div", { class: "bar", "aria-hidden": "true" }, this.#bar),
        this.#text,
      ),
      this.#actions,
    );
  }

  #buttons(job) {
    const button = (name, picture, label, work) =>
      h(
        "button",
        {
          type: "button",
          class: `button ${name}`,
          "aria-label": `${label}: ${job.chapter_id}`,
          title: label,
          on: work ? { click: work } : {},
        },
        icon(picture),
      );
    if (isActive(job)) {
      return [
        raisable(job) && raiseButton(job, button("icon", "up", t("job.up"))),
        button("icon", "close", t("job.cancel"), () => cancelJob(job)),
      ];
    }
    const again = retryLabel(job);
    return [
      again && button("icon", "reroll", again, () => retryJob(job)),
      button("icon plain", "trash", t("job.delete"), () => deleteJob(job)),
    ];
  }
}

customElements.define("mf-job-line", JobLine);
