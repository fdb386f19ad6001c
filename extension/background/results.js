/** What the server made of pages: events and job details → the ledger; coloured pictures → the store of pictures. */

import { CODES, STUCK_STATES } from "../shared/messages.js";
import { afresh, AT_SERVER, changePage, pagesInStates, pagesOfJob } from "./ledger.js";
import { keepPicture } from "./pictures.js";
import { call, get, ServerProblem } from "./server.js";
import { noteProgress, tellPages } from "./telling.js";
import { say, sayCode } from "./words.js";

/** What a new attempt of a job takes its pages out of, too: its end before may be told late. */
const RETRIED = [...AT_SERVER, ...STUCK_STATES];

/** What each durable event changes about the pages of its job. */
const CHANGES = {
  "job.started": () => ({ state: "running" }),
  "job.recovered": () => ({ state: "queued" }),
  "page.pass2.completed": () => finished(),
  "page.skipped": ({ reason }) => skipped(reason),
};
/** A replay may tell of an end that a new attempt has undone: the job itself says how it is now. */
const TO_BE_CHECKED = ["page.failed", "job.cancelled"];

/** Takes in one event of the stream. @param {string} type @param {{job_id: string}} data */
export async function takeEvent(type, data) {
  if (type === "page.progress") await takeProgress(data);
  else if (type === "job.retried") await changeJob(data.job_id, afterRetry, RETRIED);
  else if (TO_BE_CHECKED.includes(type)) await checkJob(data.job_id);
  else if (type in CHANGES) await changeJob(data.job_id, () => CHANGES[type](data));
}

/**
 * Looks at every page that is at the server, as far as is known here. `active` are the jobs that the server says are
 * queued or running; all others have ended.
 * @param {{job_id: string, status: string}[]} active
 */
export async function reconcile(active) {
  const statuses = new Map(active.map((job) => [job.job_id, job.status]));
  const rows = (await pagesInStates(AT_SERVER)).filter((row) => row.job_id && !row.finished);
  for (const jobId of new Set(rows.map((row) => row.job_id))) {
    const status = statuses.get(jobId);
    if (status) await changeJob(jobId, (row) => (row.state === status ? null : { state: status }));
    else await readJob(jobId);
  }
}

/** Fetches the coloured picture of a page, and keeps it. @param {import("./ledger.js").PageRow} row */
export async function fetchPicture(row) {
  let answer;
  try {
    answer = await call("GET", `/v1/chapters/${row.chapter_id}/pages/${row.page_num}/colorized`);
  } catch (error) {
    if (!(error instanceof ServerProblem && error.isGone)) throw error;
    await tellPages(await changePage(row.id, (now) => (now.job_id === row.job_id ? afresh(now) : null)));
    return;
  }
  await keepPicture(row.id, await answer.blob());
  const done = { state: "done", finished: false, code: null, message: null };
  await tellPages(await changePage(row.id, (now) => (now.job_id === row.job_id ? done : null)));
}

/** Takes in what has become of a job. @param {string} jobId */
export async function readJob(jobId) {
  let job;
  try {
    job = await get(`/v1/jobs/${jobId}`);
  } catch (error) {
    if (!(error instanceof ServerProblem && error.isGone)) throw error;
    // A server that does not know the job never finished it, or lost it: it is asked anew.
    await changeJob(jobId, afresh);
    return;
  }
  await changeJob(jobId, () => outcome(job));
}

/** What the detail of a job says of its one page. */
function outcome({ status, pages: [page] }) {
  const broken = [page.pass1, page.pass2].find((pass) => pass?.error);
  const { status: last, reason } = page.pass2;
  if (last === "completed") return finished();
  if (last === "skipped") return skipped(reason);
  if (last === "cancelled") return cancelled();
  if (last === "failed") return failed(broken?.error.code, broken?.error.message);
  return { state: status };
}

const finished = () => ({ state: "running", finished: true, code: null, message: null });
const skipped = (reason) => ({ state: "skipped", code: reason, message: sayCode(reason, reason) });
const failed = (code, message) => ({ state: "failed", code, message: sayCode(code, message) });
const afterRetry = () => ({ state: "queued", code: null, message: null });
const cancelled = () => ({ state: "paused", code: CODES.CANCELLED, message: say("cancelled") });

/** Changes the pages of a job that are in one of these states; what ended before is not moved by old news. */
async function changeJob(jobId, change, states = AT_SERVER) {
  const isMeant = (row) => row.job_id === jobId && states.includes(row.state) && !row.finished;
  for (const { id } of await pagesOfJob(jobId)) {
    const row = await changePage(id, (now) => (isMeant(now) ? change(now) : null));
    if (row && row.state !== "running") noteProgress(jobId, null);
    await tellPages(row);
  }
}

async function checkJob(jobId) {
  const rows = await pagesOfJob(jobId);
  if (rows.some((row) => AT_SERVER.includes(row.state))) await readJob(jobId);
}

async function takeProgress(data) {
  const rows = await pagesOfJob(data.job_id);
  if (!rows.length) return;
  noteProgress(data.job_id, data);
  for (const row of rows) {
    const isNew = row.state === "queued" && (await changePage(row.id, () => ({ state: "running" })));
    if (isNew || row.state === "running") await tellPages(isNew || row);
  }
}
