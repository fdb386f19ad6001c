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

/** What a button says that queues the rest of a job again; null where there is nothing to queue. */
export function retryLabel({ status }) {
  return { failed: t("job.retry"), cancelled: t("job.goon") }[status] ?? null;
}

/** Queues the pages that failed or were cancelled again. */
export function retryJob(job) {
  return attempt(async () => {
    await post(`/v1/jobs/${job.job_id}/retry`, {});
    say(t("job.retrying"));
  });
}

/** "yes" where a waiting job can go before the one ahead of it, "no" where that one has the highest priority, or "". */
export function raisable(job) {
  const ahead = aheadOf(job);
  if (!ahead) return "";
  return ahead.priority < MAX_PRIORITY ? "yes" : "no";
}

/** Makes a button put a waiting job before the one that is ahead of it, or say why it cannot. */
export function raiseButton(job, button) {
  button.addEventListener("click", () => (raisable(job) === "no" ? say(t("job.up.most")) : moveUp(job)));
  if (raisable(job) === "no") {
    // Not `disabled`: keys and screen readers have to come to the reason.
    button.setAttribute("aria-disabled", "true");
    button.setAttribute("aria-description", t("job.up.most"));
    button.title = t("job.up.most");
  }
  return button;
}

/** The job whose turn comes just before that of a waiting one; nothing where that runs already. */
function aheadOf(job) {
  const waiting = jobs.active().filter((each) => each.status === "queued");
  return waiting[waiting.findIndex((each) => each.job_id === job.job_id) - 1];
}

function moveUp(job) {
  return attempt(async () => {
    const priority = Math.max(aheadOf(job)?.priority ?? 0, job.priority) + 1;
    await patch(`/v1/jobs/${job.job_id}`, { priority: Math.min(MAX_PRIORITY, priority) });
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
