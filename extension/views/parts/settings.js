// How pages are coloured and shown. Every change is kept at once.

import { FROM_VIEW } from "../../shared/messages.js";
import { fill, h, setText } from "../../studio/dom.js";
import { ask } from "../ask.js";
import { attempt } from "../attempt.js";
import { t } from "../text.js";

const ENGINES = ["auto", "flux", "lite"];
/** Keys that do something else while they are held. */
const NO_PEEK_KEYS = new Set(["Tab", "Enter", "Escape", " ", "Shift", "Control", "Alt", "Meta", "Dead"]);

export class Settings {
  #place;
  #engine = h("select", { id: "engine" }, ENGINES.map((each) => h("option", { value: each }, t(`view_engine_${each}`))));
  #strength = h("input", { type: "range", id: "strength", min: "0", max: "100", step: "5" });
  #strengthText = h("output", { class: "number", for: "strength" });
  #ahead = h("input", { type: "number", id: "ahead", min: "1", max: "500", step: "1" });
  #cap = h("input", { type: "number", id: "cap", min: "20", max: "10000", step: "10" });
  #peek = h("input", { type: "text", id: "peek", maxlength: "1", autocomplete: "off", spellcheck: "false" });
  #badges = h("input", { type: "checkbox", role: "switch", id: "badges" });

  constructor(place) {
    this.#place = place;
    this.#build();
    this.#listen();
  }

  /** Shows what the background knows now; a field that is being changed is left alone. */
  async look() {
    const { settings } = await ask(FROM_VIEW.SETTINGS_GET);
    show(this.#engine, settings.engine);
    show(this.#strength, Math.round(100 * settings.strength));
    show(this.#ahead, settings.ahead);
    show(this.#cap, settings.cacheMegabytes);
    show(this.#peek, settings.peekKey);
    this.#badges.checked = settings.badges;
    this.#sayStrength();
  }

  #build() {
    fill(
      this.#place,
      field(this.#engine, "view_engine", "view_engine_hint"),
      field(this.#strength, "view_strength", "view_strength_hint", this.#strengthText),
      h(
        "div",
        { class: "two" },
        field(this.#ahead, "view_ahead", "view_ahead_hint"),
        field(this.#cap, "view_cap", "view_cap_hint"),
      ),
      field(this.#peek, "view_peek", "view_peek_hint"),
      h("label", { class: "switch", for: "badges" }, h("span", { class: "grow label" }, t("view_badges")), this.#badges),
    );
  }

  #listen() {
    this.#engine.addEventListener("change", () => this.#set({ engine: this.#engine.value }));
    this.#strength.addEventListener("input", () => this.#sayStrength());
    this.#strength.addEventListener("change", () => this.#set({ strength: this.#strength.value / 100 }));
    this.#ahead.addEventListener("change", () => this.#setNumber(this.#ahead, "ahead"));
    this.#cap.addEventListener("change", () => this.#setNumber(this.#cap, "cacheMegabytes"));
    this.#badges.addEventListener("change", () => this.#set({ badges: this.#badges.checked }));
    this.#peek.addEventListener("keydown", (event) => this.#takeKey(event));
  }

  // One key is the setting: it is pressed, not spelled.
  #takeKey(event) {
    if (NO_PEEK_KEYS.has(event.key) || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    this.#peek.value = event.key;
    this.#set({ peekKey: event.key });
  }

  #setNumber(input, name) {
    input.setAttribute("aria-invalid", String(!input.checkValidity()));
    if (input.checkValidity() && input.value) this.#set({ [name]: Number(input.value) });
    else input.reportValidity();
  }

  #sayStrength() {
    const text = `${this.#strength.value} %`;
    setText(this.#strengthText, text);
    this.#strength.setAttribute("aria-valuetext", text);
  }

  #set(settings) {
    return attempt(() => ask(FROM_VIEW.SETTINGS_SET, { settings }));
  }
}

function show(input, value) {
  if (document.activeElement !== input) input.value = value;
}

function field(input, label, hint, output = null) {
  input.setAttribute("aria-describedby", `${input.id}-hint`);
  return h(
    "div",
    { class: "field" },
    h("div", { class: "row spread" }, h("label", { class: "label", for: input.id }, t(label)), output),
    input,
    h("p", { class: "hint", id: `${input.id}-hint` }, t(hint)),
  );
}
