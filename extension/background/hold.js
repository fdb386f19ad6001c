/**
 * Why nothing can be sent at the moment: no server, one that does not answer, or one that refuses the token. Kept in
 * `storage.session`, so that a worker that starts anew does not knock at once.
 */

import { browser } from "../shared/browser.js";
import { CODES } from "../shared/messages.js";

/** Milliseconds until the next try, by how many failed in a row; the last holds for all later ones. */
const DELAYS = [1_000, 2_000, 4_000, 8_000, 15_000, 30_000];
/** What the person has to mend is tried rarely. */
const MENDING_DELAY = 30_000;

/** @returns {Promise<{code: string, message: string, until: number, failures: number}|null>} */
export async function readHold() {
  const { hold } = await browser.storage.session.get("hold");
  return hold ?? null;
}

/** Milliseconds until something may be tried again; 0 where nothing holds. @returns {Promise<number>} */
export async function holdMilliseconds() {
  const hold = await readHold();
  return hold ? Math.max(0, hold.until - Date.now()) : 0;
}

/** Notes that a call failed for a reason that passes. @param {import("./server.js").ServerProblem} problem */
export async function noteProblem(problem) {
  const before = await readHold();
  // Several calls fail at once when the server goes: together they are one failure.
  if (before?.code === problem.code && before.until > Date.now()) return;
  const failures = before?.code === problem.code ? before.failures + 1 : 1;
  const hold = { code: problem.code, message: problem.message, failures, until: Date.now() + delay(problem, failures) };
  await browser.storage.session.set({ hold });
}

/** Nothing holds any more. */
export async function clearHold() {
  if (await readHold()) await browser.storage.session.remove("hold");
}

function delay(problem, failures) {
  if (problem.retryAfterSeconds) return problem.retryAfterSeconds * 1000;
  if ([CODES.NOT_PAIRED, CODES.WRONG_TOKEN].includes(problem.code)) return MENDING_DELAY;
  return DELAYS[Math.min(failures, DELAYS.length) - 1];
}
