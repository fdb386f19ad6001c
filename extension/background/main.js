/**
 * The background of the extension. Every listener is added while this file runs for the first time, as browsers start
 * it for what happened and tell only those who are there by then. What happened is in storage; nothing here lasts.
 */

import { browser } from "../shared/browser.js";
import { PAGES_PORT } from "../shared/messages.js";
import { ALARM } from "./awake.js";
import { leaveTab, listen, show, shownOf } from "./frames.js";
import { choose, createMenus } from "./menus.js";
import { sweepRules } from "./referer-rules.js";
import { registerScripts } from "./sites.js";
import { answerView, permissionsChanged } from "./views.js";
import { holdChanged, work } from "./work.js";

/** Calls what may fail without anybody to tell; the console of the background keeps it. */
const attempt = (promise) => promise.catch(console.error);

browser.runtime.onInstalled.addListener(({ reason }) => {
  if (reason === "install") attempt(browser.tabs.create({ url: browser.runtime.getURL("views/pairing.html") }));
  attempt(createMenus());
  attempt(registerScripts());
});
browser.runtime.onStartup.addListener(() => attempt(registerScripts()));

browser.runtime.onConnect.addListener((port) => {
  if (port.name === PAGES_PORT) listen(port);
});

browser.runtime.onMessage.addListener((message, _sender, answer) => {
  const answering = answerView(message);
  if (!answering) return false;
  answering.then(answer);
  return true; // the answer comes later
});

browser.tabs.onRemoved.addListener((tabId) => attempt(leaveTab(tabId)));

browser.alarms.onAlarm.addListener(({ name }) => {
  if (name !== ALARM) return;
  attempt(sweepRules());
  attempt(work());
});

browser.contextMenus.onClicked.addListener((info, tab) => attempt(choose(info, tab)));

browser.commands?.onCommand.addListener(async (command, tab) => {
  if (command !== "toggle-shown" || tab?.id === undefined) return;
  const next = (await shownOf(tab.id)) === "colour" ? "original" : "colour";
  await attempt(show(tab.id, next));
});

browser.storage.session.onChanged.addListener(({ hold }) => {
  if (hold) attempt(holdChanged(hold));
});

browser.permissions.onAdded.addListener(() => attempt(permissionsChanged()));
browser.permissions.onRemoved.addListener(() => attempt(permissionsChanged()));

attempt(sweepRules());
attempt(work());
