/**
 * The frames that show chapters: their open ports, and what each was sent. Ports die with the worker; content scripts
 * open new ones and say again what they have found, so nothing here has to outlive it.
 */

import { fromBase64 } from "../shared/base64.js";
import { FROM_PAGE, TO_PAGE } from "../shared/messages.js";
import { originOf } from "./sites.js";
import { say } from "./words.js";

/** Milliseconds that a content script may take for an answer, such as one picture that it reads. */
const READ_MILLISECONDS = 20_000;

/**
 * @typedef {object} Frame
 * @property {chrome.runtime.Port} port
 * @property {number} tabId
 * @property {number} frameId
 * @property {string} origin            of the tab's page, which says whether the site is on
 * @property {string|null} chapterId    once it has said what it shows
 * @property {Map<string, string>} sent  key → the picture it has, by the job that made it
 * @property {Map<string, (message: object) => void>} asked  what was asked for → who waits for the answer
 */

/** @type {Map<chrome.runtime.Port, Frame>} */
const frames = new Map();

/** @param {chrome.runtime.Port} port @returns {Frame} */
export function openFrame(port) {
  const { tab, url, origin, frameId } = port.sender;
  const frame = {
    port,
    tabId: tab?.id ?? -1,
    frameId: frameId ?? 0,
    origin: originOf(tab?.url ?? url ?? origin),
    chapterId: null,
    sent: new Map(),
    asked: new Map(),
  };
  frames.set(port, frame);
  return frame;
}

export function closeFrame(port) {
  const frame = frames.get(port);
  frames.delete(port);
  for (const answer of frame?.asked.values() ?? []) answer({ error: say("tab_gone") });
  return frame;
}

/** @returns {Frame[]} */
export const allFrames = () => [...frames.values()];

/** @returns {Frame[]} the frames that show a chapter */
export const framesOf = (chapterId) => allFrames().filter((frame) => frame.chapterId === chapterId);

/** @returns {Frame[]} */
export const framesOfTab = (tabId) => allFrames().filter((frame) => frame.tabId === tabId);

/** Sends a message to one frame; one that is just going hears nothing. */
export function tell(frame, message) {
  try {
    frame.port.postMessage(message);
  } catch {
    // The port was closed, and its `onDisconnect` is on the way.
  }
}

/** Nobody shows the page any more. */
export class TabGoneError extends Error {
  constructor() {
    super(say("tab_gone"));
  }
}

/**
 * Has a frame read a picture that it shows. Throws TabGoneError where none is there, and Error where it cannot.
 * @param {string} chapterId @param {string} key @param {"canvas"|"fetch"} how @returns {Promise<Blob>}
 */
export async function readInFrame(chapterId, key, how) {
  const [frame] = framesOf(chapterId);
  if (!frame) throw new TabGoneError();
  const answer = await askFrame(frame, FROM_PAGE.BYTES, { type: TO_PAGE.READ, key, how });
  if (!answer.base64) throw new Error(say("no_picture"));
  return fromBase64(answer.base64, answer.mime ?? "");
}

/**
 * Asks a frame for something; its answer of type `expected` on the same page or address. Throws TabGoneError where the
 * frame went meanwhile, and Error with what it says where it cannot.
 * @param {Frame} frame @param {string} expected @param {object} question
 */
export async function askFrame(frame, expected, question) {
  const name = nameOf({ ...question, type: expected });
  const answer = await new Promise((resolve) => {
    const timer = setTimeout(() => resolve({ error: say("tab_silent") }), READ_MILLISECONDS);
    frame.asked.set(name, (message) => {
      clearTimeout(timer);
      resolve(message);
    });
    tell(frame, question);
  });
  frame.asked.delete(name);
  if (!frames.has(frame.port)) throw new TabGoneError();
  if (answer.error) throw new Error(answer.error);
  return answer;
}

/** Hands an answer of a frame to who waits for it. @param {Frame} frame @param {object} message */
export const takeAnswer = (frame, message) => frame.asked.get(nameOf(message))?.(message);

const nameOf = ({ type, key, address }) => `${type} ${key ?? address}`;
