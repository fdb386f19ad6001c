/**
 * How the background stays awake while something is under way, and comes back after it died all the same. Both browsers
 * end it after 30 s without a call of the extension API; open connections and the events on them do not count.
 */

import { browser } from "../shared/browser.js";

const BEAT_MILLISECONDS = 20_000;
/** The shortest period that browsers allow, in minutes. */
const ALARM_MINUTES = 0.5;
export const ALARM = "work";

let tasks = 0;
let beat = null;

/** Stays awake until a promise is settled; the same promise. @template T @param {Promise<T>} promise @returns {Promise<T>} */
export async function awakeFor(promise) {
  tasks += 1;
  beat ??= setInterval(() => browser.runtime.getPlatformInfo(), BEAT_MILLISECONDS);
  try {
    return await promise;
  } finally {
    tasks -= 1;
    if (tasks === 0) {
      clearInterval(beat);
      beat = null;
    }
  }
}

/** Comes back every half minute, dead or alive, for as long as something is open. @param {boolean} isOpen */
export async function comeBackWhile(isOpen) {
  const isSet = Boolean(await browser.alarms.get(ALARM));
  if (isOpen && !isSet) await browser.alarms.create(ALARM, { periodInMinutes: ALARM_MINUTES });
  if (!isOpen && isSet) await browser.alarms.clear(ALARM);
}
