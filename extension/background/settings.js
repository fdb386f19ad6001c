/** What the person chose, in `storage.local`: the server, and how the extension behaves. Sites are in sites.js. */

import { browser } from "../shared/browser.js";

const DEFAULTS = Object.freeze({
  //: MB of coloured pictures that are kept here.
  cacheMegabytes: 200,
  badges: true,
  //: `KeyboardEvent.key` that shows the original while it is held.
  peekKey: "o",
  engine: "auto",
  strength: 1,
  //: Pages ahead of the view that are sent.
  ahead: 40,
});

/** @returns {Promise<typeof DEFAULTS>} */
export async function readSettings() {
  const { settings } = await browser.storage.local.get("settings");
  return { ...DEFAULTS, ...settings };
}

/** Changes some settings; all of them as they are then. Names that are none are left out. */
export async function changeSettings(changes) {
  const known = Object.entries(changes).filter(([name]) => name in DEFAULTS);
  const settings = { ...(await readSettings()), ...Object.fromEntries(known) };
  await browser.storage.local.set({ settings });
  return settings;
}

/** @returns {Promise<{address: string, token: string}|null>} */
export async function readServer() {
  const { server } = await browser.storage.local.get("server");
  return server ?? null;
}

/** @param {string} address  its origin @param {string} token */
export async function saveServer(address, token) {
  await browser.storage.local.set({ server: { address, token } });
}

export async function forgetServer() {
  await browser.storage.local.remove("server");
}
