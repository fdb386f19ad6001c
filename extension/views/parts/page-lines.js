// The pages of a chapter, a line each: number, what becomes of it, and what can be done about it.

import { CODES, FROM_VIEW } from "../../shared/messages.js";
import { h, setText } from "../../studio/dom.js";
import { duration } from "../../studio/format.js";
import { icon } from "../../studio/icons.js";
import { has, t } from "../text.js";
import { KeyedList } from "./keyed-list.js";

/** A list of pages; `act(type, key)` does what a button of one says, as a message of FROM_VIEW. */
export function pageLines(act) {
  const list = h("ul", { class: "page-lines", "aria-label": t("view_pages"), tabindex: "0" });
  return new KeyedList(list, (key) => new PageLine((type) => act(type, key)));
}

class PageLine {
  #number = h("span", { class: "page-number number" });
  #text = h("span", { class: "grow" });
  #reroll;
  #retry;
  #screen;
  #hint = h("p", { class: "hint" }, t("view_screen_hint"));
  #help;

  element;

  constructor(act) {
    const button = (type, props, ...children) =>
      h("button", { type: "button", ...props, on: { click: (event) => whileBusy(event.currentTarget, act(type)) } }, ...children);
    const small = { class: "button small" };
    this.#reroll = button(
      FROM_VIEW.PAGE_REROLL,
      { class: "button plain icon small", title: t("view_reroll") },
      icon("reroll"),
    );
    this.#retry = button(FROM_VIEW.PAGE_RETRY, small, t("view_page_retry"));
    this.#screen = button(FROM_VIEW.PAGE_SCREEN, small, t("view_screen"));
    this.#help = h("div", { class: "page-help" }, this.#retry, this.#screen, this.#hint);
    this.element = h("li", {}, this.#number, h("i", { class: "dot" }), this.#text, this.#reroll, this.#help);
  }

  update(page) {
    const text = stateText(page);
    this.element.dataset.state = page.state;
    setText(this.#number, String(page.place));
    setText(this.#text, text);
    this.#text.title = text;
    this.#reroll.hidden = page.state !== "done";
    this.#reroll.setAttribute("aria-label", t("view_reroll_page", { page: page.place }));
    const isUnreadable = page.state === "failed" && page.code === CODES.CANNOT_READ;
    this.#help.hidden = !canRetry(page);
    this.#retry.setAttribute("aria-label", t("view_page_retry_of", { page: page.place }));
    this.#screen.hidden = this.#hint.hidden = !isUnreadable;
    this.#screen.setAttribute("aria-label", t("view_screen_of", { page: page.place }));
  }
}

/** Pages that wait for something else, such as a style reference, go on by themselves. */
function canRetry({ state, code }) {
  return state === "failed" || (state === "paused" && code === CODES.CANCELLED);
}

/** A button does one thing at a time. */
async function whileBusy(button, work) {
  button.disabled = true;
  try {
    await work;
  } finally {
    button.disabled = false;
  }
}

/** What becomes of a page, in a few words. */
export function stateText({ state, code, message, step, totalSteps, etaSeconds, how }) {
  if (state === "done" && how === "screen") return t("view_done_from_screen");
  const name = t(`view_state_${state}`);
  if (state === "running" && totalSteps) {
    const steps = `${name} ${step ?? 0}/${totalSteps}`;
    return etaSeconds ? t("view_steps_left", { steps, time: duration(etaSeconds) }) : steps;
  }
  const why = code && has(`view_why_${code}`) ? t(`view_why_${code}`) : message;
  return why ? `${name}: ${why}` : name;
}
