// The chapter of a tab: how far it is, each of its pages, and what can be done with it.

import { FROM_VIEW, OPEN_STATES, STUCK_STATES } from "../../shared/messages.js";
import { h, setText } from "../../studio/dom.js";
import { ask } from "../ask.js";
import { attempt } from "../attempt.js";
import { t } from "../text.js";
import { pageLines } from "./page-lines.js";

export class Chapter {
  #title = h("h2", { class: "clip" });
  #bar = h("div", { class: "bar", role: "progressbar", "aria-label": t("view_progress") }, h("i"));
  #summary = h("p", { class: "small muted number", id: "summary" });
  #said = h("p", { class: "hint", role: "status" });
  #lines;
  #buttons = {};
  #shown = {};
  #tabId;

  element;

  constructor(tabId) {
    this.#tabId = tabId;
    this.#lines = pageLines((type, key) => this.#do(type, { key }));
    this.element = h(
      "section",
      { class: "chapter stack tight", "aria-label": t("view_chapter") },
      this.#title,
      this.#bar,
      this.#summary,
      this.#segments(),
      this.#lines.element,
      h(
        "div",
        { class: "row" },
        this.#button("cancel", FROM_VIEW.TAB_CANCEL, "view_cancel"),
        this.#button("retry", FROM_VIEW.TAB_RETRY, "view_retry"),
        this.#saveButton(),
      ),
      this.#said,
    );
  }

  /** Shows the chapter as the background describes its site. */
  update(site) {
    const total = site.pages.length;
    this.element.hidden = !site.on || !site.granted;
    setText(this.#title, site.title || t("view_chapter"));
    this.#count(site.counts, total);
    for (const [name, input] of Object.entries(this.#shown)) input.checked = site.shown === name;
    this.#lines.update(site.pages, (page) => page.key);
    this.#lines.element.hidden = total === 0;
    const stuck = sum(site.counts, STUCK_STATES);
    this.#buttons.cancel.hidden = sum(site.counts, OPEN_STATES) === 0;
    this.#buttons.retry.hidden = stuck === 0;
    setText(this.#buttons.retry, t(site.counts.paused ? "view_go_on" : "view_retry", { count: stuck }));
    this.#buttons.save.hidden = total === 0;
    this.#buttons.save.disabled = !site.counts.done;
  }

  #count(counts, total) {
    const done = (counts.done ?? 0) + (counts.skipped ?? 0);
    const text = total ? summaryOf(counts, total) : t("view_no_pages");
    this.#bar.hidden = total === 0;
    this.#bar.classList.toggle("good", done === total);
    this.#bar.firstChild.style.setProperty("--share", total ? done / total : 0);
    this.#bar.setAttribute("aria-valuenow", Math.round((100 * done) / Math.max(1, total)));
    this.#bar.setAttribute("aria-valuetext", text);
    setText(this.#summary, text);
  }

  #segments() {
    const segment = (name, label) => {
      const change = () => this.#do(FROM_VIEW.TAB_SHOW, { shown: name });
      this.#shown[name] = h("input", { type: "radio", name: "shown", value: name, on: { change } });
      return h("label", {}, this.#shown[name], h("span", {}, t(label)));
    };
    return h(
      "fieldset",
      { class: "segments" },
      h("legend", { class: "heard" }, t("view_shown")),
      segment("colour", "view_shown_colour"),
      segment("original", "view_shown_original"),
    );
  }

  #button(name, type, label) {
    const click = () => this.#do(type);
    this.#buttons[name] = h("button", { type: "button", class: "button small", hidden: true, on: { click } }, t(label));
    return this.#buttons[name];
  }

  #saveButton() {
    const click = async () => {
      const saved = await this.#do(FROM_VIEW.TAB_SAVE);
      if (saved) setText(this.#said, t("view_saved", { name: saved.name, count: saved.pages }));
    };
    this.#buttons.save = h("button", { type: "button", class: "button small", hidden: true, on: { click } }, t("view_save"));
    return this.#buttons.save;
  }

  #do(type, values = {}) {
    return attempt(() => ask(type, { tabId: this.#tabId, ...values }));
  }
}

function summaryOf(counts, total) {
  const parts = [t("view_count_done", { done: counts.done ?? 0, count: total })];
  for (const state of ["skipped", "failed", "paused"])
    if (counts[state]) parts.push(t(`view_count_${state}`, { count: counts[state] }));
  return parts.join(" · ");
}

function sum(counts, states) {
  return states.reduce((total, state) => total + (counts[state] ?? 0), 0);
}
