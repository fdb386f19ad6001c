// The popup of the button: this tab's site, its style reference, and how far its chapter is.

import { browser } from "../shared/browser.js";
import { FROM_VIEW } from "../shared/messages.js";
import { fill, h, setText } from "../studio/dom.js";
import { icon } from "../studio/icons.js";
import { ask, keepLooking } from "./ask.js";
import { attempt } from "./attempt.js";
import { Chapter } from "./parts/chapter.js";
import { causeNotice, notice } from "./parts/notices.js";
import { ReferenceChoice } from "./parts/reference-choice.js";
import { SiteSwitch } from "./parts/site-switch.js";
import { fillTexts, t } from "./text.js";

const state = document.getElementById("state");
const notices = document.getElementById("notices");
const content = document.getElementById("content");

/** `?tab=7` names a tab where the popup is opened as a page of its own. */
async function shownTab() {
  const named = new URLSearchParams(location.search).get("tab");
  if (named) return Number(named);
  const [tab] = await browser.tabs.query({ active: true, currentWindow: true });
  return tab.id;
}

async function openPage(path) {
  await browser.tabs.create({ url: browser.runtime.getURL(path) });
  close();
}

const tabId = await shownTab();
const siteSwitch = new SiteSwitch(tabId);
const reference = new ReferenceChoice({
  choose: (origin, sha256) => attempt(() => ask(FROM_VIEW.SITE_SET, { origin, tabId, reference: sha256 })),
  upload: (origin) => openPage(`views/options.html#style=${encodeURIComponent(origin)}`),
});
const chapter = new Chapter(tabId);
const body = h("div", { class: "stack popup-body" }, siteSwitch.element, reference.element, chapter.element);

async function look() {
  const server = await ask(FROM_VIEW.PAIR_GET);
  showServer(server);
  if (server.state === "unpaired") {
    fill(notices);
    fill(content, welcome());
    return;
  }
  const site = await ask(FROM_VIEW.SITE_GET, { tabId });
  fill(
    notices,
    server.state !== "ok" && trouble(server),
    site.trouble && notice("warn", t("view_left_alone"), site.trouble),
    site.on && !site.reference && needsReference(),
  );
  if (site.origin === null) {
    fill(content, h("p", { class: "quiet" }, t("view_no_site")));
    return;
  }
  show(site);
}

function show(site) {
  siteSwitch.update(site);
  reference.update(site);
  chapter.update(site);
  if (content.firstChild !== body) fill(content, body);
}

function showServer({ state: code }) {
  const good = code === "ok";
  state.classList.toggle("lost", !good);
  state.hidden = code === "unpaired";
  setText(state, t(good ? "view_server_ok" : "view_server_lost"));
}

function welcome() {
  return h(
    "div",
    { class: "stack welcome" },
    h("h2", {}, t("view_welcome_title")),
    h("p", { class: "muted" }, t("view_welcome_text")),
    h(
      "button",
      { type: "button", class: "button main large", on: { click: () => openPage("views/pairing.html") } },
      t("view_welcome_do"),
    ),
  );
}

function trouble(server) {
  const click = () => openPage("views/pairing.html");
  return causeNotice(
    { code: server.state, message: server.message },
    h("div", {}, h("button", { type: "button", class: "button small", on: { click } }, t("view_open_pairing"))),
  );
}

function needsReference() {
  return notice("warn", t("view_reference_needed"), t("view_reference_needed_text"));
}

function wireHead() {
  const options = document.getElementById("options");
  options.append(icon("more"));
  options.addEventListener("click", () => openPage("views/options.html"));
  const panel = document.getElementById("panel");
  panel.append(icon("panel"));
  const { sidePanel, sidebarAction } = browser; // the one is Chromium's, the other Firefox's; phones have neither
  panel.hidden = !sidePanel && !sidebarAction;
  // Both browsers want this call while the click is being handled.
  panel.addEventListener("click", async () => {
    await (sidePanel ? sidePanel.open({ tabId }) : sidebarAction.open());
    close();
  });
}

fillTexts();
wireHead();
keepLooking(look, notices);
