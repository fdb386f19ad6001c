// <mf-compare>: two pictures of the same page under one slider, left of it the original, right of it the colours.

import { h } from "../dom.js";
import { t } from "../i18n.js";

//: Where the slider stands at first, and after a double click.
const MIDDLE = 50;

class Compare extends HTMLElement {
  #slider = h("input", { type: "range", min: "0", max: "100", step: "0.5", value: String(MIDDLE), class: "cut" });
  #before = h("img", { class: "before", alt: "", draggable: "false" });
  #after = h("img", { class: "after", alt: "", draggable: "false" });

  connectedCallback() {
    if (this.firstChild) return;
    this.#slider.setAttribute("aria-label", t("compare.slider"));
    this.#slider.addEventListener("input", () => this.#cut());
    this.#slider.addEventListener("dblclick", () => {
      this.#slider.value = MIDDLE;
      this.#cut();
    });
    this.append(
      this.#after,
      this.#before,
      h("span", { class: "edge", "aria-hidden": "true" }),
      this.#slider,
      h("span", { class: "side left", "aria-hidden": "true" }, t("compare.before")),
      h("span", { class: "side right", "aria-hidden": "true" }, t("compare.after")),
    );
    this.#cut();
  }

  /** Shows two pictures by address; `name` is what screen readers hear. */
  show(before, after, name) {
    this.#before.src = before;
    this.#after.src = after;
    this.#before.alt = t("compare.alt.before", { name });
    this.#after.alt = t("compare.alt.after", { name });
  }

  #cut() {
    this.style.setProperty("--cut", `${this.#slider.value}%`);
  }
}

customElements.define("mf-compare", Compare);
