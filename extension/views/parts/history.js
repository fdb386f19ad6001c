// Chapters that were read in colour, the newest first.

import { FROM_VIEW } from "../../shared/messages.js";
import { h, setText } from "../../studio/dom.js";
import { ago } from "../../studio/format.js";
import { ask } from "../ask.js";
import { attempt } from "../attempt.js";
import { t } from "../text.js";
import { KeyedList } from "./keyed-list.js";

/** Chapters that are shown before the rest is asked for. */
const SHORT = 8;

export class History {
  #none = h("p", { class: "muted", hidden: true }, t("view_history_none"));
  #list = new KeyedList(h("ul", { class: "lines" }), () => new Line());
  #more = h("button", { type: "button", class: "button small", hidden: true }, t("view_history_more"));
  #shown = SHORT;

  constructor(place) {
    place.append(this.#none, this.#list.element, this.#more);
    this.#more.addEventListener("click", () => {
      this.#shown = Infinity;
      return attempt(() => this.look());
    });
  }

  /** Shows what the background knows now. */
  async look() {
    const { chapters } = await ask(FROM_VIEW.HISTORY_LIST);
    this.#none.hidden = chapters.length > 0;
    this.#more.hidden = chapters.length <= this.#shown;
    this.#list.update(chapters.slice(0, this.#shown), (chapter) => chapter.chapter_id);
  }
}

class Line {
  #link = h("a", { class: "clip grow", target: "_blank", rel: "noopener" });
  #pages = h("span", { class: "small muted number" });
  #when = h("span", { class: "small muted when" });

  element = h("li", {}, this.#link, this.#pages, this.#when);

  update({ title, address, done, total, last }) {
    this.#link.href = address;
    this.#link.title = address;
    setText(this.#link, title || address);
    setText(this.#pages, t("view_history_pages", { done, total }));
    setText(this.#when, ago(last));
  }
}
