// <mf-job>: a chapter while it is coloured: every page a tile that fills, one bar for the whole.

import { fill, h, perFrame, setText } from "../dom.js";
import { duration } from "../format.js";
import { t } from "../i18n.js";
import { icon } from "../icons.js";
import { cancelJob, deleteJob, raisable, raiseButton, retryJob, retryLabel } from "../job-actions.js";
import { JobWatch } from "../job-watch.js";
import { isActive, jobs, shareOf } from "../jobs.js";
import { unread } from "../parts/empty.js";
import { statusBadge, titleOf } from "../parts/job-line.js";
import "../parts/page-tile.js";
import { stateOf } from "../page-state.js";

class JobView extends HTMLElement {
  #watch = null;
  #tiles = new Map();
  #changed = new Set();
  #grid = h("div", { class: "tiles", role: "list" });
  #bar = h("i");
  #meter = h(
    "div",
    { class: "bar big-bar", role: "progressbar", "aria-valuemin": "0", "aria-valuemax": "100" },
    this.#bar,
  );
  #text = h("p", { class: "muted number" });
  #heard = h("p", { class: "heard", role: "status" });
  #badge = h("span");
  #actions = h("div", { class: "row" });
  #notes = h("div", { class: "stack" });
  #shape = "";

  connectedCallback() {
    const jobId = this.getAttribute("job");
    this.#watch = new JobWatch(jobId);
    this.#watch.addEventListener("job", () => this.#drawAll());
    this.#watch.addEventListener("gone", ({ detail }) => this.#leave(detail));
    this.#watch.addEventListener("page", ({ detail }) => {
      this.#changed.add(detail);
      this.#drawSoon();
    });
    jobs.addEventListener("change", this.#drawHeadSoon);
    this.#begin();
  }

  disconnectedCallback() {
    this.#watch.stop();
    jobs.removeEventListener("change", this.#drawHeadSoon);
    document.dispatchEvent(new CustomEvent("mf-title", { detail: null }));
  }

  async #begin() {
    try {
      await this.#watch.start();
    } catch (error) {
      if (error.name !== "Problem") throw error;
      this.#leave(error);
    }
  }

  /** Says why there is nothing to see; a job that may still be there is drawn as soon as it can be read. */
  #leave(problem) {
    // While the server is away, the whole view is built anew.
    if (problem.isGone || problem.isAway) this.#watch.stop();
    fill(this, unread(problem, t(problem.isGone ? "job.gone" : "job.unread"), "queue"));
  }

  #build() {
    const { job } = this.#watch;
    this.#meter.setAttribute("aria-label", t("job.progress", { name: job.chapter_id }));
    fill(
      this,
      h(
        "div",
        { class: "view-head" },
        h(
          "div",
          { class: "grow" },
          h("div", { class: "row" }, h("h1", { class: "clip" }, job.chapter_id), this.#badge),
          this.#text,
        ),
        this.#actions,
      ),
      this.#meter,
      this.#heard,
      this.#notes,
      this.#grid,
    );
    this.#grid.setAttribute("aria-label", t("job.pages"));
  }

  #drawAll() {
    if (!this.#grid.isConnected) this.#build();
    for (const page of this.#watch.pages.values()) {
      const tile = this.#tiles.get(page.page_num) ?? h("mf-page-tile");
      if (!this.#tiles.has(page.page_num)) {
        this.#tiles.set(page.page_num, tile);
        this.#grid.append(tile);
      }
      tile.update(page, this.#watch.job.chapter_id);
    }
    this.#drawHead();
  }

  #drawSoon = perFrame(() => {
    for (const number of this.#changed)
      this.#tiles.get(number)?.update(this.#watch.pages.get(number), this.#watch.job.chapter_id);
    this.#changed.clear();
    this.#drawHead();
  });

  #drawHeadSoon = perFrame(() => {
    if (this.#watch.job) this.#drawHead();
  });

  #drawHead() {
    const { job } = this.#watch;
    const states = [...this.#watch.pages.values()].map(stateOf);
    const share = isActive(job)
      ? states.reduce(
          (sum, { kind, share: own }) => sum + (["done", "skipped", "failed", "cancelled"].includes(kind) ? 1 : own),
          0,
        ) / states.length
      : shareOf(job);
    const count = (kind) => states.filter((state) => state.kind === kind).length;
    const done = count("done") + count("skipped");
    this.#bar.style.setProperty("--share", share);
    this.#meter.setAttribute("aria-valuenow", String(Math.round(share * 100)));
    this.#meter.classList.toggle("good", job.status === "completed");
    setText(this.#text, this.#sentence(job, done, count("failed")));
    setText(this.#heard, t("job.heard", { done, total: states.length, status: t(`status.${job.status}`) }));
    document.dispatchEvent(new CustomEvent("mf-title", { detail: titleOf(job, share) }));
    const shape = `${raisable(job)} ${job.status} ${job.attempt} ${count("failed")} ${jobs.position(job.job_id)} ${done > 0}`;
    if (shape !== this.#shape) {
      this.#shape = shape;
      this.#drawActions(job, done);
    }
  }

  #sentence(job, done, failed) {
    const key = job.status === "cancelled" ? "job.cancelled" : "job.done";
    const parts = [t(key, { done, total: this.#watch.pages.size })];
    if (failed) parts.push(t("job.failed", { count: failed }));
    if (job.status === "queued") parts.push(t("job.position", { place: jobs.position(job.job_id) || 1 }));
    if (job.status === "running" && this.#watch.etaSeconds !== null)
      parts.push(t("job.eta", { time: duration(this.#watch.etaSeconds) }));
    if (!isActive(job) && job.summary.seconds) parts.push(t("job.took", { time: duration(job.summary.seconds) }));
    if (job.engine) parts.push(t("job.engine", { name: job.engine }));
    return parts.join(" · ");
  }

  #drawActions(job, done) {
    fill(this.#badge, statusBadge(job));
    const button = (kind, picture, label, work) =>
      h("button", { type: "button", class: `button ${kind}`, on: { click: work } }, icon(picture), label);
    const link = (kind, picture, label, href, properties = {}) =>
      h("a", { class: `button ${kind}`, href, ...properties }, icon(picture), label);
    const ended = !isActive(job);
    const again = retryLabel(job);
    fill(
      this.#actions,
      done > 0 && link(ended ? "main" : "", "read", t("job.read"), `#/read/${job.chapter_id}/1`),
      ended &&
        done > 0 &&
        link("", "archive", t("download.cbz"), `/v1/jobs/${job.job_id}/archive.cbz`, {
          download: `${job.chapter_id}.cbz`,
        }),
      again && button("", "reroll", again, () => retryJob(job)),
      raisable(job) && raiseButton(job, h("button", { type: "button", class: "button" }, icon("up"), t("job.up"))),
      !ended && button("danger", "close", t("job.cancel"), () => cancelJob(job)),
      ended &&
        button("plain icon", "trash", h("span", { class: "heard" }, t("job.delete")), async () => {
          if (await deleteJob(job)) location.hash = "#/queue";
        }),
    );
    this.#drawNotes(job);
  }

  #drawNotes(job) {
    const failed = [...this.#watch.pages.values()].map(stateOf).find((state) => state.kind === "failed");
    const isCut = job.status === "cancelled";
    fill(
      this.#notes,
      isCut && h("div", { class: "notice" }, icon("info"), h("p", {}, t("job.cancelled.text"))),
      !isActive(job) &&
        failed &&
        h("div", { class: "notice bad" }, icon("warn"), h("p", {}, t("job.failed.why", { why: failed.why ?? "" }))),
      job.summary.flagged_pages.length > 0 &&
        h(
          "div",
          { class: "notice warn" },
          icon("eye"),
          h("p", {}, t("job.flagged", { pages: job.summary.flagged_pages.join(", ") })),
        ),
    );
  }
}

customElements.define("mf-job", JobView);
