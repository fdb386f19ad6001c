/** How urgent a page is: what is in view first, then what comes next, then what was passed. */

import { AT_SERVER, changePage, pagesInStates } from "./ledger.js";
import { call, ServerProblem } from "./server.js";

/** Priority by distance from the view: up to so many places ahead → so urgent. Few bands, so that a turned page moves few. */
const AHEAD = [
  [0, 10],
  [1, 9],
  [2, 8],
  [4, 6],
  [8, 4],
  [16, 2],
];
const FAR_AHEAD = 0;
const JUST_PASSED = 1;
const PASSED = -4;
/** Of chapters that nobody looks at any more. */
const LEFT = -10;

/** The server's priority of a page. @param {number|null} near  places from the view @returns {number} −10 … 10 */
export function priorityOf(near) {
  if (near === null || near === undefined) return LEFT;
  if (near < 0) return near === -1 ? JUST_PASSED : PASSED;
  return AHEAD.find(([places]) => near <= places)?.[1] ?? FAR_AHEAD;
}

/** The order in which pages are worked on here; smaller is sooner. */
export const rankOf = (row) => -priorityOf(row.near) * 10_000 + (row.order ?? row.page_num);

/** Tells the server where the reader has moved on. A job that runs may wait for the engine, with its page analysed. */
export async function moveJobs() {
  // The most urgent first: each is a call, and jobs go on meanwhile.
  const rows = (await pagesInStates(AT_SERVER)).sort((one, other) => rankOf(one) - rankOf(other));
  for (const row of rows) {
    const priority = priorityOf(row.near);
    if (row.job_id && row.priority !== priority) await moveJob(row, priority);
  }
}

async function moveJob(row, priority) {
  try {
    await call("PATCH", `/v1/jobs/${row.job_id}`, { json: { priority } });
  } catch (error) {
    // A job that ended, or is gone: its events, or the next look at it, say so.
    if (!(error instanceof ServerProblem && [404, 409, 410].includes(error.status))) throw error;
  }
  await changePage(row.id, (now) => (now.job_id === row.job_id ? { priority } : null));
}
