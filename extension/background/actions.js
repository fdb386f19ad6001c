/** What a person wants done with pages: tried again, other colours, stopped, or everything in another style. */

import { CODES, OPEN_STATES, STUCK_STATES } from "../shared/messages.js";
import {
  afresh, AT_SERVER, changeChapter, changeChapterPages, changePage, pageById, pagesInStates, pagesOfChapter, readChapter,
} from "./ledger.js";
import { allPlaces } from "./places.js";
import { readJob } from "./results.js";
import { call, ServerProblem } from "./server.js";
import { tellPages } from "./telling.js";
import { say } from "./words.js";
import { work } from "./work.js";

/** Seeds are 31-bit numbers on the server. */
const SEED_LIMIT = 2 ** 31;

/** A page that failed, or was stopped, again, also where the rest of its chapter stays stopped. @param {string} id */
export async function retryPage(id) {
  const row = await changePage(id, () => ({ chosen: true }));
  if (STUCK_STATES.includes(row?.state)) await tryAgain(row);
  await work();
}

/** A page in other colours; the ones it has stay until the new ones come. @param {string} id */
export async function rerollPage(id) {
  const [seed] = crypto.getRandomValues(new Uint32Array(1));
  const isSettled = (row) => !OPEN_STATES.includes(row.state);
  const other = (row) => ({ ...afresh(row), tries: row.tries, seed: seed % SEED_LIMIT, chosen: true });
  await tellPages(await changePage(id, (row) => (isSettled(row) ? other(row) : null)));
  await work();
}

/** Stops what has not ended of a chapter, until it is retried; how many pages that were. @param {string} chapterId */
export async function cancelChapter(chapterId) {
  await changeChapter(chapterId, { paused: true });
  const stopped = { state: "paused", code: CODES.CANCELLED, message: say("cancelled") };
  const rows = await changeChapterPages(chapterId, (row) =>
    OPEN_STATES.includes(row.state) && !row.finished ? stopped : null,
  );
  await tellPages(...rows);
  await cancelJobs(rows);
  return rows.length;
}

/** Tries everything of a chapter again that failed or was stopped; how many pages that are. @param {string} chapterId */
export async function retryChapter(chapterId) {
  await changeChapter(chapterId, { paused: false });
  const rows = (await pagesOfChapter(chapterId)).filter((row) => STUCK_STATES.includes(row.state));
  for (const row of rows) await tryAgain(row);
  await work();
  return rows.length;
}

/**
 * Goes by the style reference that was just chosen for a site. Pages that waited for one go on, on other sites too: it
 * stands in where a site has none of its own. What tabs show of this site is coloured anew.
 * @param {string} origin @param {string} reference
 */
export async function restyle(origin, reference) {
  const waits = (row) => row.state === "paused" && row.code === CODES.NO_REFERENCE;
  for (const { id } of (await pagesInStates(["paused"])).filter(waits)) {
    await tellPages(await changePage(id, (row) => (waits(row) ? { state: "waiting", code: null, message: null } : null)));
  }
  for (const chapterId of new Set((await allPlaces()).map((place) => place.chapterId))) {
    if ((await readChapter(chapterId))?.origin === origin) await recolour(chapterId, reference);
  }
  await work();
}

/** Colours the pages of a chapter anew that were sent with another style reference. */
async function recolour(chapterId, reference) {
  const isOther = (row) => row.request && row.reference !== reference;
  const before = (await pagesOfChapter(chapterId)).filter(isOther);
  const rows = await changeChapterPages(chapterId, (row) => (isOther(row) ? { ...afresh(row), tries: row.tries } : null));
  await tellPages(...rows);
  await cancelJobs(before.filter((row) => AT_SERVER.includes(row.state) && !row.finished));
}

/** A page that has a job gets another attempt of it, all others start from the beginning. */
async function tryAgain(row) {
  const change = (changes) => changePage(row.id, (now) => (STUCK_STATES.includes(now.state) ? changes(now) : null));
  if (row.job_id) {
    const retried = await unlessGone(() => call("POST", `/v1/jobs/${row.job_id}/retry`));
    await tellPages(await change(() => ({ state: "queued", finished: false, code: null, message: null })));
    // It came to its end before it could be stopped, or is not kept any more.
    if (!retried) await readJob(row.job_id);
    if (retried || !STUCK_STATES.includes((await pageById(row.id)).state)) return;
  }
  await tellPages(await change(afresh));
}

/** Stops the jobs of pages; some share one. */
async function cancelJobs(rows) {
  for (const jobId of new Set(rows.map((row) => row.job_id).filter(Boolean))) {
    await unlessGone(() => call("POST", `/v1/jobs/${jobId}/cancel`));
  }
}

/** The answer, or null where the job is gone or has come to another end. Throws ServerProblem for all else. */
async function unlessGone(ask) {
  try {
    return await ask();
  } catch (error) {
    if (error instanceof ServerProblem && (error.isGone || error.status === 409)) return null;
    throw error;
  }
}
