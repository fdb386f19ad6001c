// The frame of the studio: navigation, language, colours, and which view is shown.

import { fill, h, setText } from "./dom.js";
import { percent } from "./format.js";
import { LANGUAGE_NAMES, language, setLanguage, t } from "./i18n.js";
import { icon } from "./icons.js";
import { isActive, jobs, shareOf } from "./jobs.js";
import { live } from "./live.js";
import { titleOf } from "./parts/job-line.js";
import "./views/chapter.js";
import "./views/create.js";
import "./views/job.js";
import "./views/library.js";
import "./views/queue.js";
import "./views/reader.js";
import "./views/server.js";

const TABS = [
  ["create", "colour"],
  ["queue", "queue"],
  ["library", "library"],
  ["server", "server"],
];
//: The theme after the one named; no theme follows the system.
const NEXT_THEME = { "": "light", light: "dark", dark: "" };

/** A part of an address; as it stands where its percent signs are no codes. */
function decoded(part) {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}

class App extends HTMLElement {
  #main = null;
  #count = h("span", { class: "count", hidden: true });
  #link = h("span", { class: "link-state lost", role: "status" }, h("span", {}));
  #away = h("div", { class: "notice warn away", role: "alert", hidden: true }, icon("warn"), h("p"));
  #viewTitle = null;
  //: The jobs that ran when they were looked at last; and what is said of one that has ended since.
  #running = new Set();
  #ended = null;
  #isOpen = false;

  connectedCallback() {
    window.addEventListener("hashchange", () => this.#show());
    document.addEventListener("mf-title", ({ detail }) => {
      this.#viewTitle = detail;
      this.#drawTitle();
    });
    // A file that misses its place would otherwise be opened in the page's stead.
    for (const type of ["dragover", "drop"]) window.addEventListener(type, (event) => event.preventDefault());
    document.addEventListener("mf-again", () => this.#show({ isAgain: true }));
    live.addEventListener("link", () => this.#drawLink());
    jobs.addEventListener("change", () => this.#drawCount());
    this.#build();
    jobs.start();
    live.start();
  }

  #build() {
    const links = TABS.map(([name, picture]) =>
      h(
        "a",
        { class: "tab", href: name === "create" ? "#/" : `#/${name}`, data: { tab: name } },
        icon(picture),
        t(`nav.${name}`),
        name === "queue" && this.#count,
      ),
    );
    this.#main = h("main", { id: "main", class: "view", tabindex: "-1" });
    fill(
      this,
      h(
        "a",
        {
          class: "skip",
          href: "#main",
          on: {
            click: (event) => {
              event.preventDefault();
              this.#main.focus();
            },
          },
        },
        t("nav.skip"),
      ),
      h(
        "header",
        { class: "top" },
        h(
          "a",
          { class: "brand", href: "#/" },
          h("img", { src: "/static/icon.svg", alt: "", width: "28", height: "28" }),
          h("span", {}, "MangaFlux"),
        ),
        h("nav", { class: "tabs", "aria-label": t("nav.views") }, links),
        h("div", { class: "tools" }, this.#link, this.#languageButton(), this.#themeButton()),
      ),
      this.#away,
      this.#main,
    );
    this.#drawLink();
    this.#drawCount();
    this.#show();
  }

  #languageButton() {
    const other = Object.keys(LANGUAGE_NAMES).find((code) => code !== language());
    const change = () => {
      setLanguage(other);
      this.#build();
    };
    return h(
      "button",
      {
        type: "button",
        class: "button plain",
        lang: other,
        "aria-label": LANGUAGE_NAMES[other],
        title: LANGUAGE_NAMES[other],
        on: { click: change },
      },
      other.toUpperCase(),
    );
  }

  #themeButton() {
    const button = h("button", { type: "button", class: "button plain icon" });
    const draw = () => {
      const theme = document.documentElement.dataset.theme ?? "";
      fill(button, icon(theme === "dark" ? "moon" : theme === "light" ? "sun" : "spark"));
      const label = t(`theme.${theme || "system"}`);
      button.setAttribute("aria-label", label);
      button.title = label;
    };
    button.addEventListener("click", () => {
      const next = NEXT_THEME[document.documentElement.dataset.theme ?? ""];
      if (next) document.documentElement.dataset.theme = next;
      else delete document.documentElement.dataset.theme;
      // As early.js reads it: the bare word.
      try {
        localStorage.setItem("mangaflux.theme", next);
      } catch {
        /* storage is switched off */
      }
      draw();
    });
    draw();
    return button;
  }

  #show({ isAgain = false } = {}) {
    const [name = "", ...rest] = location.hash.replace(/^#\/?/, "").split("/").map(decoded);
    const views = {
      "": () => h("mf-create"),
      create: () => h("mf-create"),
      queue: () => h("mf-queue"),
      library: () => h("mf-library"),
      server: () => h("mf-server"),
      job: () => h("mf-job", { job: rest[0] }),
      chapter: () => h("mf-chapter", { chapter: rest[0] }),
      read: () => h("mf-reader", { chapter: rest[0], page: rest[1] ?? "1" }),
    };
    const tab = { "": "create", job: "queue", chapter: "library", read: "library" }[name] ?? name;
    for (const link of this.querySelectorAll(".tab")) {
      if (link.dataset.tab === tab) link.setAttribute("aria-current", "page");
      else link.removeAttribute("aria-current");
    }
    this.#viewTitle = null;
    this.#ended = null;
    fill(this.#main, (views[name] ?? views[""])());
    this.#main.scrollTop = 0;
    window.scrollTo(0, 0);
    // A screen reader begins at the top of the new view; the first view, and one that is tried again, leave the focus
    // where it is.
    if (this.#isOpen && !isAgain) this.#main.focus({ preventScroll: true });
    this.#isOpen = true;
    this.#drawTitle();
  }

  #drawLink() {
    this.#link.classList.toggle("lost", live.state !== "open");
    setText(this.#link.firstChild, t(`link.${live.state}`));
    const why = { away: t("link.away.text"), silent: t("link.silent.text") }[live.state] ?? "";
    this.#away.hidden = !why;
    setText(this.#away.lastChild, why);
  }

  #drawCount() {
    const active = jobs.active();
    this.#count.hidden = !active.length;
    setText(this.#count, String(active.length));
    const ended = jobs.list.find((job) => this.#running.has(job.job_id) && !isActive(job));
    if (ended) this.#ended = titleOf(ended);
    this.#running = new Set(active.map((job) => job.job_id));
    this.#drawTitle();
  }

  /** The tab says how far things are, whichever view is open. */
  #drawTitle() {
    const active = jobs.active();
    const total = active.reduce((sum, job) => sum + job.progress.total_pages, 0);
    const share = active.reduce((sum, job) => sum + shareOf(job) * job.progress.total_pages, 0) / Math.max(1, total);
    const overall = active.length ? `(${percent(share)}) MangaFlux` : "MangaFlux";
    const what = this.#viewTitle ?? (active.length ? null : this.#ended);
    const title = what ? `${what} – MangaFlux` : overall;
    if (document.title !== title) document.title = title;
  }
}

customElements.define("mf-app", App);
