// Asking the browser for sites. Firefox asks only while a click is being handled: nothing may be awaited before.

import { browser } from "../shared/browser.js";
import { hostPattern } from "../shared/messages.js";

/** Hosts of pictures that are asked for along with a site; more would make the question unreadable. */
const MAX_HOSTS = 4;

/** Asks for origins at once; true where the person allows them, or had before. Call it in a click, before any await. */
export async function requestOrigins(origins) {
  try {
    return await browser.permissions.request({ origins });
  } catch {
    return false;
  }
}

/** Patterns of a site and of the hosts that its large pictures come from. */
export function patternsOf(origin, hosts = []) {
  return [hostPattern(origin), ...hosts.map((host) => `*://${host}/*`)];
}

/** Hosts of the large pictures in a tab besides its own, the most used first; none where the tab cannot be read. */
export async function pictureHosts(tabId) {
  try {
    const target = { tabId };
    const [{ result }] = await browser.scripting.executeScript({ target, func: hostsHere, injectImmediately: true });
    return result.slice(0, MAX_HOSTS);
  } catch {
    return [];
  }
}

// Runs in the page: it may use nothing of this module.
function hostsHere() {
  const counts = new Map();
  for (const image of document.images) {
    const small = image.complete && image.naturalWidth > 0 && image.naturalWidth < 300;
    const address = [image.currentSrc, image.dataset.src, image.dataset.original].find((each) => /^https?:/.test(each));
    if (small || !address) continue;
    const { hostname } = new URL(address);
    if (hostname !== location.hostname) counts.set(hostname, (counts.get(hostname) ?? 0) + 1);
  }
  return [...counts].sort((left, right) => right[1] - left[1]).map(([hostname]) => hostname);
}
