/**
 * Why what was chosen in the menu of a picture could not be done, by tab. The menu has no place to say it: the popup does,
 * and the button asks for it to be opened. Gone with the page on which it was chosen.
 */

import { browser } from "../shared/browser.js";
import { turns } from "./turns.js";

const inTurn = turns();

async function allTroubles() {
  const { troubles } = await browser.storage.session.get("troubles");
  return troubles ?? {};
}

/** The tabs that have one, on the page that they show or on one before. @returns {Promise<number[]>} */
export const troubledTabs = async () => Object.keys(await allTroubles()).map(Number);

/** @param {chrome.tabs.Tab} tab @returns {Promise<string|null>} */
export async function troubleOf({ id, url }) {
  const trouble = (await allTroubles())[id];
  return trouble && trouble.url === url ? trouble.message : null;
}

/**
 * Notes it; null: all is well. True where there was something to do. Each begins with what the one before has written.
 * @param {chrome.tabs.Tab} tab @param {string|null} message @returns {Promise<boolean>}
 */
export function noteTrouble({ id, url }, message) {
  return inTurn(async () => {
    const { [id]: before, ...others } = await allTroubles();
    if (!message && !before) return false;
    await browser.storage.session.set({ troubles: message ? { ...others, [id]: { url, message } } : others });
    return true;
  });
}
