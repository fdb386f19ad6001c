// <mf-preview-panel>: one page of the draft in colour, under a slider, before anything is committed.

import { sha256Of } from "../api.js";
import { fill, h } from "../dom.js";
import { draft } from "../draft.js";
import { withDraft } from "../draft-check.js";
import { t } from "../i18n.js";
import { icon } from "../icons.js";
import { reasonText, stageText, verdictText } from "../page-state.js";
import { tryPage } from "../preview.js";
import "./compare.js";
import { say } from "./toasts.js";

class PreviewPanel extends HTMLElement {
  #which = h("select", { id: "preview-page" });
  #button = h("button", { type: "button", class: "button" });
  #result = h("div", { class: "preview-result" });
  #status = h("p", { class: "hint", role: "status" });
  #running = null;
  #address = null;

  connectedCallback() {
    if (!this.firstChild) {
      this.append(
        h(
          "div",
          { class: "preview-tools" },
          h(
            "div",
            { class: "field grow" },
            h("label", { for: "preview-page", class: "heard" }, t("preview.which")),
            this.#which,
          ),
          this.#button,
        ),
        this.#status,
        this.#result,
      );
      this.#which.addEventListener("change", () => draft.set({ previewPage: Number(this.#which.value) }));
      this.#button.addEventListener("click", () => (this.#running ? this.#running.abort() : this.#try()));
    }
    draft.addEventListener("change", this.#onChange);
    this.#draw();
  }

  disconnectedCallback() {
    draft.removeEventListener("change", this.#onChange);
    this.#running?.abort();
    if (this.#address) URL.revokeObjectURL(this.#address);
  }

  #onChange = ({ detail }) => {
    if (detail.some((name) => ["pages", "references"].includes(name))) this.#draw();
  };

  #draw() {
    const pages = draft.get("pages");
    const chosen = Math.min(draft.get("previewPage") ?? representative(pages.length), Math.max(0, pages.length - 1));
    fill(
      this.#which,
      pages.map((page, index) =>
        h("option", { value: String(index) }, t("preview.page", { number: index + 1, name: page.name })),
      ),
    );
    this.#which.value = String(chosen);
    const ready = pages.length > 0 && draft.get("references").length > 0;
    this.#which.disabled = !ready;
    this.#button.disabled = !ready;
    this.#mark();
    if (!ready) this.#status.textContent = t("preview.hint");
    else if (this.#status.textContent === t("preview.hint")) this.#status.textContent = "";
  }

  #mark() {
    fill(
      this.#button,
      this.#running
        ? [h("span", { class: "spinner", "aria-hidden": "true" }), t("preview.stop")]
        : [icon("spark"), t("preview.try")],
    );
  }

  async #try() {
    const index = Number(this.#which.value);
    const page = draft.get("pages")[index];
    this.#running = new AbortController();
    this.#mark();
    this.#status.textContent = t("preview.waiting");
    try {
      const { signal } = this.#running;
      const onProgress = (data) => {
        this.#status.textContent = `${stageText(data)}…`;
      };
      const onPreview = (data) => this.#show(page, `data:${data.media_type};base64,${data.data}`);
      const result = await withDraft(() => tryPage(page, index + 1, { signal, onProgress, onPreview }));
      if (result) this.#finish(page, result);
    } catch (error) {
      this.#status.textContent = "";
      if (error.name === "Problem") say(error.message);
      else if (error.name !== "AbortError") throw error;
    } finally {
      this.#running = null;
      this.#mark();
    }
  }

  #finish(page, { colorized, reason, verdict }) {
    if (!colorized) {
      this.#status.textContent = t("preview.skipped", { why: reasonText(reason) });
      return;
    }
    if (this.#address) URL.revokeObjectURL(this.#address);
    this.#address = URL.createObjectURL(colorized);
    this.#show(page, this.#address);
    this.#status.textContent = verdict && verdict !== "acceptable" ? verdictText(verdict) : t("preview.done");
  }

  #show(page, address) {
    let compare = this.#result.querySelector("mf-compare");
    if (!compare) {
      compare = h("mf-compare");
      fill(this.#result, compare);
    }
    compare.style.setProperty("--aspect", `${page.width} / ${page.height}`);
    compare.show(`/v1/assets/${sha256Of(page.asset)}`, address, page.name);
  }
}

/** A page that tells something: not the cover, and not the page after it, which is often a title. */
function representative(count) {
  return count > 3 ? 2 : Math.floor(count / 2);
}

customElements.define("mf-preview-panel", PreviewPanel);
