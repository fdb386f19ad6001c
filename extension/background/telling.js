/** Tells content scripts and views how pages are, and gives coloured pictures to the frames that show them. */

import { toBase64 } from "../shared/base64.js";
import { browser } from "../shared/browser.js";
import { CHANGED, OPEN_STATES, TO_PAGE } from "../shared/messages.js";
import { readHold } from "./hold.js";
import { pagesInStates, pagesOfChapter } from "./ledger.js";
import { readPicture } from "./pictures.js";
import { allPlaces, placesOf } from "./places.js";
import { allFrames, framesOf, tell } from "./ports.js";
import { reach } from "./reach.js";
import { troubledTabs, troubleOf } from "./trouble.js";
import { say } from "./words.js";

/** Milliseconds in which changes are told to views once. */
const VIEWS_MILLISECONDS = 250;

/** What events say of pages that run, by job; worth nothing once the worker is gone. @type {Map<string, object>} */
const progress = new Map();
let viewsTimer = null;

/** @param {string} jobId @param {{step: number, total_steps: number, eta_seconds: number|null}|null} data */
export function noteProgress(jobId, data) {
  if (data) progress.set(jobId, data);
  else progress.delete(jobId);
}

/**
 * A page as content scripts and views are told of it.
 * @param {import("./ledger.js").PageRow} row @param {object|null} hold @param {Map<string, number>} [positions]
 * @returns {Omit<import("../shared/messages.js").StateMessage, "type">}
 */
export function stateOf(row, hold, positions) {
  const state = { key: row.key, state: row.state };
  if (row.code) Object.assign(state, { code: row.code, message: row.message });
  if (hold && OPEN_STATES.includes(row.state)) {
    return { ...state, state: "paused", code: hold.code, message: hold.message };
  }
  if (row.state === "queued" && positions?.has(row.id)) state.position = positions.get(row.id);
  const data = row.state === "running" && progress.get(row.job_id);
  if (data) {
    if (data.total_steps) Object.assign(state, { step: data.step, totalSteps: data.total_steps });
    if (data.eta_seconds != null) state.etaSeconds = data.eta_seconds;
  }
  return state;
}

/** Tells everyone who shows a page how it is now, and gives them its picture. @param {...(PageRow|null)} rows */
export async function tellPages(...rows) {
  const changed = rows.filter(Boolean);
  if (!changed.length) return;
  const [hold, positions] = await Promise.all([readHold(), queuePositions()]);
  for (const row of changed) {
    for (const frame of framesOf(row.chapter_id)) {
      if (row.state === "done") await givePicture(frame, row);
      tell(frame, { type: TO_PAGE.STATE, ...stateOf(row, hold, positions) });
    }
  }
  await askForPorts(changed);
  tellViews();
}

/** Frames without a port are told everything as soon as they have opened one. */
async function askForPorts(rows) {
  const places = await Promise.all([...new Set(rows.map((row) => row.chapter_id))].map(placesOf));
  reach(places.flat()).catch(console.error);
}

/** Tells frames everything of the chapters that they show. @param {import("./ports.js").Frame[]} [frames] */
export async function tellAll(frames = allFrames()) {
  const [hold, positions] = await Promise.all([readHold(), queuePositions()]);
  for (const frame of frames) {
    if (!frame.chapterId) continue;
    for (const row of await pagesOfChapter(frame.chapterId)) {
      tell(frame, { type: TO_PAGE.STATE, ...stateOf(row, hold, positions) });
    }
  }
  tellViews();
}

/** Gives a frame the picture of a page, unless it has this one. True where it has it then. */
export async function givePicture(frame, row, { again = false } = {}) {
  const version = row.job_id ?? "";
  if (!again && frame.sent.get(row.key) === version) return true;
  const blob = await readPicture(row.id);
  if (!blob) return false;
  frame.sent.set(row.key, version);
  tell(frame, { type: TO_PAGE.PICTURE, key: row.key, mime: blob.type, base64: await toBase64(blob) });
  return true;
}

/** Tells open views to ask again, at most a few times a second. */
export function tellViews() {
  viewsTimer ??= setTimeout(() => {
    viewsTimer = null;
    // Where no view is open nobody answers, which is no error.
    browser.runtime.sendMessage({ type: CHANGED }).catch(() => {});
    showCounts().catch(() => {});
  }, VIEWS_MILLISECONDS);
}

/** Place of each queued page among ours, from 1: the server takes larger priorities first, then older jobs. */
async function queuePositions() {
  const rows = await pagesInStates(["queued"]);
  rows.sort((one, other) => (other.priority ?? 0) - (one.priority ?? 0) || (one.job_id < other.job_id ? -1 : 1));
  return new Map(rows.map((row, index) => [row.id, index + 1]));
}

/** Puts on the button of each tab how many of its pages are on the way, or that something has to be mended. */
async function showCounts() {
  const [hold, troubled] = await Promise.all([readHold(), troubledTabs()]);
  const tabs = new Map(troubled.map((tabId) => [tabId, []]));
  for (const { tabId, chapterId } of await allPlaces()) tabs.set(tabId, [...(tabs.get(tabId) ?? []), chapterId]);
  // A tab that was closed meanwhile has no button.
  for (const [tabId, chapters] of tabs) await showCount(tabId, chapters, hold).catch(() => {});
}

async function showCount(tabId, chapters, hold) {
  const trouble = await troubleOf(await browser.tabs.get(tabId));
  const rows = (await Promise.all(chapters.map(pagesOfChapter))).flat();
  const open = rows.filter((row) => OPEN_STATES.includes(row.state)).length;
  const toMend = trouble ?? (open && hold ? hold.message : null);
  await browser.action.setBadgeText({ tabId, text: toMend !== null ? "!" : open ? String(open) : "" });
  await browser.action.setTitle({ tabId, title: toMend ?? say("button") });
}
