// <mf-page-stage>: one page to look at: under a slider, side by side, in colour or as it was; zoomed and moved together.

import { h } from "../dom.js";
import { t } from "../i18n.js";
import { Zoom } from "../zoom.js";
import "./page-analysis.js";

//: Pixels that a finger moves sideways before a page is turned.
const SWIPE_PIXELS = 60;

class PageStage extends HTMLElement {
  #zoom = new Zoom(this);
  #cut = h("input", { type: "range", min: "0", max: "100", step: "0.5", value: "50", class: "stage-cut" });
  #panes = [];
  #mode = "slider";
  #swipe = null;
  #page = null;

  connectedCallback() {
    if (this.firstChild) return;
    this.#cut.setAttribute("aria-label", t("compare.slider"));
    this.#cut.addEventListener("input", () => this.style.setProperty("--cut", `${this.#cut.value}%`));
    this.#cut.addEventListener("dblclick", () => this.#moveCut(50));
    this.#panes = [this.#pane("left"), this.#pane("right")];
    this.append(...this.#panes.map((pane) => pane.root), this.#cut);
    this.#zoom.listen();
    this.addEventListener("pointerdown", (event) => {
      if (event.pointerType === "touch" && this.#zoom.scale === 1) this.#swipe = event.clientX;
    });
    this.addEventListener("pointerup", (event) => this.#endSwipe(event.clientX));
    this.addEventListener("pointercancel", () => {
      this.#swipe = null;
    });
  }

  /** Shows a page: addresses of the original, of the colours (or null), of its metadata (or null), and its name. */
  show(page) {
    this.#page = page;
    const { before, after, name } = page;
    for (const { images } of this.#panes) {
      setPicture(images.before, before, t("compare.alt.before", { name }));
      setPicture(images.after, after ?? before, t(after ? "compare.alt.after" : "compare.alt.before", { name }));
    }
    this.classList.toggle("uncoloured", !after);
    this.#drawAnalysis();
  }

  /** slider, side, colour or original. */
  set mode(mode) {
    this.#mode = mode;
    this.dataset.mode = mode;
    this.#cut.hidden = mode !== "slider";
  }

  /** Whether what the analysis saw lies on top. */
  set overlay(isShown) {
    this.classList.toggle("with-overlay", isShown);
    this.#drawAnalysis();
  }

  /** Whether the original is shown for the moment. */
  set peek(isPeeking) {
    this.classList.toggle("peek", isPeeking);
  }

  /** Larger or smaller around the middle; 0 fits the page again. */
  zoomBy(factor) {
    if (factor === 0) this.#zoom.reset();
    else this.#zoom.by(factor);
  }

  /** Moves a page that is larger than the window. */
  pan(x, y) {
    this.#zoom.move(x, y);
  }

  /** Nothing is fetched before somebody wants to see it. */
  #drawAnalysis() {
    if (!this.#page || !this.classList.contains("with-overlay")) return;
    for (const { analysis } of this.#panes) analysis.show(this.#page.analysis ?? null, this.#page.name);
  }

  #pane(side) {
    const images = { after: picture("after"), before: picture("before") };
    const analysis = h("mf-page-analysis", { class: "overlay" });
    const edge = h("span", { class: "edge", "aria-hidden": "true" });
    const sheet = h("div", { class: "sheet" }, images.after, images.before, analysis, edge);
    images.before.addEventListener("load", () =>
      this.style.setProperty("--ratio", images.before.naturalWidth / images.before.naturalHeight),
    );
    // TIFF and its like are shown by no browser: the server has a picture of them that is.
    images.before.addEventListener("error", () => {
      const small = `${images.before.src.replace("/v1/assets/", "/v1/thumbnails/")}?width=2560`;
      if (images.before.src.includes("/v1/assets/")) images.before.src = small;
    });
    this.#dragEdge(edge, sheet);
    return {
      images,
      analysis,
      root: h(
        "div",
        { class: `pane ${side}` },
        sheet,
        h("span", { class: "side-name" }, t(side === "left" ? "compare.before" : "compare.after")),
      ),
    };
  }

  #dragEdge(edge, sheet) {
    edge.addEventListener("pointerdown", (event) => {
      event.stopPropagation();
      event.preventDefault();
      edge.setPointerCapture(event.pointerId);
    });
    edge.addEventListener("pointermove", (event) => {
      if (!edge.hasPointerCapture(event.pointerId)) return;
      const box = sheet.getBoundingClientRect();
      this.#moveCut(((event.clientX - box.left) / box.width) * 100);
    });
    edge.addEventListener("dblclick", () => this.#moveCut(50));
  }

  #moveCut(share) {
    this.#cut.value = String(Math.min(100, Math.max(0, share)));
    this.style.setProperty("--cut", `${this.#cut.value}%`);
  }

  #endSwipe(x) {
    const moved = this.#swipe === null ? 0 : x - this.#swipe;
    this.#swipe = null;
    if (this.#zoom.scale === 1 && Math.abs(moved) > SWIPE_PIXELS)
      this.dispatchEvent(new CustomEvent("swipe", { detail: moved > 0 ? "right" : "left" }));
  }
}

function picture(name) {
  return h("img", { class: name, alt: "", draggable: "false", decoding: "async" });
}

function setPicture(image, address, alt) {
  image.hidden = !address;
  image.alt = alt;
  if (address && image.getAttribute("src") !== address) image.src = address;
}

customElements.define("mf-page-stage", PageStage);
