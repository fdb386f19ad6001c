// One page of a chapter coloured again with another seed, followed to its end.

import { get, post, tried } from "./api.js";
import { t } from "./i18n.js";
import { isActive } from "./jobs.js";
import { errorText, reasonText, stageText } from "./page-state.js";
import { attempt, say } from "./parts/toasts.js";

export class Reroll {
  #jobId = null;
  //: Why the page kept its colours.
  #why = null;
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
    const [{ pass2 }] = job.pages;
    this.#keep(pass2?.error, pass2?.reason);
    this.#end(`job.${job.status}`);
  }

  /** Hears an event. */
  take(type, data) {
    if (!this.#jobId || data.job_id !== this.#jobId) return;
    if (type === "page.progress") this.#tell(`${stageText(data)}…`);
    if (type === "page.failed" || type === "page.skipped") this.#keep(data.code && data, data.reason);
    if (["job.completed", "job.failed", "job.cancelled"].includes(type)) this.#end(type);
  }

  stop() {
    this.#jobId = null;
  }

  #keep(error, reason) {
    this.#why = errorText(error) ?? reasonText(reason) ?? null;
  }

  #end(type) {
    this.#jobId = null;
    this.#tell("");
    if (this.#why) say(t("reroll.failed", { why: this.#why }));
    else if (type === "job.completed") say(t("reroll.done"));
    this.#why = null;
    this.#done();
  }
}
