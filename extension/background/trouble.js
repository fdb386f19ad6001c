/**
 * Why what was chosen in the menu of a picture could not be done, by tab. The menu has no place to say it: the popup does,
 * and the button asks for it to be opened. Gone with the page on which it was chosen.
 */

import { browser } from "../shared/browser.js";
import { tellViews } from "./telling.js";

/** Notes it and opens the popup where the browser lets us; null: all is well. @param {chrome.tabs.Tab} tab @param {string|null} message */
export async function noteTrouble({ id, url }, message) {
  const { troubles } = await browser.storage.session.get("troubles");
  if (!message && !troubles?.[id]) return;
  const { [id]: _, ...others } = troubles ?? {};
  await browser.storage.session.set({ troubles: message ? { ...others, [id]: { url, message } } : others });
  tellViews();
  // Firefox wants a click for this, which is over by now.
  if (message) await browser.action.openPopup?.().catch(() => {});
}

/** @param {chrome.tabs.Tab} tab @returns {Promise<string|null>} */
export async function troubleOf({ id, url }) {
  const { troubles } = await browser.storage.session.get("troubles");
  const trouble = troubles?.[id];
  return trouble?.url === url ? trouble.message : null;
}
