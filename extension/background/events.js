/**
 * The one event stream of the browser, open while a page of ours is at the server. It goes on after the last event that
 * was taken in; where that cannot be known, the snapshot at its beginning says which jobs have not ended.
 */

import { browser } from "../shared/browser.js";
import { awakeFor } from "./awake.js";
import { clearHold, holdMilliseconds, noteProblem } from "./hold.js";
import { AT_SERVER, pagesInStates } from "./ledger.js";
import { reconcile, takeEvent } from "./results.js";
import { callAt, ServerProblem } from "./server.js";
import { readServer } from "./settings.js";
import { readEvents } from "./sse.js";

/** The server pings every 15 s; three silent ones, and the connection is dead whatever the browser thinks. */
const SILENCE_MILLISECONDS = 50_000;
/** A server that stays away so long is not waited for awake: the alarm comes back. */
const LONG_MILLISECONDS = 10_000;
/** Between the end of a stream and the next. */
const PAUSE_MILLISECONDS = 500;

let following = null;
let current = null;

/** Follows the server until nothing of ours is there; calling again changes nothing. @param {() => void} happened */
export function follow(happened) {
  following ??= awakeFor(keepFollowing(happened)).finally(() => (following = null));
}

/** Ends the stream that is open: another server, or another token, is to be followed. */
export function followAnew() {
  current?.abort();
}

/** Forgets which events were seen: they were another server's. */
export const forgetEvents = () => browser.storage.session.remove("lastEventId");

async function keepFollowing(happened) {
  // The first at once: who was just woken may not live for long.
  for (let rest = 0; await isNeeded(); rest = PAUSE_MILLISECONDS) {
    const wait = await holdMilliseconds();
    if (wait > LONG_MILLISECONDS) return;
    await pause(wait || rest);
    if (!wait) await readOnce(happened);
  }
}

async function readOnce(happened) {
  current = new AbortController();
  try {
    await readStream(current, happened);
  } catch (error) {
    if (!(error instanceof ServerProblem)) return; // cut off: the next stream goes on where this one ended
    await noteProblem(error);
  }
}

async function readStream(controller, happened) {
  const server = await readServer();
  if (!server) return;
  const { lastEventId } = await browser.storage.session.get("lastEventId");
  const headers = lastEventId ? { "Last-Event-ID": lastEventId } : {};
  const watch = watchdog(controller);
  try {
    const answer = await callAt(server, "GET", "/v1/events", { headers, signal: controller.signal });
    await clearHold();
    for await (const event of readEvents(answer.body)) {
      watch.heard();
      await take(event);
      if (event.type !== "page.progress") happened();
      if (event.type === "ping" || event.id) if (!(await isNeeded())) return;
    }
  } finally {
    watch.stop();
  }
}

async function take({ type, data, id }) {
  const body = JSON.parse(data);
  if (type === "hello" || type === "reset") await reconcile(body.snapshot.jobs);
  else if (type !== "ping") await takeEvent(type, body);
  // Last: who dies before this hears the event again, and knows it then.
  if (id) await browser.storage.session.set({ lastEventId: id });
}

async function isNeeded() {
  const rows = await pagesInStates(AT_SERVER);
  return rows.some((row) => !row.finished);
}

function watchdog(controller) {
  let timer = null;
  const heard = () => {
    clearTimeout(timer);
    timer = setTimeout(() => controller.abort(), SILENCE_MILLISECONDS);
  };
  heard();
  return { heard, stop: () => clearTimeout(timer) };
}

const pause = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds));
