// One page of a chapter coloured again with another seed, followed to its end.

import { post } from "./api.js";
import { t } from "./i18n.js";
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
