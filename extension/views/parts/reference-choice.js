// The picture that a site's pages get their colours from: which one it is, and those used before to choose from.

import { FROM_VIEW } from "../../shared/messages.js";
import { fill, h, setText } from "../../studio/dom.js";
import { icon } from "../../studio/icons.js";
import { ask } from "../ask.js";
import { t } from "../text.js";

/** How many of those used before are offered. */
const MAX_RECENT = 12;

/** Those used before, with their pictures: asked for once for all choices of a view. @type {Promise<object>|null} */
let asked = null;

export class ReferenceChoice {
  #picture = h("span", { class: "reference-picture" });
  #name = h("span", { class: "clip" });
  #toggle = h("button", { type: "button", class: "button small", "aria-expanded": "false" }, t("view_reference_change"));
  #choices = h("div", { class: "reference-choices", hidden: true });
  #known = null;
  #site = null;
  #choose;
  #upload;

  element = h(
    "section",
    { class: "reference stack tight", "aria-label": t("view_reference") },
    h(
      "div",
      { class: "row nowrap" },
      this.#picture,
      h("div", { class: "grow stack none" }, h("span", { class: "label" }, t("view_reference")), this.#name),
      this.#toggle,
    ),
    this.#choices,
  );

  /** `choose(origin, sha256)` takes one of those known, `upload(origin)` opens the way to new ones. */
  constructor({ choose, upload }) {
    this.#choose = choose;
    this.#upload = upload;
    this.#toggle.addEventListener("click", () => this.open(this.#choices.hidden));
  }

  /** Shows the reference of a site. */
  update(site) {
    const changed = this.#site?.reference !== site.reference;
    this.#site = site;
    if (changed) this.#draw();
    if (this.#known === null) this.#read();
  }

  /** Opens or closes the choice of those used before. */
  open(wanted) {
    this.#choices.hidden = !wanted;
    this.#toggle.setAttribute("aria-expanded", String(wanted));
  }

  /** Forgets which are known: they are asked for again when the site is shown next. */
  forget() {
    asked = null;
    this.#known = null;
  }

  async #read() {
    this.#known = [];
    asked ??= ask(FROM_VIEW.REFERENCES_LIST);
    try {
      this.#known = (await asked).references;
    } catch (error) {
      if (error.name !== "Refusal") throw error;
      this.forget();
    }
    this.#draw();
  }

  #draw() {
    const chosen = this.#known?.find((each) => each.sha256 === this.#site.reference);
    fill(this.#picture, chosen?.thumbnail ? h("img", { src: chosen.thumbnail, alt: "" }) : icon("image"));
    setText(this.#name, this.#site.reference ? chosen?.name || t("view_reference_chosen") : t("view_reference_none"));
    setText(this.#toggle, t(this.#site.reference ? "view_reference_change" : "view_reference_choose"));
    fill(
      this.#choices,
      (this.#known ?? []).slice(0, MAX_RECENT).map((each, index) => this.#choice(each, index + 1)),
      h(
        "button",
        { type: "button", class: "button small", on: { click: () => this.#upload(this.#site.origin) } },
        icon("add"),
        t("view_reference_new"),
      ),
    );
  }

  #choice({ sha256, thumbnail, name }, number) {
    const click = async () => {
      await this.#choose(this.#site.origin, sha256);
      this.open(false);
      this.#toggle.focus();
    };
    const label = t("view_reference_use", { name: name || t("view_reference_number", { number }) });
    return h(
      "button",
      {
        type: "button",
        class: "reference-picture",
        title: name,
        "aria-label": label,
        "aria-pressed": String(sha256 === this.#site.reference),
        on: { click },
      },
      thumbnail ? h("img", { src: thumbnail, alt: "" }) : icon("image"),
    );
  }
}
