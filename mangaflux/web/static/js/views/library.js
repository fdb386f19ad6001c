// <mf-library>: every chapter, like books on a shelf.

import { get, thumbnail } from "../api.js";
import { fill, h, settled } from "../dom.js";
import { ago } from "../format.js";
import { jobs } from "../jobs.js";
import { t } from "../i18n.js";
import { icon } from "../icons.js";
import { deleteChapter } from "../job-actions.js";
import { live } from "../live.js";
import { nothingYet, unread } from "../parts/empty.js";
import { readStorage, storageMeter } from "../parts/storage-meter.js";
import { isPreview } from "../preview.js";

const SILENCE_MILLISECONDS = 1500;

class Library extends HTMLElement {
  #books = h("div", { class: "books", role: "list" });
  #storage = h("div");
  #search = h("input", { type: "search", placeholder: t("library.search"), "aria-label": t("library.search") });
  #chapters = [];
  #readSoon = settled(SILENCE_MILLISECONDS, () => this.#read());
  #listen = ({ detail }) => {
    if (detail.type === "page.pass2.completed" || detail.type.startsWith("job.")) this.#readSoon();
  };

  connectedCallback() {
    if (!this.firstChild) {
      this.#books.setAttribute("aria-label", t("nav.library"));
      this.#search.addEventListener("input", () => this.#draw());
      this.append(
        h("div", { class: "view-head" }, h("div", { class: "grow" }, h("h1", {}, t("nav.library"))), this.#storage),
        h("div", { class: "library-tools" }, this.#search),
        this.#books,
      );
    }
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
      // What is said of a chapter depends on its last job.
      if (!jobs.list.length) await jobs.read();
      this.#chapters = (await get("/v1/chapters")).chapters.filter((chapter) => !isPreview(chapter));
      this.#draw();
      fill(this.#storage, storageMeter(await readStorage()));
    } catch (error) {
      if (error.name !== "Problem") throw error;
      if (this.#chapters.length) return;
      this.#books.classList.remove("books");
      fill(this.#books, unread(error, t("library.unread"), "create"));
    }
  }

  #draw() {
    const wanted = this.#search.value.trim().toLowerCase();
    const found = this.#chapters.filter((chapter) => chapter.chapter_id.toLowerCase().includes(wanted));
    this.#search.parentElement.hidden = !this.#chapters.length;
    this.#books.classList.toggle("books", found.length > 0);
    if (found.length)
      fill(
        this.#books,
        found.map((chapter) => this.#book(chapter)),
      );
    else if (wanted) fill(this.#books, h("p", { class: "muted" }, t("library.nothing")));
    else fill(this.#books, nothingYet("library", t("library.empty"), t("library.empty.text")));
  }

  #book(chapter) {
    const { chapter_id: id, cover_sha256: cover } = chapter;
    const label = (action) => `${action}: ${id}`;
    return h(
      "article",
      { class: "book", role: "listitem" },
      h(
        "a",
        { class: "book-cover", href: `#/chapter/${id}`, "aria-label": id, tabindex: "-1" },
        cover && h("img", { src: thumbnail(cover), alt: "", loading: "lazy", decoding: "async" }),
      ),
      h(
        "div",
        {},
        h("a", { class: "book-title clip", href: `#/chapter/${id}` }, id),
        h(
          "p",
          { class: "small muted number" },
          colouredText(chapter),
          " · ",
          ago(chapter.updated_at),
        ),
      ),
      h(
        "div",
        { class: "row" },
        h(
          "a",
          { class: "button grow", href: `#/read/${id}/1`, "aria-label": label(t("library.read")) },
          icon("read"),
          t("library.read"),
        ),
        chapter.colorized > 0 &&
          h(
            "a",
            {
              class: "button icon plain",
              href: `/v1/chapters/${id}/archive.cbz`,
              download: `${id}.cbz`,
              "aria-label": label(t("download.cbz")),
              title: t("download.cbz"),
            },
            icon("archive"),
          ),
        h(
          "button",
          {
            type: "button",
            class: "button icon plain",
            "aria-label": label(t("delete")),
            title: t("delete"),
            on: {
              click: async () => {
                if (await deleteChapter(id)) this.#read();
              },
            },
          },
          icon("trash"),
        ),
      ),
    );
  }
}

/** How much of a chapter is in colour. The server counts pages it has seen; a cancelled job had more to come. */
function colouredText({ chapter_id: id, colorized: done, pages }) {
  const last = jobs.list.find((job) => job.chapter_id === id);
  const total = last?.status === "cancelled" ? Math.max(pages, last.progress.total_pages) : pages;
  const isCut = last?.status === "cancelled" && done < total;
  return t(isCut ? "library.cancelled" : "library.pages", { done, total });
}

customElements.define("mf-library", Library);
