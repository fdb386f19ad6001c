// <mf-reader-bar>: what can be done in the reader; sends "mode", "direction", "zoom", "peek", "overlay" and "info".

import { h, setText } from "../dom.js";
import { t } from "../i18n.js";
import { icon } from "../icons.js";
import { choose, segments } from "./segments.js";

const ICONS = { slider: "compare", side: "panel", colour: "colour", original: "image" };
const DIRECTIONS = { rtl: "left", ltr: "right", vertical: "strip" };
//: What a strip can show: a slider would have to be on every page.
const STRIP_MODES = ["colour", "original"];
//: How much larger one step makes a page.
const ZOOM = 1.4;

/** The ways to look at a page, in their order. */
export const MODES = Object.keys(ICONS);

class ReaderBar extends HTMLElement {
  #count = h("span", { class: "number muted" });
  #modes = this.#choices("mode", t("reader.mode"), ICONS, (mode) => t(`reader.mode.${mode}`));
  #directions = this.#choices("direction", t("settings.direction"), DIRECTIONS, (way) => t(`direction.${way}`));
  #overlay = this.#tool("layers", t("reader.overlay"), () => this.#send("overlay"));
  #zoomOut = this.#tool("zoomout", t("reader.zoomout"), () => this.#send("zoom", 1 / ZOOM));
  #zoomIn = this.#tool("zoomin", t("reader.zoomin"), () => this.#send("zoom", ZOOM));
  #peek = this.#peekButton();
  #info = this.#tool("info", t("reader.info"), () => this.#send("info"));

  connectedCallback() {
    if (this.firstChild) return;
    const chapterId = this.getAttribute("chapter");
    const back = t("reader.back");
    const leave = { class: "button icon plain", href: `#/chapter/${chapterId}`, "aria-label": back, title: back };
    this.append(
      h("a", leave, icon("back")),
      h("h1", { class: "clip reader-title" }, chapterId),
      this.#count,
      h("div", { class: "reader-modes" }, this.#modes),
      h("div", { class: "reader-directions" }, this.#directions),
      h(
        "div",
        { class: "row reader-tools" },
        this.#zoomOut,
        this.#zoomIn,
        this.#peek,
        this.#overlay,
        this.#info,
      ),
    );
  }

  set mode(mode) {
    choose(this.#modes, mode);
  }

  set direction(direction) {
    choose(this.#directions, direction);
  }

  /** What can be done with what is shown now; what cannot is dimmed, and says why where that is not plain to see. */
  set able({ zoomOut, zoomIn, isColoured, isAnalysed, isStrip }) {
    setAble(this.#zoomOut, zoomOut && !isStrip, isStrip && t("reader.strip.zoom"));
    setAble(this.#zoomIn, zoomIn && !isStrip, isStrip && t("reader.strip.zoom"));
    setAble(this.#peek, isColoured, t("info.none"));
    setAble(this.#overlay, isAnalysed, t("reader.unseen"));
    for (const input of this.#modes.querySelectorAll("input"))
      input.disabled = isStrip && !STRIP_MODES.includes(input.value);
  }

  /** Which page it is, of how many. */
  set place(text) {
    setText(this.#count, text);
  }

  set overlay(isShown) {
    this.#overlay.setAttribute("aria-pressed", String(isShown));
  }

  set info(isShown) {
    this.#info.setAttribute("aria-pressed", String(isShown));
  }

  #send(type, detail) {
    this.dispatchEvent(new CustomEvent(type, { detail }));
  }

  #choices(type, label, pictures, nameOf) {
    const options = Object.entries(pictures).map(([value, picture]) => [value, nameOf(value), icon(picture)]);
    return segments(label, options, null, (value) => this.#send(type, value));
  }

  #tool(picture, label, work) {
    const properties = { type: "button", class: "button icon plain", "aria-label": label, title: label };
    return h("button", { ...properties, on: { click: whenAble(work) } }, icon(picture));
  }

  /** A button that works while it is held, by hand or by key. */
  #peekButton() {
    const button = this.#tool("eye", t("reader.peek"), () => {});
    const hold = (isHeld) => () => this.#send("peek", isHeld);
    button.addEventListener("pointerdown", hold(true));
    for (const type of ["pointerup", "pointerleave", "keyup", "blur"]) button.addEventListener(type, hold(false));
    button.addEventListener("keydown", ({ key, repeat }) => {
      if ((key === " " || key === "Enter") && !repeat) this.#send("peek", true);
    });
    return button;
  }
}

/** Dims a button, or lights it up. Not `disabled`: keys would lose the focus, and screen readers the reason. */
export function setAble(button, isAble, why) {
  const label = button.getAttribute("aria-label");
  button.setAttribute("aria-disabled", String(!isAble));
  button.title = isAble || !why ? label : `${label}: ${why}`;
}

/** What a click on such a button does: nothing while it is dimmed. */
export function whenAble(work) {
  return ({ currentTarget }) => currentTarget.ariaDisabled !== "true" && work();
}

customElements.define("mf-reader-bar", ReaderBar);
