// One job and its pages, kept up to date by events; sends "page" with the number of a changed page, "job", and "gone" with
// the problem where the job is not there any more.

import { get } from "./api.js";
import { settled } from "./dom.js";
import { live } from "./live.js";

const SILENCE_MILLISECONDS = 300;
//: Events that no answer of the server remembers.
const PASSING = ["page.progress", "page.preview"];

export class JobWatch extends EventTarget {
  job = null;
  pages = new Map();
  etaSeconds = null;
  #jobId;
  #changes = 0;
  #readSoon = settled(SILENCE_MILLISECONDS, () => this.#readAgain());

  constructor(jobId) {
    super();
    this.#jobId = jobId;
  }

  /** Reads the job and follows it. Throws `Problem` where there is none. */
  async start() {
    live.addEventListener("happened", this.#take);
    live.addEventListener("resync", this.#readSoon);
    await this.read();
  }

  stop() {
    live.removeEventListener("happened", this.#take);
    live.removeEventListener("resync", this.#readSoon);
  }

  /** Reads everything anew; what is being done right now stays as events told it. */
  async read() {
    const before = this.#changes;
    const job = await get(`/v1/jobs/${this.#jobId}`);
    this.job = job;
    for (const page of job.pages) {
      const before = this.pages.get(page.page_num);
      const runs = [page.pass1, page.pass2].some((pass) => pass?.status === "running");
      this.pages.set(page.page_num, { ...page, live: runs ? before?.live : null, preview: before?.preview });
    }
    this.dispatchEvent(new Event("job"));
    // What changed while the answer was on its way may be newer than the answer.
    if (this.#changes !== before) this.#readSoon();
  }

  async #readAgain() {
    try {
      await this.read();
    } catch (error) {
      if (error.name !== "Problem") throw error;
      // Any other refusal passes: the next event, or the next greeting of the stream, reads again.
      if (error.isGone) this.dispatchEvent(new CustomEvent("gone", { detail: error }));
    }
  }

  #take = ({ detail: { type, data } }) => {
    if (data.job_id !== this.#jobId) return;
    const page = this.pages.get(data.page_num);
    if (!PASSING.includes(type)) this.#changes += 1;
    if (type.startsWith("job.") || !page) {
      this.#readSoon();
      return;
    }
    CHANGES[type]?.(page, data);
    if (data.eta_seconds !== undefined && data.eta_seconds !== null) this.etaSeconds = data.eta_seconds;
    this.dispatchEvent(new CustomEvent("page", { detail: data.page_num }));
  };
}

const CHANGES = {
  "page.progress": (page, data) => {
    page.live = data;
  },
  "page.preview": (page, data) => {
    page.preview = `data:${data.media_type};base64,${data.data}`;
  },
  "page.pass1.completed": (page) => {
    page.live = null;
    if (page.pass1) page.pass1 = { ...page.pass1, status: "completed" };
  },
  "page.pass2.completed": (page, data) => {
    page.live = null;
    page.preview = null;
    page.colorized_sha256 = data.colorized_sha256;
    page.pass2 = { ...page.pass2, status: "completed", fidelity: data.fidelity, cached: data.cached };
  },
  "page.skipped": (page, data) => {
    page.live = null;
    page.pass2 = { ...page.pass2, status: "skipped", reason: data.reason };
  },
  "page.failed": (page, data) => {
    page.live = null;
    const name = `pass${data.pass ?? 2}`;
    page[name] = { ...page[name], status: "failed", error: { code: data.code, message: data.message } };
  },
};
