// The pages of a chapter, a line each: number, what becomes of it, and another try for those that are done.

import { h, setText } from "../../studio/dom.js";
import { duration } from "../../studio/format.js";
import { icon } from "../../studio/icons.js";
import { has, t } from "../text.js";
import { KeyedList } from "./keyed-list.js";

/** A list of pages; `reroll(key)` asks for other colours of one. */
export function pageLines(reroll) {
  const list = h("ul", { class: "page-lines", "aria-label": t("view_pages"), tabindex: "0" });
  return new KeyedList(list, (key) => new PageLine(() => reroll(key)));
}

class PageLine {
  #number = h("span", { class: "page-number number" });
  #text = h("span", { class: "grow clip" });
  #button;

  element;

  constructor(reroll) {
    this.#button = h(
      "button",
      { type: "button", class: "button plain icon small", title: t("view_reroll"), on: { click: reroll } },
      icon("reroll"),
    );
    this.element = h("li", {}, this.#number, h("i", { class: "dot" }), this.#text, this.#button);
  }

  update(page) {
    const text = stateText(page);
    this.element.dataset.state = page.state;
    setText(this.#number, String(page.place));
    setText(this.#text, text);
    this.#text.title = text;
    this.#button.hidden = page.state !== "done";
    this.#button.setAttribute("aria-label", t("view_reroll_page", { page: page.place }));
  }
}

/** What becomes of a page, in a few words. */
export function stateText({ state, code, message, step, totalSteps, etaSeconds }) {
  const name = t(`view_state_${state}`);
  if (state === "running" && totalSteps) {
    const steps = `${name} ${step ?? 0}/${totalSteps}`;
    return etaSeconds ? t("view_steps_left", { steps, time: duration(etaSeconds) }) : steps;
  }
  const why = code && has(`view_why_${code}`) ? t(`view_why_${code}`) : message;
  return why ? `${name}: ${why}` : name;
}
