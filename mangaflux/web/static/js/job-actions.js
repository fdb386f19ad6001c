// What can be done to a job, from whichever view.

import { patch, post, remove } from "./api.js";
import { t } from "./i18n.js";
import { jobs } from "./jobs.js";
import { attempt, confirm, say } from "./parts/toasts.js";

//: What the server takes at most.
const MAX_PRIORITY = 10;

/** Stops what of a job has not ended, after a question. */
export async function cancelJob(job) {
  const sure = await confirm(t("job.cancel.title"), t("job.cancel.text"), t("job.cancel"));
  if (sure) await attempt(() => post(`/v1/jobs/${job.job_id}/cancel`, {}));
}

/** Queues the pages that failed or were cancelled again. */
export function retryJob(job) {
  return attempt(async () => {
    await post(`/v1/jobs/${job.job_id}/retry`, {});
    say(t("job.retrying"));
  });
}

/** Puts a waiting job before the one that is ahead of it. */
export function moveUp(job) {
  const waiting = jobs.active().filter((each) => each.status === "queued");
  const place = waiting.findIndex((each) => each.job_id === job.job_id);
  const ahead = waiting[Math.max(0, place - 1)]?.priority ?? 0;
  return attempt(async () => {
    await patch(`/v1/jobs/${job.job_id}`, { priority: Math.min(MAX_PRIORITY, Math.max(ahead, job.priority) + 1) });
    await jobs.read();
  });
}

/** Deletes a job that has ended, after a question; the chapter keeps its pages. */
export async function deleteJob(job) {
  if (!(await confirm(t("job.delete.title"), t("job.delete.text"), t("delete")))) return false;
  return attempt(async () => {
    await remove(`/v1/jobs/${job.job_id}`);
    await jobs.read();
  });
}

/** Deletes a chapter with everything that was made of it, after a question. */
export async function deleteChapter(chapterId) {
  if (!(await confirm(t("chapter.delete.title", { name: chapterId }), t("chapter.delete.text"), t("delete"))))
    return false;
  return attempt(() => remove(`/v1/chapters/${chapterId}`));
}
