/**
 * What is to be done next, and by how many lanes at once. Everything that happens calls `work`; it looks into the
 * ledger, so that it matters to no page who noticed, or died over, what.
 */

import { OPEN_STATES } from "../shared/messages.js";
import { awakeFor, comeBackWhile } from "./awake.js";
import { follow } from "./events.js";
import { clearHold, holdMilliseconds, noteProblem } from "./hold.js";
import { AT_SERVER, changePage, pagesInStates, readChapter } from "./ledger.js";
import { moveJobs, rankOf } from "./nearness.js";
import { placesOf } from "./places.js";
import { fetchPicture } from "./results.js";
import { ServerProblem } from "./server.js";
import { readSettings } from "./settings.js";
import { siteOf } from "./sites.js";
import { submitPage } from "./submission.js";
import { tellAll, tellPages, tellViews } from "./telling.js";
import { say } from "./words.js";

/** Pages that are read, sent or fetched at once; browsers open six connections to a host, and the stream has one. */
const LANES = 3;

/** The pages that lanes are at. @type {Set<string>} */
const busy = new Set();
let looking = null;
let lookAgain = false;
let timer = null;

/** Does what can be done now. Returns once the lanes are full, or nothing is left to begin. */
export function work() {
  lookAgain = true;
  looking ??= look().finally(() => (looking = null));
  return looking;
}

/** The server can be called again: nothing waits for the end of a delay. */
export async function workAtOnce() {
  await clearHold();
  tellViews();
  await work();
}

/** Tells everyone that pages are held up, or are not any more. @param {{oldValue?: object, newValue?: object}} change */
export async function holdChanged({ oldValue, newValue }) {
  if (oldValue?.code !== newValue?.code) await tellAll();
  if (!newValue) await work();
}

/** Moves jobs on the server to where the reader is. */
export async function followReader() {
  await guarded(moveJobs);
  await work();
}

async function look() {
  while (lookAgain) {
    lookAgain = false;
    const open = await pagesInStates(OPEN_STATES);
    const atServer = open.filter((row) => AT_SERVER.includes(row.state));
    const rows = await nextPages(open.filter((row) => !busy.has(row.id) && needsUs(row)));
    await comeBackWhile(rows.length + atServer.length + busy.size > 0);
    if (atServer.some((row) => !row.finished)) follow(work);
    const wait = await holdMilliseconds();
    if (wait > 0) return comeBack(wait);
    for (const row of rows) if (busy.size < LANES && !busy.has(row.id)) lane(row);
  }
}

function lane(row) {
  busy.add(row.id);
  awakeFor(guarded(() => (row.finished ? fetchPicture(row) : submitPage(row)), row))
    .finally(() => busy.delete(row.id))
    .then(work);
}

/** Runs a step; what passes holds everything for a while, and what nobody foresaw fails the page alone. */
async function guarded(step, row) {
  try {
    await step();
  } catch (error) {
    if (error instanceof ServerProblem && error.passes) return noteProblem(error);
    console.error(error);
    if (!row) return;
    const message = say("unforeseen", String(error.message ?? error));
    await tellPages(await changePage(row.id, () => ({ state: "failed", code: "unforeseen", message })));
  }
}

/** Those of the pages that can be begun, the most urgent first: pictures that are done, then pages by their nearness. */
async function nextPages(rows) {
  const { ahead } = await readSettings();
  const reading = new Map();
  for (const id of new Set(rows.map((row) => row.chapter_id))) reading.set(id, await readingOf(id));
  const allowed = rows.filter((row) => row.finished || row.request || isWanted(row, ahead, reading.get(row.chapter_id)));
  return allowed.sort((one, other) => Boolean(other.finished) - Boolean(one.finished) || rankOf(one) - rankOf(other));
}

const needsUs = (row) => row.finished || ["waiting", "reading", "sending"].includes(row.state);

/** How a chapter is read now: whole, or only pages that were chosen, as it is stopped or its site off; null: not at all. */
async function readingOf(chapterId) {
  const [chapter, places] = await Promise.all([readChapter(chapterId), placesOf(chapterId)]);
  if (!chapter || !places.length) return null;
  return !chapter.paused && (await siteOf(chapter.origin)).on ? "whole" : "chosen";
}

/** False for pages of chapters that are not read; of all others for those far ahead, unless they were chosen. */
function isWanted(row, ahead, reading) {
  if (row.near === null || !reading) return false;
  return row.chosen || (reading === "whole" && row.near <= ahead);
}

function comeBack(milliseconds) {
  clearTimeout(timer);
  timer = setTimeout(work, milliseconds + 10);
}
