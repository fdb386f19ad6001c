/**
 * A Referer for one fetch of the background: sites that guard their pictures give them to their own pages only. The
 * rule lives in the session, names one URL and this extension as who asks, and is gone once the fetch is over.
 */

import { browser } from "../shared/browser.js";

/** Characters that mean something else in a `urlFilter`; an address with one of them needs a regular expression. */
const SPECIAL = /[*^|]/;

/** Rules of fetches that are under way; what is not among them was left by a worker that died. */
const inUse = new Set();
let nextId = 1 + Math.floor(Math.random() * 1_000_000);

/**
 * Calls `work` while fetches of `url` by this extension carry `referer`. @template T
 * @param {string} url @param {string} referer @param {() => Promise<T>} work @returns {Promise<T>}
 */
export async function withReferer(url, referer, work) {
  const id = nextId++;
  inUse.add(id);
  try {
    await browser.declarativeNetRequest.updateSessionRules({ addRules: [rule(id, url, referer)] });
    return await work();
  } finally {
    await browser.declarativeNetRequest.updateSessionRules({ removeRuleIds: [id] });
    inUse.delete(id);
  }
}

/** Removes rules that nobody uses. */
export async function sweepRules() {
  const rules = await browser.declarativeNetRequest.getSessionRules();
  const removeRuleIds = rules.map((rule) => rule.id).filter((id) => !inUse.has(id));
  if (removeRuleIds.length) await browser.declarativeNetRequest.updateSessionRules({ removeRuleIds });
}

function rule(id, url, referer) {
  const { href } = withoutFragment(url);
  const exact = SPECIAL.test(href) ? { regexFilter: `^${escaped(href)}$` } : { urlFilter: `|${href}|` };
  return {
    id,
    action: { type: "modifyHeaders", requestHeaders: [{ header: "Referer", operation: "set", value: referer }] },
    condition: {
      ...exact,
      isUrlFilterCaseSensitive: true,
      // The host of our own pages: the fixed id in Chromium, one made up for each installation in Firefox.
      initiatorDomains: [new URL(browser.runtime.getURL("")).hostname],
      resourceTypes: ["xmlhttprequest", "other"],
    },
  };
}

function withoutFragment(address) {
  const url = new URL(address);
  url.hash = "";
  return url;
}

const escaped = (text) => text.replace(/[.*+?^${}()|[\]\\/]/g, "\\$&");
