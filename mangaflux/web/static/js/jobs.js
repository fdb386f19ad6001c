// The jobs the server knows of, newest first, kept up to date by events; sends "change".

import { get } from "./api.js";
import { perFrame, settled } from "./dom.js";
import { live } from "./live.js";
import { isPreview } from "./preview.js";

const LIMIT = 100;
//: A job of 200 pages makes hundreds of events; the list is read again only after a moment of silence.
const SILENCE_MILLISECONDS = 250;

/** True while something of a job may still happen. */
export function isActive(job) {
  return job.status === "queued" || job.status === "running";
}

/** How much of a job is behind it, 0–1. */
export function shareOf({ kind, progress, status }) {
  if (status === "completed") return 1;
  const passes = kind === "two-pass" ? 2 : 1;
  const done = (kind === "pass2" ? 0 : progress.pass1_done) + (kind === "pass1" ? 0 : progress.pass2_done);
  return progress.total_pages ? Math.min(1, done / (passes * progress.total_pages)) : 0;
}

class Jobs extends EventTarget {
  list = [];
  problem = null;
  //: Seconds to the end of a job, by its id, as the server last said.
  eta = new Map();
  #tell = perFrame(() => this.dispatchEvent(new Event("change")));
  #readSoon = settled(SILENCE_MILLISECONDS, () => this.read());

  start() {
    live.addEventListener("happened", ({ detail }) => this.#take(detail));
    live.addEventListener("resync", () => this.read());
    this.read();
  }

  /** Reads the list anew. */
  async read() {
    try {
      this.list = (await get(`/v1/jobs?limit=${LIMIT}`)).jobs.filter((job) => !isPreview(job));
      this.problem = null;
    } catch (error) {
      if (error.name !== "Problem") throw error;
      this.problem = error;
    }
    this.#tell();
  }

  /** The jobs that wait or run, in the order in which the server takes them. */
  active() {
    const first = (job) => (job.status === "running" ? 0 : 1);
    return this.list
      .filter(isActive)
      .sort(
        (left, right) =>
          first(left) - first(right) ||
          right.priority - left.priority ||
          left.created_at.localeCompare(right.created_at),
      );
  }

  /** 1 for the job that runs or is next; 0 for one that has ended. */
  position(jobId) {
    return this.active().findIndex((job) => job.job_id === jobId) + 1;
  }

  #take({ type, data }) {
    const job = this.list.find((each) => each.job_id === data.job_id);
    if (type === "page.progress") {
      if (data.eta_seconds !== null) this.eta.set(data.job_id, data.eta_seconds);
    } else if (type === "page.preview") {
      return;
    } else if (job && type.startsWith("page.")) {
      count(job, type);
      this.#tell();
    } else {
      this.#readSoon();
    }
  }
}

function count(job, type) {
  const { progress } = job;
  if (type === "page.pass1.completed") progress.pass1_done += 1;
  if (type === "page.pass2.completed") progress.pass2_done += 1;
  if (type === "page.skipped") {
    progress.pass2_done += 1;
    progress.skipped += 1;
  }
  if (type === "page.failed") progress.failed += 1;
}

export const jobs = new Jobs();
