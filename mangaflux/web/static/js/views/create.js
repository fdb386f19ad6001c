// <mf-create>: drop pages, choose a style, try one page, start.

import { post } from "../api.js";
import { fill, h, perFrame, randomName, setText } from "../dom.js";
import { chapterIdOf, draft, isChapterId } from "../draft.js";
import { withDraft } from "../draft-check.js";
import { byNaturalName } from "../format.js";
import { t } from "../i18n.js";
import { icon } from "../icons.js";
import { filesOf } from "../intake.js";
import "../parts/drop-zone.js";
import { takeDrops } from "../parts/drop-zone.js";
import "../parts/page-list.js";
import "../parts/preview-panel.js";
import "../parts/reference-picker.js";
import "../parts/settings-panel.js";
import { imagesOrWord } from "../parts/taking.js";
import { attempt, confirm, say } from "../parts/toasts.js";
import { clearLeftovers } from "../preview.js";
import { uploadAll } from "../uploads.js";

//: What the server takes for one job, unless its settings say otherwise.
const MAX_PAGES = 500;

class Create extends HTMLElement {
  #zone = h("mf-drop-zone", { kind: "pages" });
  #count = h("span", { class: "muted number" });
  #clear = h("button", { type: "button", class: "button plain", on: { click: () => this.#askClear() } });
  #uploading = h("div", { class: "uploading", hidden: true });
  #bar = h("i");
  #uploadText = h("p", { class: "hint", role: "status" });
  #start = h("button", { type: "button", class: "button main large", on: { click: () => this.#submit() } });
  #why = h("p", { class: "hint", id: "start-why" });
  #steps = {};
  #pending = 0;
  #arrived = [];
  #key = randomName();

  connectedCallback() {
    if (!this.firstChild) this.#build();
    draft.addEventListener("change", this.#draw);
    window.addEventListener("paste", this.#paste);
    window.addEventListener("beforeunload", this.#leave);
    clearLeftovers();
    this.#draw();
  }

  disconnectedCallback() {
    draft.removeEventListener("change", this.#draw);
    window.removeEventListener("paste", this.#paste);
    window.removeEventListener("beforeunload", this.#leave);
  }

  // Files that have not arrived yet would be lost.
  #leave = (event) => {
    if (this.#pending) event.preventDefault();
  };

  #build() {
    this.#clear.append(icon("trash"), t("pages.clear"));
    this.#start.setAttribute("aria-describedby", "start-why");
    this.#uploading.append(h("div", { class: "bar" }, this.#bar), this.#uploadText);
    this.#zone.addEventListener("files", ({ detail }) => this.#take(detail));
    const picker = h("mf-reference-picker");
    const pages = this.#card("pages", 1, this.#uploading, h("mf-page-list"), this.#zone);
    pages.querySelector("h2").append(h("span", { class: "grow" }), this.#count, this.#clear);
    const style = this.#card("style", 2, picker);
    takeDrops(style, (files) => picker.take(files));
    this.append(
      h(
        "div",
        { class: "view-head" },
        h("div", {}, h("h1", {}, t("create.title")), h("p", { class: "lede" }, t("create.lede"))),
      ),
      h(
        "div",
        { class: "create-grid" },
        pages,
        h("div", { class: "stack" }, style, this.#card("settings", 3, h("mf-settings-panel"))),
        this.#card("try", 4, h("mf-preview-panel")),
      ),
      h("div", { class: "start-bar" }, this.#why, this.#start),
    );
    takeDrops(this, (files) => this.#take(files));
  }

  #card(name, number, ...children) {
    const step = h("span", { class: "step", "aria-hidden": "true" }, String(number));
    this.#steps[name] = step;
    return h(
      "section",
      { class: `card card-${name}`, "aria-labelledby": `card-${name}` },
      h("h2", {}, step, h("span", { id: `card-${name}` }, t(`create.${name}`))),
      ...children,
    );
  }

  #paste = async (event) => {
    if (event.target.matches?.("input, textarea")) return;
    const files = await filesOf(event.clipboardData);
    if (files.length) this.#take(files);
  };

  async #take(files) {
    const found = await imagesOrWord(files);
    if (!found) return;
    const { images, title } = found;
    const room = MAX_PAGES - draft.get("pages").length;
    if (images.length > room) say(t("drop.many", { count: MAX_PAGES }));
    if (!draft.get("named"))
      draft.set({ chapterId: chapterIdOf(title) || draft.get("chapterId") || t("create.chapter") });
    await this.#upload(images.slice(0, room));
  }

  async #upload(images) {
    let done = 0;
    this.#pending += images.length;
    const step = () => {
      done += 1;
      this.#pending -= 1;
      this.#progress(done, images.length);
    };
    this.#progress(0, images.length);
    await attempt(() =>
      uploadAll(images, {
        onDone: (index, asset) => {
          this.#arrived.push({
            asset: asset.asset_id,
            name: images[index].name,
            width: asset.width,
            height: asset.height,
          });
          this.#keep();
          step();
        },
        onRefused: (index, error) => {
          step();
          say(t("drop.refused", { name: images[index].name, why: error.message }));
        },
      }),
    );
    this.#pending -= images.length - done;
    this.#progress(done, images.length);
  }

  /** Keeps what has arrived; sorted by name over all drops, as the server numbers pages. */
  #keep = perFrame(() => {
    const pages = [...draft.get("pages"), ...this.#arrived.splice(0)];
    draft.set({ pages: pages.sort((left, right) => byNaturalName(left.name, right.name)) });
  });

  #progress(done, total) {
    this.#uploading.hidden = this.#pending === 0;
    this.#bar.style.setProperty("--share", total ? done / total : 0);
    setText(this.#uploadText, t("pages.uploading", { done, total }));
    this.#draw();
  }

  #draw = () => {
    const pages = draft.get("pages").length;
    const references = draft.get("references").length;
    this.classList.toggle("has-pages", pages > 0);
    this.#zone.classList.toggle("small-zone", pages > 0);
    this.#clear.hidden = pages === 0;
    setText(this.#count, pages ? t("pages.count", { count: pages }) : "");
    this.#done("pages", pages > 0);
    this.#done("style", references > 0);
    const why = this.#obstacle(pages, references);
    setText(this.#why, why);
    this.#start.disabled = Boolean(why);
    fill(this.#start, icon("colour"), pages ? t("create.start", { count: pages }) : t("create.start.none"));
  };

  #done(name, isDone) {
    const step = this.#steps[name];
    if (step.classList.contains("done") === isDone) return;
    step.classList.toggle("done", isDone);
    fill(step, isDone ? icon("check") : { pages: "1", style: "2" }[name]);
  }

  #obstacle(pages, references) {
    if (this.#pending) return t("create.why.uploading");
    if (!pages) return t("create.why.pages");
    if (!references) return t("create.why.style");
    if (!isChapterId(draft.get("chapterId"))) return t("create.why.name");
    return "";
  }

  async #askClear() {
    if (await confirm(t("pages.clear.title"), t("pages.clear.text"), t("pages.clear"))) draft.clearPages();
  }

  async #submit() {
    this.#start.disabled = true;
    await attempt(async () => {
      // The same key again is the same job: an answer that gets lost on its way costs no second chapter.
      const headers = { "Idempotency-Key": this.#key };
      const job = await withDraft(() => post("/v1/jobs/two-pass", draft.request(), { headers }));
      this.#key = randomName();
      if (!job) return;
      draft.clearPages();
      location.hash = `#/job/${job.job_id}`;
    });
    this.#draw();
  }
}

customElements.define("mf-create", Create);
