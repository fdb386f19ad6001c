// The sites that were turned on, each with its style reference and its reading direction.

import { browser } from "../../shared/browser.js";
import { FROM_VIEW, hostPattern } from "../../shared/messages.js";
import { h } from "../../studio/dom.js";
import { icon } from "../../studio/icons.js";
import { ask } from "../ask.js";
import { attempt } from "../attempt.js";
import { t } from "../text.js";
import { KeyedList } from "./keyed-list.js";
import { ReferenceChoice } from "./reference-choice.js";
import { ReferenceUpload } from "./reference-upload.js";
import { siteName, turn } from "./site-switch.js";

const DIRECTIONS = ["auto", "rtl", "ltr", "vertical"];

export class Sites {
  #none = h("p", { class: "muted", hidden: true }, t("view_sites_none"));
  #list;
  #asked;

  /** `asked` is the origin whose style reference is to be chosen at once, or null. */
  constructor(place, asked) {
    this.#list = new KeyedList(h("ul", { class: "sites" }), (origin) => new SiteLine(origin));
    this.#asked = asked;
    place.append(this.#none, this.#list.element);
  }

  /** Shows what the background knows now. */
  async look() {
    const { sites } = await ask(FROM_VIEW.SITES_LIST);
    if (this.#asked && !sites.some((site) => site.origin === this.#asked)) sites.unshift(unknown(this.#asked));
    this.#none.hidden = sites.length > 0;
    this.#list.update(sites, (site) => site.origin);
    if (this.#asked) this.#list.get(this.#asked).openUpload();
    this.#asked = null;
  }
}

function unknown(origin) {
  return { origin, on: false, granted: false, reference: null, direction: null };
}

class SiteLine {
  #origin;
  #site = null;
  #on = h("input", { type: "checkbox", role: "switch" });
  #refused = h("p", { class: "error small", role: "status" });
  #direction;
  #reference;
  #upload;

  element;

  constructor(origin) {
    this.#origin = origin;
    const name = siteName(origin);
    this.#on.setAttribute("aria-label", t("view_site_switch_of", { site: name }));
    this.#on.addEventListener("change", () => this.#turn());
    this.#direction = h(
      "select",
      { "aria-label": t("view_direction_of", { site: name }), on: { change: () => this.#setDirection() } },
      DIRECTIONS.map((each) => h("option", { value: each }, t(`view_direction_${each}`))),
    );
    this.#reference = new ReferenceChoice({
      choose: (_origin, sha256) => this.#set({ reference: sha256 }),
      upload: () => this.openUpload(),
    });
    this.#upload = new ReferenceUpload((sha256) => this.#take(sha256));
    this.element = h(
      "li",
      { class: "stack tight" },
      h("div", { class: "row nowrap" }, h("h3", { class: "grow clip" }, name), this.#on, this.#removal(name)),
      this.#refused,
      h("div", { class: "site-fields" }, this.#reference.element, h("div", { class: "field" }, this.#direction)),
      this.#upload.element,
    );
  }

  /** Shows the site as the background describes it. */
  update(site) {
    this.#site = site;
    this.#on.checked = site.on && site.granted;
    if (document.activeElement !== this.#direction) this.#direction.value = site.direction ?? "auto";
    this.#reference.update(site);
  }

  /** Opens the place to drop a new style reference, and goes there. */
  openUpload() {
    this.#upload.open();
  }

  async #take(sha256) {
    await this.#set({ reference: sha256 });
    this.#reference.forget();
  }

  #setDirection() {
    const { value } = this.#direction;
    return this.#set({ direction: value === "auto" ? null : value });
  }

  #set(changes) {
    return attempt(() => ask(FROM_VIEW.SITE_SET, { origin: this.#origin, ...changes }));
  }

  async #turn() {
    const on = this.#on.checked;
    this.#refused.textContent = "";
    const allowed = await attempt(() => turn({ origin: this.#origin }, on));
    if (allowed === false) this.#refused.textContent = t("view_site_refused_text");
    this.#on.checked = on && allowed === true;
  }

  #removal(name) {
    const click = async () => {
      await this.#set({ on: false });
      await browser.permissions.remove({ origins: [hostPattern(this.#origin)] });
      this.#on.checked = false;
    };
    const label = t("view_site_forget", { site: name });
    return h(
      "button",
      { type: "button", class: "button plain icon small", "aria-label": label, title: label, on: { click } },
      icon("trash"),
    );
  }
}
