/**
 * Which frames of which tabs show which chapters. Content scripts let go of a port that died unless they wait for
 * something; this is kept in `storage.session`, so that a new worker knows whom to tell, and asks them to come back.
 */

import { browser } from "../shared/browser.js";
import { turns } from "./turns.js";

/** @typedef {{tabId: number, frameId: number, chapterId: string}} Place */

const inTurn = turns();

/** @returns {Promise<Place[]>} */
export async function allPlaces() {
  const { places } = await browser.storage.session.get("places");
  return places ?? [];
}

/** @param {string} chapterId @returns {Promise<Place[]>} */
export const placesOf = async (chapterId) => (await allPlaces()).filter((place) => place.chapterId === chapterId);

/** @param {number} tabId @returns {Promise<Place[]>} */
export const placesOfTab = async (tabId) => (await allPlaces()).filter((place) => place.tabId === tabId);

/** Notes what a frame shows; null: nothing. */
export function notePlace(tabId, frameId, chapterId) {
  return change((places) => {
    const others = places.filter((place) => place.tabId !== tabId || place.frameId !== frameId);
    return chapterId ? [...others, { tabId, frameId, chapterId }] : others;
  });
}

/** Forgets a tab that was closed. @param {number} tabId */
export const forgetTab = (tabId) => change((places) => places.filter((place) => place.tabId !== tabId));

/** Each change begins with what the one before has written, or could not write. */
function change(to) {
  return inTurn(async () => {
    const before = await allPlaces();
    const places = to(before);
    if (places.length || before.length) await browser.storage.session.set({ places });
  });
}
