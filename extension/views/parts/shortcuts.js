// The keys of the extension as the browser knows them, and the way to change them.

import { browser } from "../../shared/browser.js";
import { fill, h } from "../../studio/dom.js";
import { t } from "../text.js";

const CHROMIUM_PAGE = "chrome://extensions/shortcuts";

export class Shortcuts {
  #place;

  constructor(place) {
    this.#place = place;
  }

  /** Shows what the browser knows now; Firefox on phones has no keys. */
  async look() {
    const commands = (await browser.commands?.getAll()) ?? [];
    const list = h("dl", { class: "keys" }, commands.map(line));
    fill(this.#place, list, h("p", { class: "hint" }, t("view_shortcuts_hint")), h("div", { class: "row" }, change()));
  }
}

function line({ name, description, shortcut }) {
  const text = name === "_execute_action" ? t("view_shortcut_popup") : description;
  return h("div", {}, h("dt", {}, text), h("dd", {}, shortcut ? h("kbd", {}, shortcut) : t("view_shortcut_none")));
}

function change() {
  const click = () =>
    browser.commands.openShortcutSettings
      ? browser.commands.openShortcutSettings()
      : browser.tabs.create({ url: CHROMIUM_PAGE });
  return h("button", { type: "button", class: "button small", on: { click } }, t("view_shortcuts_change"));
}
