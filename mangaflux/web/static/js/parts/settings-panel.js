// <mf-settings-panel>: how the chapter is coloured: its name, the engine, how strong, which way it is read, the seed.

import { get } from "../api.js";
import { fill, h } from "../dom.js";
import { draft, isChapterId } from "../draft.js";
import { percent } from "../format.js";
import { t } from "../i18n.js";
import { icon } from "../icons.js";
import { live } from "../live.js";
import { segments } from "./segments.js";

const MAX_SEED = 2 ** 31 - 1;

class SettingsPanel extends HTMLElement {
  #name = h("input", {
    type: "text",
    id: "chapter-name",
    maxlength: "64",
    spellcheck: "false",
    autocomplete: "off",
    "aria-describedby": "chapter-error",
  });
  #nameError = h("p", { class: "error", id: "chapter-error", role: "alert" });
  #engines = h("div", { class: "choices" });
  //: The answer that the choices were made of; the same one again would only take the focus from them.
  #shown = "";

  connectedCallback() {
    if (!this.firstChild) this.#build();
    draft.addEventListener("change", this.#onChange);
    live.addEventListener("resync", this.#again);
    this.#readEngines();
  }

  disconnectedCallback() {
    draft.removeEventListener("change", this.#onChange);
    live.removeEventListener("resync", this.#again);
  }

  #again = () => this.#readEngines();

  #onChange = ({ detail }) => {
    const id = draft.get("chapterId");
    if (detail.includes("chapterId") && this.#name.value !== id) {
      this.#name.value = id;
      this.#checkName();
    }
  };

  #build() {
    this.#name.value = draft.get("chapterId");
    this.#name.addEventListener("input", () => {
      draft.set({ chapterId: this.#name.value.trim(), named: true });
      this.#checkName();
    });
    const directions = [
      ["rtl", t("direction.rtl"), icon("left")],
      ["ltr", t("direction.ltr"), icon("right")],
      ["vertical", t("direction.vertical"), icon("strip")],
    ];
    this.append(
      h(
        "div",
        { class: "stack" },
        h(
          "div",
          { class: "field" },
          h("label", { for: "chapter-name" }, t("settings.name")),
          this.#name,
          this.#nameError,
        ),
        h("fieldset", { class: "field" }, h("legend", { class: "label" }, t("settings.engine")), this.#engines),
        this.#strength(),
        h(
          "div",
          { class: "field" },
          h("span", { class: "label" }, t("settings.direction")),
          segments(t("settings.direction"), directions, draft.get("direction"), (direction) =>
            draft.set({ direction }),
          ),
        ),
        this.#seed(),
      ),
    );
  }

  #checkName() {
    const wrong = Boolean(this.#name.value) && !isChapterId(this.#name.value.trim());
    this.#name.setAttribute("aria-invalid", String(wrong));
    this.#nameError.textContent = wrong ? t("settings.name.wrong") : "";
  }

  #strength() {
    const shown = h("output", { class: "number", for: "strength" }, percent(draft.get("strength")));
    const slider = h("input", {
      type: "range",
      id: "strength",
      min: "0",
      max: "1",
      step: "0.05",
      value: String(draft.get("strength")),
    });
    slider.addEventListener("input", () => {
      shown.textContent = percent(Number(slider.value));
      draft.set({ strength: Number(slider.value) });
    });
    return h(
      "div",
      { class: "field" },
      h("div", { class: "row spread" }, h("label", { for: "strength", class: "label" }, t("settings.strength")), shown),
      slider,
    );
  }

  #seed() {
    const number = h("input", {
      type: "number",
      id: "seed",
      min: "0",
      max: String(MAX_SEED),
      step: "1",
      value: String(draft.get("seed")),
    });
    const holder = h(
      "div",
      { class: "field", hidden: draft.get("seedMode") !== "fixed" },
      h("label", { for: "seed" }, t("seed.number")),
      number,
    );
    number.addEventListener("input", () =>
      draft.set({ seed: Math.min(MAX_SEED, Math.max(0, Math.round(Number(number.value) || 0))) }),
    );
    const choose = (seedMode) => {
      draft.set({ seedMode });
      holder.hidden = seedMode !== "fixed";
    };
    const modes = ["metadata", "random", "fixed"].map((mode) => [mode, t(`seed.${mode}`)]);
    return h(
      "details",
      {},
      h("summary", {}, t("settings.more")),
      h(
        "div",
        { class: "stack" },
        h(
          "div",
          { class: "field" },
          h("span", { class: "label" }, t("settings.seed")),
          segments(t("settings.seed"), modes, draft.get("seedMode"), choose),
          h("p", { class: "hint" }, t("seed.hint")),
        ),
        holder,
      ),
    );
  }

  async #readEngines() {
    try {
      const answer = await get("/v1/engines");
      if (JSON.stringify(answer) === this.#shown) return;
      this.#shown = JSON.stringify(answer);
      const { engines, default: usual } = answer;
      const chosen = engines.find((engine) => engine.available && engine.name === draft.get("engine"))?.name ?? usual;
      if (chosen !== draft.get("engine")) draft.set({ engine: chosen });
      fill(
        this.#engines,
        engines.map((engine) => this.#choice(engine, chosen)),
      );
    } catch (error) {
      if (error.name !== "Problem") throw error;
      if (!this.#shown) fill(this.#engines, h("p", { class: "hint" }, error.message));
    }
  }

  #choice(engine, chosen) {
    const input = h("input", {
      type: "radio",
      name: "engine",
      value: engine.name,
      checked: engine.name === chosen,
      disabled: !engine.available,
    });
    input.addEventListener("change", () => draft.set({ engine: engine.name }));
    const about = engine.available
      ? h("p", {}, t(`engine.${engine.name}`))
      : [
          h("p", {}, `${t("engine.cannot")} ${engine.reason}`),
          engine.fix && h("p", {}, `${t("engine.fix")} ${engine.fix}`),
        ];
    return h("label", { class: "choice" }, input, h("div", { class: "grow" }, h("strong", {}, engine.name), about));
  }
}

customElements.define("mf-settings-panel", SettingsPanel);
