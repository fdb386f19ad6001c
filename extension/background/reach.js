/** Has content scripts without a port open one. They do not while they wait for nothing, and the worker that knew them died. */

import { browser } from "../shared/browser.js";
import { TO_PAGE } from "../shared/messages.js";
import { notePlace } from "./places.js";
import { allFrames } from "./ports.js";

/** Milliseconds that a content script may take to open a port. */
const ARRIVAL_MILLISECONDS = 3_000;
const LOOK_MILLISECONDS = 25;

/** Who is being asked at the moment, by frame. @type {Map<string, Promise<boolean>>} */
const asked = new Map();

/** True once a frame among these has a port. @param {import("./places.js").Place[]} places @returns {Promise<boolean>} */
export async function reach(places) {
  return (await Promise.all(places.map(reachPlace))).some(Boolean);
}

/** The same for a frame that may never have said anything. @param {number} tabId @param {number} frameId */
export const reachFrame = (tabId, frameId) => reachPlace({ tabId, frameId });

function reachPlace({ tabId, frameId }) {
  if (isThere(tabId, frameId)) return Promise.resolve(true);
  const name = `${tabId} ${frameId}`;
  if (!asked.has(name)) asked.set(name, ask(tabId, frameId).finally(() => asked.delete(name)));
  return asked.get(name);
}

async function ask(tabId, frameId) {
  try {
    await browser.tabs.sendMessage(tabId, { type: TO_PAGE.CONNECT }, { frameId });
  } catch {
    // No content script is there any more: the tab was closed, or shows another page.
    await notePlace(tabId, frameId, null);
    return false;
  }
  for (let waited = 0; waited < ARRIVAL_MILLISECONDS; waited += LOOK_MILLISECONDS) {
    if (isThere(tabId, frameId)) return true;
    await new Promise((resolve) => setTimeout(resolve, LOOK_MILLISECONDS));
  }
  return false;
}

const isThere = (tabId, frameId) => allFrames().some((frame) => frame.tabId === tabId && frame.frameId === frameId);
