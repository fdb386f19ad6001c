// <mf-pairing>: address and token as a QR code for another device. The server never sends the token: a person types it.

import { copyOf, h } from "../dom.js";
import { t } from "../i18n.js";
import { icon } from "../icons.js";
import "./qr-code.js";

const LOOPBACK = /^(localhost|127\.|\[?::1)/;

class Pairing extends HTMLElement {
  #address = h("input", {
    type: "url",
    id: "pair-address",
    required: true,
    value: location.origin,
    spellcheck: "false",
    autocomplete: "off",
  });
  #token = h("input", { type: "password", id: "pair-token", autocomplete: "off" });
  #code = h("mf-qr-code");
  #link = h("input", { type: "text", id: "pair-link", readonly: true, spellcheck: "false" });
  #shown = h("div", { class: "stack", hidden: true });
  #note = h("p", { class: "hint", role: "status" });

  connectedCallback() {
    if (this.firstChild) return;
    const form = h(
      "form",
      { class: "stack" },
      h("p", { class: "muted" }, t("pair.text")),
      h(
        "div",
        { class: "field" },
        h("label", { for: "pair-address" }, t("pair.address")),
        this.#address,
        LOOPBACK.test(location.hostname) && h("p", { class: "hint" }, t("pair.loopback")),
      ),
      h("div", { class: "field" }, h("label", { for: "pair-token" }, t("token.label")), this.#token),
      h("div", {}, h("button", { class: "button main" }, t("pair.show"))),
    );
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.#draw();
    });
    for (const field of [this.#address, this.#token])
      field.addEventListener("input", () => {
        this.#shown.hidden = true;
        this.#note.textContent = "";
      });
    this.#link.addEventListener("focus", () => this.#link.select());
    this.#shown.append(
      this.#code,
      h(
        "div",
        { class: "field" },
        h("label", { for: "pair-link" }, t("pair.link")),
        h("div", { class: "row pair-link" }, this.#link, this.#copyButton()),
      ),
    );
    this.append(form, this.#shown, this.#note);
  }

  #copyButton() {
    const click = async () => {
      this.#note.textContent = t((await copyOf(this.#link)) ? "copy.done" : "copy.keys");
    };
    return h("button", { type: "button", class: "button", on: { click } }, icon("copy"), t("copy"));
  }

  #draw() {
    const query = new URLSearchParams({
      address: this.#address.value.replace(/\/$/, ""),
      token: this.#token.value.trim(),
    });
    this.#link.value = `mangaflux://pair?${query}`;
    this.#shown.hidden = false;
    this.#code.hidden = false;
    this.#note.textContent = t("pair.shown");
    try {
      this.#code.show(this.#link.value, t("pair.code"));
    } catch (error) {
      if (!(error instanceof RangeError)) throw error;
      // The text works at any length.
      this.#code.hidden = true;
      this.#note.textContent = t("pair.long");
    }
  }
}

customElements.define("mf-pairing", Pairing);
