// The badges of a document, over its pages: laid out with them, and out of reach of the site's styles.

const load = (name) => import(chrome.runtime.getURL(`content/${name}`));
const { Badge } = await load("badge.js");
const { visibleBox } = await load("visible.js");

const HOST_STYLE = {
  all: "initial",
  display: "block",
  position: "absolute",
  top: "0",
  left: "0",
  width: "0",
  height: "0",
  "z-index": "2147483647",
};

export class Badges {
  #document;
  #host = null;
  #layer = null;
  #badges = new Map();
  #actions;

  /** `actions`: `{onToggle(key), onRetry(key)}` */
  constructor(document, actions) {
    this.#document = document;
    this.#actions = actions;
  }

  /** Shows badges for these and no other pages. @param {{key, element, state, shown}[]} pages */
  show(pages) {
    if (pages.length > 0) this.#attach();
    const keys = new Set(pages.map(({ key }) => key));
    for (const [key, badge] of this.#badges) {
      if (keys.has(key)) continue;
      badge.frame.remove();
      this.#badges.delete(key);
    }
    for (const { key, state, shown } of pages) this.#badgeOf(key).show(state, shown);
    this.#place(pages);
  }

  /** Takes everything out of the document. */
  remove() {
    this.#host?.remove();
    this.#host = null;
    this.#badges.clear();
  }

  #badgeOf(key) {
    if (!this.#badges.has(key)) {
      const badge = new Badge({
        onToggle: () => this.#actions.onToggle(key),
        onRetry: () => this.#actions.onRetry(key),
      });
      this.#badges.set(key, badge);
      this.#layer.append(badge.frame);
    }
    return this.#badges.get(key);
  }

  #attach() {
    if (this.#host) {
      if (!this.#host.isConnected) this.#document.documentElement.append(this.#host);
      return;
    }
    this.#host = this.#document.createElement("div");
    for (const [name, value] of Object.entries(HOST_STYLE)) this.#host.style.setProperty(name, value, "important");
    const root = this.#host.attachShadow({ mode: "closed" });
    const styles = this.#document.createElement("link");
    styles.rel = "stylesheet";
    styles.href = chrome.runtime.getURL("content/badge.css");
    this.#layer = this.#document.createElement("div");
    this.#layer.hidden = true; // until there are styles
    styles.addEventListener("load", () => {
      this.#layer.hidden = false;
    });
    root.append(styles, this.#layer);
    this.#document.documentElement.append(this.#host);
  }

  /** All places are read before any is written: one layout, whatever the number of pages. */
  #place(pages) {
    if (pages.length === 0) return;
    const origin = this.#host.getBoundingClientRect();
    const boxes = pages.map(({ element }) => visibleBox(element));
    pages.forEach(({ key }, place) => {
      const box = boxes[place];
      this.#badges.get(key).place(box && { ...box, x: box.x - origin.x, y: box.y - origin.y });
    });
  }
}
