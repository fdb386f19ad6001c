// <mf-reference-picker>: the pictures that colours are taken from: up to four, new ones or those used before.

import { get, sha256Of, thumbnail, tried } from "../api.js";
import { fill, h } from "../dom.js";
import { draft } from "../draft.js";
import { t } from "../i18n.js";
import { icon } from "../icons.js";
import { live } from "../live.js";
import { uploadAll } from "../uploads.js";
import "./drop-zone.js";
import { imagesOrWord } from "./taking.js";
import { attempt, say } from "./toasts.js";

//: What the server takes for one job.
const MAX_REFERENCES = 4;
//: Those used before that are offered.
const MAX_RECENT = 12;

class ReferencePicker extends HTMLElement {
  #chosen = h("ul", { class: "references", "aria-label": t("reference.chosen") });
  #zone = h("mf-drop-zone", { kind: "reference" });
  #recent = h("div", { class: "recent" });
  #known = [];

  connectedCallback() {
    if (!this.firstChild) {
      this.append(this.#chosen, this.#zone, this.#recent);
      this.#zone.addEventListener("files", ({ detail }) => this.take(detail));
    }
    draft.addEventListener("change", this.#onChange);
    live.addEventListener("resync", this.#again);
    this.#draw();
    this.#readKnown();
  }

  disconnectedCallback() {
    draft.removeEventListener("change", this.#onChange);
    live.removeEventListener("resync", this.#again);
  }

  #again = () => this.#readKnown();

  /** Stores pictures and chooses them. */
  async take(files) {
    const found = await imagesOrWord(files);
    if (!found) return;
    const { images } = found;
    await attempt(() =>
      uploadAll(images.slice(0, MAX_REFERENCES), {
        onDone: (_index, asset) => this.#choose(asset.asset_id),
        onRefused: (index, error) => say(t("drop.refused", { name: images[index].name, why: error.message })),
      }),
    );
  }

  #onChange = ({ detail }) => {
    if (detail.includes("references")) this.#draw();
  };

  #choose(assetId) {
    const references = draft.get("references").filter((each) => each !== assetId);
    draft.set({ references: [...references, assetId].slice(-MAX_REFERENCES) });
  }

  async #readKnown() {
    const { body } = await tried(get("/v1/references"));
    const known = body?.references.map((each) => each.asset_id) ?? this.#known;
    // The same buttons made anew would only take the focus from them.
    if (String(known) === String(this.#known)) return;
    this.#known = known;
    this.#draw();
  }

  #draw() {
    const chosen = draft.get("references");
    this.#zone.classList.toggle("small-zone", chosen.length > 0);
    this.#zone.hidden = chosen.length >= MAX_REFERENCES;
    fill(
      this.#chosen,
      chosen.map((assetId, index) =>
        h(
          "li",
          {},
          h("img", { src: thumbnail(sha256Of(assetId), 640), alt: t("reference.picture", { number: index + 1 }) }),
          h(
            "button",
            {
              type: "button",
              class: "draft-remove",
              "aria-label": t("reference.remove", { number: index + 1 }),
              on: { click: () => this.#drop(assetId) },
            },
            icon("close"),
          ),
        ),
      ),
    );
    const others = this.#known.filter((each) => !chosen.includes(each)).slice(0, MAX_RECENT);
    this.#recent.hidden = !others.length;
    fill(
      this.#recent,
      h("p", { class: "hint" }, t("reference.recent")),
      h(
        "div",
        { class: "recent-row" },
        others.map((assetId, index) =>
          h(
            "button",
            {
              type: "button",
              "aria-label": t("reference.use", { number: index + 1 }),
              on: { click: () => this.#choose(assetId) },
            },
            h("img", { src: thumbnail(sha256Of(assetId), 160), alt: "", loading: "lazy" }),
          ),
        ),
      ),
    );
  }

  #drop(assetId) {
    draft.set({ references: draft.get("references").filter((each) => each !== assetId) });
  }
}

customElements.define("mf-reference-picker", ReferencePicker);
