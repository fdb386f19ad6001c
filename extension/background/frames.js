/** What the content script of a frame says, and what it is answered. */

import { browser } from "../shared/browser.js";
import { FROM_PAGE, OPEN_STATES, TO_PAGE } from "../shared/messages.js";
import { retryPage } from "./actions.js";
import { chapterId } from "./chapters.js";
import { changeChapterPages, changePage, findPages, pageById } from "./ledger.js";
import { allPlaces, forgetTab, notePlace, placesOf, placesOfTab } from "./places.js";
import { allFrames, closeFrame, framesOfTab, openFrame, takeAnswer, tell } from "./ports.js";
import { reach } from "./reach.js";
import { readSettings } from "./settings.js";
import { siteOf } from "./sites.js";
import { givePicture, tellAll, tellPages, tellViews } from "./telling.js";
import { noteTrouble } from "./trouble.js";
import { followReader, work } from "./work.js";

/** Pages so near to the view are given their picture unasked, even where it has to be fetched again. */
const NEARBY = 10;

const ANSWERS = {
  [FROM_PAGE.PAGES]: takePages,
  [FROM_PAGE.BYTES]: async (frame, message) => takeAnswer(frame, message),
  [FROM_PAGE.CHOSEN]: async (frame, message) => takeAnswer(frame, message),
  [FROM_PAGE.PLACED]: async (frame, message) => takeAnswer(frame, message),
  [FROM_PAGE.RETRY]: (frame, { key }) => retryPage(`${frame.chapterId}/${key}`),
  [FROM_PAGE.PICTURE]: takePictureWish,
};

/** Takes in a port that a content script has opened. @param {chrome.runtime.Port} port */
export function listen(port) {
  const frame = openFrame(port);
  port.onMessage.addListener((message) => {
    ANSWERS[message.type]?.(frame, message)?.catch(console.error);
  });
  port.onDisconnect.addListener(() => {
    closeFrame(port);
    leaveFrame(frame).catch(console.error);
  });
  tellView(frame).catch(console.error);
}

/** Tells a frame whether, and how, it shows its pages. @param {import("./ports.js").Frame} frame */
export async function tellView(frame) {
  const [site, settings, shown] = await Promise.all([siteOf(frame.origin), readSettings(), shownOf(frame.tabId)]);
  const { peekKey, badges } = settings;
  tell(frame, { type: TO_PAGE.VIEW, on: site.on, shown, peekKey, badges, direction: site.direction });
}

/** The same for all of them, those without a port included. */
export async function tellViewToAll() {
  await Promise.all(allFrames().map(tellView));
  await reach(await allPlaces());
}

/** @returns {Promise<"colour"|"original">} */
export async function shownOf(tabId) {
  const { shown } = await browser.storage.session.get("shown");
  return shown?.[tabId] ?? "colour";
}

/** @param {number} tabId @param {"colour"|"original"} value */
export async function show(tabId, value) {
  const { shown } = await browser.storage.session.get("shown");
  await browser.storage.session.set({ shown: { ...shown, [tabId]: value } });
  await Promise.all(framesOfTab(tabId).map(tellView));
  await reach(await placesOfTab(tabId));
}

/** Forgets what a tab that was closed has shown. @param {number} tabId */
export async function leaveTab(tabId) {
  const chapters = new Set((await placesOfTab(tabId)).map((place) => place.chapterId));
  await forgetTab(tabId);
  await noteTrouble({ id: tabId }, null);
  for (const chapterId of chapters) await leave(chapterId);
}

async function takePages(frame, { title, address, direction, pages }) {
  const id = pages.length ? await chapterId(address) : null;
  if (frame.chapterId !== id) frame.sent.clear();
  frame.chapterId = id;
  await notePlace(frame.tabId, frame.frameId, id);
  if (!id) return tellViews();
  const chapter = { chapter_id: id, title, address, origin: frame.origin, direction };
  const rows = await findPages(chapter, pages);
  await tellAll([frame]);
  await followReader();
  for (const row of rows) if (row.state === "done") await giveOrFetch(frame, row, Math.abs(row.near) <= NEARBY);
}

async function takePictureWish(frame, { key }) {
  const row = await pageById(`${frame.chapterId}/${key}`);
  if (row?.state === "done") await giveOrFetch(frame, row, true, { again: true });
  else await tellPages(row);
}

/** Gives the picture of a page; where it is not kept any more and wanted, it is fetched once more. */
async function giveOrFetch(frame, row, isWanted, options) {
  if ((await givePicture(frame, row, options)) || !isWanted) return;
  frame.sent.delete(row.key);
  const again = { state: "running", finished: true };
  await tellPages(await changePage(row.id, (now) => (now.state === "done" ? again : null)));
  await work();
}

async function leaveFrame({ tabId, frameId, chapterId: id }) {
  if (!id || allFrames().some((frame) => frame.tabId === tabId && frame.frameId === frameId)) return;
  await notePlace(tabId, frameId, null);
  await leave(id);
}

/** Lets the pages of a chapter that nobody shows any more wait behind all others. */
async function leave(id) {
  tellViews();
  if ((await placesOf(id)).length) return;
  const isOpen = (row) => OPEN_STATES.includes(row.state);
  await changeChapterPages(id, (row) => (isOpen(row) ? { near: null } : null));
  await followReader();
}
