// A place for a new style reference: choose a file, drop one, or paste a picture.

import { toBase64 } from "../../shared/base64.js";
import { FROM_VIEW } from "../../shared/messages.js";
import { h, setText } from "../../studio/dom.js";
import { ask } from "../ask.js";
import { attempt } from "../attempt.js";
import { t } from "../text.js";

export class ReferenceUpload {
  #onStored;
  #input = h("input", { type: "file", accept: "image/*", class: "heard", tabindex: "-1", "aria-hidden": "true" });
  #pick = h("button", { type: "button", class: "button small main" }, t("view_reference_pick"));
  #said = h("p", { class: "hint", role: "status" });

  element = h(
    "div",
    { class: "drop stack tight", hidden: true, tabindex: "-1" },
    h("p", {}, t("view_reference_drop")),
    h("p", { class: "hint" }, t("view_reference_hint")),
    h("div", { class: "row" }, this.#pick, this.#input),
    this.#said,
  );

  /** `onStored(sha256)` hears of each picture that the background has taken. */
  constructor(onStored) {
    this.#onStored = onStored;
    this.#pick.addEventListener("click", () => this.#input.click());
    this.#input.addEventListener("change", () => this.#take(this.#input.files));
    this.element.addEventListener("dragover", (event) => {
      event.preventDefault();
      this.element.classList.add("over");
    });
    this.element.addEventListener("dragleave", () => this.element.classList.remove("over"));
    this.element.addEventListener("drop", (event) => {
      event.preventDefault();
      this.element.classList.remove("over");
      this.#take(event.dataTransfer.files);
    });
    document.addEventListener("paste", (event) => {
      if (!this.element.hidden) this.#take(event.clipboardData.files);
    });
  }

  /** Shows the place, and goes there. */
  open() {
    this.element.hidden = false;
    this.element.scrollIntoView({ block: "center" });
    this.#pick.focus();
  }

  async #take(files) {
    const file = [...files].find((each) => each.type.startsWith("image/"));
    if (!file) {
      setText(this.#said, t("view_reference_no_picture"));
      return;
    }
    setText(this.#said, t("view_reference_sending", { name: file.name }));
    const values = { name: file.name, mime: file.type, base64: await toBase64(file) };
    const stored = await attempt(() => ask(FROM_VIEW.REFERENCES_ADD, values));
    setText(this.#said, "");
    this.#input.value = "";
    if (!stored) return;
    await this.#onStored(stored.sha256);
    this.element.hidden = true;
  }
}
