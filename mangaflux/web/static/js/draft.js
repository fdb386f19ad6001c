// The chapter that is being put together. Its images are on the server already, so a reload loses nothing.

import { kept } from "./dom.js";

const EMPTY = {
  chapterId: "",
  named: false,
  pages: [],
  references: [],
  engine: null,
  strength: 1,
  direction: "rtl",
  seedMode: "metadata",
  seed: 1,
  previewPage: null,
};

class Draft extends EventTarget {
  #values = { ...EMPTY, ...kept.get("draft", {}) };

  /** A value of the draft. */
  get(name) {
    return this.#values[name];
  }

  /** Changes values, keeps them in this browser, and tells "change" with their names. */
  set(changes) {
    Object.assign(this.#values, changes);
    kept.set("draft", this.#values);
    this.dispatchEvent(new CustomEvent("change", { detail: Object.keys(changes) }));
  }

  /** Forgets the pages and their name; style and settings stay for the next chapter. */
  clearPages() {
    this.set({ pages: [], chapterId: "", named: false, previewPage: null });
  }

  /** The body of a job over these pages. */
  request(pages = this.get("pages"), chapterId = this.get("chapterId")) {
    const options = {
      strength: this.get("strength"),
      reading_direction: this.get("direction"),
      seed_mode: this.get("seedMode"),
    };
    if (options.seed_mode === "fixed") options.seed = this.get("seed");
    return {
      chapter_id: chapterId,
      input_mode: "batch",
      pages: pages.map((page) => page.asset),
      page_names: pages.map((page) => page.name),
      style_reference: this.get("references"),
      engine: this.get("engine") ?? undefined,
      options,
    };
  }
}

export const draft = new Draft();

/** A chapter id made of what a person calls it: letters, digits, dots, underscores and hyphens, at most 64. */
export function chapterIdOf(title) {
  const plain = title.normalize("NFKD").replace(/[\u0300-\u036f]/g, "");
  return plain
    .replace(/[^A-Za-z0-9._-]+/g, "-")
    .replace(/^[^A-Za-z0-9]+/, "")
    .replace(/-+$/, "")
    .slice(0, 64);
}

/** True where the server takes it as the id of a chapter. */
export function isChapterId(text) {
  return /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/.test(text);
}
