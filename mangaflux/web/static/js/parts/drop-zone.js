// <mf-drop-zone>: takes files by drop, by picker, and (where it is asked to) by paste; sends "files".

import { h } from "../dom.js";
import { t } from "../i18n.js";
import { icon } from "../icons.js";
import { ACCEPTED, filesOf, filesOfInput } from "../intake.js";

class DropZone extends HTMLElement {
  connectedCallback() {
    if (this.firstChild) return;
    const kind = this.getAttribute("kind") ?? "pages";
    const files = this.#input({ multiple: true, accept: kind === "pages" ? ACCEPTED : "image/*" });
    const folder = this.#input({ webkitdirectory: true });
    const pick = h(
      "button",
      { type: "button", class: "button", on: { click: () => files.click() } },
      icon("add"),
      t(`drop.${kind}.pick`),
    );
    const pickFolder =
      kind === "pages" &&
      h(
        "button",
        { type: "button", class: "button plain", on: { click: () => folder.click() } },
        t("drop.pages.folder"),
      );
    this.append(
      files,
      folder,
      icon("image"),
      h("p", { class: "drop-title" }, t(`drop.${kind}.title`)),
      h("p", { class: "hint" }, t(`drop.${kind}.hint`)),
      h("div", { class: "row" }, pick, pickFolder),
    );
    takeDrops(this, (dropped) => this.#send(dropped));
  }

  #input(properties) {
    const input = h("input", { type: "file", hidden: true, ...properties });
    input.addEventListener("change", () => {
      this.#send(filesOfInput(input));
      input.value = "";
    });
    return input;
  }

  #send(files) {
    if (files.length) this.dispatchEvent(new CustomEvent("files", { detail: files }));
  }
}

/** Makes an element take drops; `onFiles` gets `[{path, file}]`. */
export function takeDrops(element, onFiles) {
  let depth = 0;
  const mark = (change) => {
    depth = change;
    element.classList.toggle("over", depth > 0);
  };
  element.addEventListener("dragenter", (event) => {
    event.preventDefault();
    mark(depth + 1);
  });
  element.addEventListener("dragleave", () => mark(Math.max(0, depth - 1)));
  element.addEventListener("dragover", (event) => {
    event.preventDefault();
    event.dataTransfer.dropEffect = "copy";
  });
  element.addEventListener("drop", async (event) => {
    mark(0);
    // What is inside has taken it; it came on so that no element around stays marked.
    if (event.defaultPrevented) return;
    event.preventDefault();
    onFiles(await filesOf(event.dataTransfer));
  });
}

customElements.define("mf-drop-zone", DropZone);
