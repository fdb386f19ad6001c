// <mf-page-tile>: one page of a job or a chapter, in grey, filling, in colour, or with what went wrong.

import { sha256Of, thumbnail } from "../api.js";
import { h, setText } from "../dom.js";
import { t } from "../i18n.js";
import { icon } from "../icons.js";
import { stateOf } from "../page-state.js";

class PageTile extends HTMLElement {
  #link = h("a", { class: "tile" });
  #before = h("img", { class: "before", alt: "", loading: "lazy", decoding: "async" });
  #after = null;
  #number = h("span", { class: "tile-number number" });
  #badge = h("span", { class: "badge" });
  #note = h("span", { class: "tile-note clip" });
  #bar = h("i");
  #shown = {};

  #build() {
    this.setAttribute("role", "listitem");
    const frame = h(
      "span",
      { class: "tile-frame" },
      this.#before,
      h("span", { class: "bar tile-bar" }, this.#bar),
      this.#badge,
    );
    this.#link.append(frame, h("span", { class: "tile-foot" }, this.#number, this.#note));
    this.append(this.#link);
  }

  /** Shows a page as it is now; only what changed touches the document. */
  update(page, chapterId) {
    if (!this.firstChild) this.#build();
    const state = stateOf(page);
    this.#changed("href", `#/read/${chapterId}/${page.page_num}`, (value) => {
      this.#link.href = value;
    });
    this.#changed("before", sha256Of(page.page_image), (value) => {
      if (value) this.#before.src = thumbnail(value);
    });
    this.#changed("after", page.colorized_sha256, (value) => this.#colour(value && thumbnail(value)));
    if (!page.colorized_sha256) this.#changed("preview", page.preview, (value) => this.#colour(value));
    this.#changed("kind", state.kind, (value) => {
      this.dataset.state = value;
    });
    this.#changed("share", state.share, (value) => this.#bar.style.setProperty("--share", value));
    this.#changed("badge", state.badge, (value) => this.#mark(state, value));
    setText(this.#number, String(page.page_num));
    setText(this.#note, state.note || page.name);
    this.#changed("name", t("tile.name", { page: page.page_num, state: state.spoken }), (value) =>
      this.#link.setAttribute("aria-label", value),
    );
    this.#changed("title", `${page.name}${state.why ? ` – ${state.why}` : ""}`, (value) => {
      this.#link.title = value;
    });
  }

  #changed(name, value, apply) {
    if (this.#shown[name] === value) return;
    this.#shown[name] = value;
    apply(value);
  }

  #mark(state, text) {
    this.#badge.hidden = !text;
    this.#badge.className = `badge ${state.tone}`;
    this.#badge.replaceChildren(...(state.icon ? [icon(state.icon)] : []), text ?? "");
  }

  #colour(address) {
    if (!address) {
      this.#after?.remove();
      this.#after = null;
      return;
    }
    const image = h("img", { class: "after", alt: "", decoding: "async", src: address });
    const old = this.#after;
    this.#after = image;
    // Without a flash: the old picture stays until the new one is there.
    image.addEventListener(
      "load",
      () => {
        image.classList.add("loaded");
        setTimeout(() => old?.remove(), 400);
      },
      { once: true },
    );
    this.#before.after(image);
  }
}

customElements.define("mf-page-tile", PageTile);
