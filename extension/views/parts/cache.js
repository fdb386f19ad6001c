// The coloured pictures that this browser keeps, so that a page read again needs no server.

import { FROM_VIEW } from "../../shared/messages.js";
import { h, setText } from "../../studio/dom.js";
import { bytes } from "../../studio/format.js";
import { ask } from "../ask.js";
import { attempt } from "../attempt.js";
import { t } from "../text.js";

export class Cache {
  #text = h("p", { role: "status" });
  #bar = h("i");
  #clear = h("button", { type: "button", class: "button small danger" }, t("view_cache_clear"));

  constructor(place) {
    place.append(
      this.#text,
      h("div", { class: "bar", "aria-hidden": "true" }, this.#bar),
      h("p", { class: "hint" }, t("view_cache_hint")),
      h("div", { class: "row" }, this.#clear),
    );
    this.#clear.addEventListener("click", () =>
      attempt(async () => {
        await ask(FROM_VIEW.CACHE_CLEAR);
        await this.look();
      }),
    );
  }

  /** Shows what the background knows now. */
  async look() {
    const { bytes: size, pictures, cap } = await ask(FROM_VIEW.CACHE_SIZE);
    setText(this.#text, t("view_cache_size", { size: bytes(size), cap: bytes(cap), count: pictures }));
    this.#bar.style.setProperty("--share", Math.min(1, size / cap));
    this.#clear.disabled = pictures === 0;
  }
}
