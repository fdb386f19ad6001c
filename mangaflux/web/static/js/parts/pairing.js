// <mf-pairing>: address and token as a QR code for another device. The server never sends the token: a person types it.

import { h } from "../dom.js";
import { t } from "../i18n.js";
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
  #code = h("mf-qr-code", { hidden: true });
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
        this.#code.hidden = true;
        this.#note.textContent = "";
      });
    this.append(form, this.#code, this.#note);
  }

  #draw() {
    const query = new URLSearchParams({
      address: this.#address.value.replace(/\/$/, ""),
      token: this.#token.value.trim(),
    });
    try {
      this.#code.show(`mangaflux://pair?${query}`, t("pair.code"));
      this.#code.hidden = false;
      this.#note.textContent = t("pair.shown");
    } catch (error) {
      if (!(error instanceof RangeError)) throw error;
      this.#code.hidden = true;
      this.#note.textContent = t("pair.long");
    }
  }
}

customElements.define("mf-pairing", Pairing);
