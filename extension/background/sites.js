/** Sites that are on, and what the person chose for each; content scripts are registered for those that are. */

import { browser } from "../shared/browser.js";
import { hostPattern } from "../shared/messages.js";
import { turns } from "./turns.js";

/** What runs in the frames of a site; it fetches the rest. */
const CONTENT_SCRIPT = "content/start.js";
const PREFIX = "site ";

/** A site that is turned on and its permission, which comes at once, would both register it. */
const inTurn = turns();

/**
 * @typedef {object} Site
 * @property {boolean} on
 * @property {string|null} reference  sha256 of the style reference; the one chosen last where the site has none of its own
 * @property {"rtl"|"ltr"|"vertical"|null} direction  null: as the page suggests
 */

/** The origin that sites are known by; null for pages that are none. @param {string} [address] */
export function originOf(address) {
  try {
    const { origin } = new URL(address);
    return /^https?:/.test(origin) ? origin : null;
  } catch {
    return null;
  }
}

/** @param {string|null} origin @returns {Promise<Site>} */
export async function siteOf(origin) {
  const { sites, lastReference } = await browser.storage.local.get(["sites", "lastReference"]);
  const site = sites?.[origin] ?? {};
  return { on: Boolean(site.on), reference: site.reference ?? lastReference ?? null, direction: site.direction ?? null };
}

/** Every site that was ever turned on or given something. @returns {Promise<Record<string, Partial<Site>>>} */
export async function allSites() {
  const { sites } = await browser.storage.local.get("sites");
  return sites ?? {};
}

/** @param {string} origin @param {Partial<Site>} changes  undefined: as it is */
export function changeSite(origin, changes) {
  const given = Object.fromEntries(Object.entries(changes).filter(([, value]) => value !== undefined));
  return inTurn(async () => {
    const sites = await allSites();
    sites[origin] = { ...sites[origin], ...given };
    await browser.storage.local.set({ sites, ...(given.reference ? { lastReference: given.reference } : {}) });
    await register();
  });
}

/** Makes the registered content scripts those of the sites that are on and granted. */
export const registerScripts = () => inTurn(register);

async function register() {
  const registered = (await browser.scripting.getRegisteredContentScripts()).map((script) => script.id);
  const wanted = [];
  for (const [origin, { on }] of Object.entries(await allSites())) if (on && (await isGranted(origin))) wanted.push(origin);
  const ids = new Set(wanted.map((origin) => PREFIX + origin));
  const gone = registered.filter((id) => id.startsWith(PREFIX) && !ids.has(id));
  if (gone.length) await browser.scripting.unregisterContentScripts({ ids: gone });
  const missing = wanted.filter((origin) => !registered.includes(PREFIX + origin));
  if (missing.length) await browser.scripting.registerContentScripts(missing.map(script));
}

/** Runs the content scripts in a tab that was open before its site was turned on. @param {number} tabId @param {number} [frameId] */
export async function runScripts(tabId, frameId) {
  const target = frameId === undefined ? { tabId, allFrames: true } : { tabId, frameIds: [frameId] };
  await browser.scripting.executeScript({ target, files: [CONTENT_SCRIPT] });
}

/** True where the browser allows a site. @param {string|null} origin */
export async function isGranted(origin) {
  return Boolean(originOf(origin)) && browser.permissions.contains({ origins: [hostPattern(origin)] });
}

function script(origin) {
  return {
    id: PREFIX + origin,
    matches: [hostPattern(origin)],
    js: [CONTENT_SCRIPT],
    allFrames: true,
    matchOriginAsFallback: true,
    runAt: "document_idle",
  };
}
