// <mf-chapter>: the pages of one chapter as they are now, from whichever jobs they came.

import { readChapter } from "../chapter.js";
import { fill, h, setText, settled } from "../dom.js";
import { draft } from "../draft.js";
import { t } from "../i18n.js";
import { icon } from "../icons.js";
import { deleteChapter, retryJob, retryLabel } from "../job-actions.js";
import { live } from "../live.js";
import { unread } from "../parts/empty.js";
import "../parts/page-tile.js";

const SILENCE_MILLISECONDS = 600;

class Chapter extends HTMLElement {
  #chapterId = "";
  #grid = h("div", { class: "tiles", role: "list" });
  #text = h("p", { class: "muted number" });
  #actions = h("div", { class: "row" });
  #readSoon = settled(SILENCE_MILLISECONDS, () => this.#read());
  #listen = ({ detail }) => {
    if (detail.type.startsWith("job.") || detail.type === "page.pass2.completed") this.#readSoon();
  };

  connectedCallback() {
    this.#chapterId = this.getAttribute("chapter");
    this.#grid.setAttribute("aria-label", t("job.pages"));
    this.append(
      h(
        "div",
        { class: "view-head" },
        h(
          "div",
          { class: "grow" },
          h("p", { class: "small" }, h("a", { href: "#/library" }, t("nav.library"))),
          h("h1", { class: "clip" }, this.#chapterId),
          this.#text,
        ),
        this.#actions,
      ),
      this.#grid,
    );
    live.addEventListener("happened", this.#listen);
    live.addEventListener("resync", this.#readSoon);
    this.#read();
  }

  disconnectedCallback() {
    live.removeEventListener("happened", this.#listen);
    live.removeEventListener("resync", this.#readSoon);
  }

  async #read() {
    try {
      const { pages, job } = await readChapter(this.#chapterId);
      fill(
        this.#grid,
        pages.map((page) => {
          const tile = h("mf-page-tile");
          tile.update(page, this.#chapterId);
          return tile;
        }),
      );
      const done = pages.filter((page) => page.colorized_sha256).length;
      // A page that was only to be coloured anew keeps its colours.
      const isCut = job?.status === "cancelled" && done < pages.length;
      const key = isCut ? "library.cancelled" : "library.pages";
      setText(this.#text, t(key, { done, total: pages.length }));
      this.#drawActions(pages, done, job);
    } catch (error) {
      if (error.name !== "Problem") throw error;
      // What is shown stays until the server says that it is gone.
      if (error.isGone || !this.#grid.firstChild) fill(this, unread(error, t("reader.gone"), "library"));
    }
  }

  #drawActions(pages, done, job) {
    const id = this.#chapterId;
    const first = pages[0]?.page_num ?? 1;
    fill(
      this.#actions,
      h("a", { class: "button main", href: `#/read/${id}/${first}` }, icon("read"), t("library.read")),
      done > 0 &&
        h(
          "a",
          { class: "button", href: `/v1/chapters/${id}/archive.cbz`, download: `${id}.cbz` },
          icon("archive"),
          t("download.cbz"),
        ),
      this.#goOn(job),
      h(
        "button",
        { type: "button", class: "button", on: { click: () => this.#again(pages, job) } },
        icon("colour"),
        t("chapter.again"),
      ),
      h(
        "button",
        {
          type: "button",
          class: "button plain icon",
          "aria-label": t("delete"),
          title: t("delete"),
          on: {
            click: async () => {
              if (await deleteChapter(id)) location.hash = "#/library";
            },
          },
        },
        icon("trash"),
      ),
    );
  }

  /** Where the last job left pages: a button that takes up the rest, and shows it. */
  #goOn(job) {
    const label = job && retryLabel(job);
    const click = async () => {
      if (await retryJob(job)) location.hash = `#/job/${job.job_id}`;
    };
    return label && h("button", { type: "button", class: "button", on: { click } }, icon("reroll"), label);
  }

  /** Puts the chapter's pages and its last style into the draft: another style or strength is two clicks away. */
  #again(pages, job) {
    draft.set({
      chapterId: this.#chapterId,
      named: true,
      previewPage: null,
      pages: pages.map((page) => ({ asset: page.page_image, name: page.name, width: 5, height: 7 })),
      ...(job
        ? {
            references: job.style_reference,
            strength: job.options.strength,
            direction: job.options.reading_direction,
            engine: job.engine,
          }
        : {}),
    });
    location.hash = "#/";
  }
}

customElements.define("mf-chapter", Chapter);
