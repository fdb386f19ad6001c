/**
 * Why what was chosen in the menu of a picture could not be done, by tab. The menu has no place to say it: the popup does,
 * and the button asks for it to be opened. Gone with the page on which it was chosen.
 */

import { browser } from "../shared/browser.js";
import { tellViews } from "./telling.js";
import { turns } from "./turns.js";

const inTurn = turns();

/** Notes it and opens the popup where the browser lets us; null: all is well. @param {chrome.tabs.Tab} tab @param {string|null} message */
export async function noteTrouble({ id, url }, message) {
  if (!(await change(id, message ? { url, message } : null))) return;
  tellViews();
  // Firefox wants a click for this, which is over by now.
  if (message) await browser.action.openPopup?.().catch(() => {});
}

/** @param {chrome.tabs.Tab} tab @returns {Promise<string|null>} */
export async function troubleOf({ id, url }) {
  const { troubles } = await browser.storage.session.get("troubles");
  const trouble = troubles?.[id];
  return trouble && trouble.url === url ? trouble.message : null;
}

/** Each change begins with what the one before has written. True where there was something to do. */
function change(id, trouble) {
  return inTurn(async () => {
    const { troubles = {} } = await browser.storage.session.get("troubles");
    if (!trouble && !troubles[id]) return false;
    const { [id]: _, ...others } = troubles;
    await browser.storage.session.set({ troubles: trouble ? { ...others, [id]: trouble } : others });
    return true;
  });
}
