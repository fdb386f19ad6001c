/**
 * Takes a page from the screen, where no step of the ladder could read it and the person asks for it: the tab is brought
 * into view part by part, each part is cut out of what the browser shows, and all are put together in device pixels.
 */

import { browser } from "../shared/browser.js";
import { FROM_PAGE, STUCK_STATES, TO_PAGE } from "../shared/messages.js";
import { sha256 } from "./bytes.js";
import { afresh, changePage } from "./ledger.js";
import { placesOf } from "./places.js";
import { askFrame, framesOf, tell } from "./ports.js";
import { reach } from "./reach.js";
import { storeAsset } from "./server.js";
import { tellPages } from "./telling.js";
import { say } from "./words.js";

/** Milliseconds between two pictures of the screen; Chromium allows two a second. */
const PAUSE_MILLISECONDS = 550;
/** Parts of the longest strip that is taken. */
const MAX_PARTS = 60;
/** CSS pixels at the end of a page that may be missing, as places on the screen are rounded. */
const TOLERANCE = 1;

/** The page cannot be taken; the message says why, and what to do. */
class ScreenError extends Error {
  constructor(message) {
    super(message);
    this.code = "not_on_screen";
  }
}

/** Takes a page of a chapter from the screen, and has it coloured. Throws ScreenError, and ServerProblem. */
export async function takeFromScreen(tabId, chapterId, key) {
  const tab = await browser.tabs.get(tabId);
  if (!tab.active) throw new ScreenError(say("screen_hidden"));
  await reach(await placesOf(chapterId));
  const frame = framesOf(chapterId).find((each) => each.tabId === tabId);
  if (!frame) throw new ScreenError(say("tab_gone"));
  const blob = await assembled(frame, key, tab.windowId);
  const hash = await sha256(await blob.arrayBuffer());
  await storeAsset(hash, blob);
  const taken = (row) => ({ ...afresh(row), sha256: hash, how: "screen", chosen: true });
  // A page that was tried again meanwhile is at work, and has no use for it.
  const change = (row) => (STUCK_STATES.includes(row.state) ? taken(row) : null);
  await tellPages(await changePage(`${chapterId}/${key}`, change));
}

async function assembled(frame, key, windowId) {
  let canvas = null;
  try {
    for (let part = 0, from = 0; part < MAX_PARTS; part += 1) {
      if (part > 0) await new Promise((resolve) => setTimeout(resolve, PAUSE_MILLISECONDS));
      const placed = await place(frame, key, from);
      canvas = await draw(canvas, await pictureOfScreen(frame.tabId, windowId), placed);
      from = placed.from + placed.seen.height;
      if (from >= placed.size.height - TOLERANCE) return await canvas.convertToBlob({ type: "image/png" });
    }
  } finally {
    tell(frame, { type: TO_PAGE.LEAVE });
  }
  throw new ScreenError(say("screen_part"));
}

async function place(frame, key, from) {
  try {
    return await askFrame(frame, FROM_PAGE.PLACED, { type: TO_PAGE.PLACE, key, from });
  } catch (error) {
    throw new ScreenError(error.message);
  }
}

async function pictureOfScreen(tabId, windowId) {
  let url;
  try {
    url = await browser.tabs.captureVisibleTab(windowId, { format: "png" });
  } catch (error) {
    throw new ScreenError(say("screen_refused", error.message));
  }
  // What another tab shows is nobody's to send.
  const tab = await browser.tabs.get(tabId);
  if (!tab.active || tab.windowId !== windowId) throw new ScreenError(say("screen_hidden"));
  return createImageBitmap(await (await fetch(url)).blob());
}

/** Draws the part of a page that is on the screen into its place in the whole; the first makes the whole. */
async function draw(canvas, picture, { size, seen, left, from, view }) {
  const scale = picture.width / view.width;
  const [x, y, width, height] = [seen.x, seen.y, seen.width, seen.height].map((each) => Math.round(each * scale));
  const whole = canvas ?? new OffscreenCanvas(Math.round(size.width * scale), Math.round(size.height * scale));
  const to = [left, from].map((each) => Math.round(each * scale));
  whole.getContext("2d").drawImage(picture, x, y, width, height, ...to, width, height);
  picture.close();
  return whole;
}
