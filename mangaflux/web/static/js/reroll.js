// One page of a chapter coloured again with another seed, followed to its end.

import { get, post, tried } from "./api.js";
import { t } from "./i18n.js";
import { isActive } from "./jobs.js";
import { stageText } from "./page-state.js";
import { attempt, say } from "./parts/toasts.js";

export class Reroll {
  #jobId = null;
  #tell;
  #done;

  /** `tell` gets a sentence, empty at the end; `done` is called when the page has changed. */
  constructor(tell, done) {
    this.#tell = tell;
    this.#done = done;
  }

  /** Asks for the page again. */
  async start(chapterId, pageNum) {
    if (this.#jobId) return;
    this.#tell(t("reroll.waiting"));
    const asked = await attempt(async () => {
      this.#jobId = (await post(`/v1/chapters/${chapterId}/pages/${pageNum}/reroll`, {})).job_id;
    });
    if (!asked) this.#tell("");
    // It may have ended before the answer came.
    await this.look();
  }

  /** Asks how far it is, where events may have been missed. */
  async look() {
    const jobId = this.#jobId;
    if (!jobId) return;
    const { body: job } = await tried(get(`/v1/jobs/${jobId}`));
    if (!job || isActive(job) || this.#jobId !== jobId) return;
    const why = job.pages.map((page) => page.pass2?.error?.message).find(Boolean);
    if (why) say(t("reroll.failed", { why }));
    this.#end(`job.${job.status}`);
  }

  /** Hears an event. */
  take(type, data) {
    if (!this.#jobId || data.job_id !== this.#jobId) return;
    if (type === "page.progress") this.#tell(`${stageText(data)}…`);
    if (type === "page.failed") say(t("reroll.failed", { why: data.message }));
    if (["job.completed", "job.failed", "job.cancelled"].includes(type)) this.#end(type);
  }

  stop() {
    this.#jobId = null;
  }

  #end(type) {
    this.#jobId = null;
    this.#tell("");
    if (type === "job.completed") say(t("reroll.done"));
    this.#done();
  }
}
