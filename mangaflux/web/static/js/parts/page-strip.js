// <mf-page-strip>: all pages of a chapter one below the other, as webtoons are read; sends "page" with the one in view.

import { fill, h } from "../dom.js";
import { t } from "../i18n.js";
import "./page-analysis.js";

class PageStrip extends HTMLElement {
  #pages = null;
  #observer = null;

  disconnectedCallback() {
    this.#observer?.disconnect();
  }

  /** Shows pages, with the one at `index` in view; originals only where that is asked for. */
  show(pages, index, isOriginal) {
    this.classList.toggle("peek", isOriginal);
    if (this.#pages !== pages) this.#build(pages);
    const figure = this.children[index];
    if (figure && this.#inView !== index) figure.scrollIntoView({ block: "start", behavior: "instant" });
  }

  /** Whether originals are shown for the moment. */
  set peek(isPeeking) {
    this.classList.toggle("peek", isPeeking);
  }

  /** Whether what the analysis saw lies on top. */
  set overlay(isShown) {
    this.classList.toggle("with-overlay", isShown);
    const { top, bottom } = this.getBoundingClientRect();
    for (const figure of this.children) {
      const box = figure.getBoundingClientRect();
      if (box.bottom > top && box.top < bottom) this.#drawAnalysis(figure);
    }
  }

  #drawAnalysis(figure) {
    if (!this.classList.contains("with-overlay")) return;
    const page = this.#pages[[...this.children].indexOf(figure)];
    figure.lastChild.show(page.analysis ?? null, t("reader.page.name", { page: page.page_num }));
  }

  #inView = -1;

  #build(pages) {
    this.#pages = pages;
    this.tabIndex = 0;
    this.setAttribute("role", "group");
    this.setAttribute("aria-label", t("job.pages"));
    this.#observer?.disconnect();
    this.#observer = new IntersectionObserver((entries) => this.#seen(entries), { root: this, threshold: [0.01, 0.5] });
    fill(
      this,
      pages.map((page) => {
        const name = t("reader.page.name", { page: page.page_num });
        const image = (kind, address, alt) =>
          h("img", { class: kind, src: address, alt, loading: "lazy", decoding: "async" });
        return h(
          "figure",
          {},
          image("before", page.before, t("compare.alt.before", { name })),
          page.after && image("after", page.after, t("compare.alt.after", { name })),
          h("mf-page-analysis", { class: "overlay" }),
        );
      }),
    );
    for (const figure of this.children) this.#observer.observe(figure);
  }

  #seen(entries) {
    const shown = entries.filter((entry) => entry.isIntersecting);
    for (const { target } of shown) this.#drawAnalysis(target);
    if (!shown.length) return;
    const middle = this.getBoundingClientRect().top + this.clientHeight / 2;
    const index = [...this.children].findIndex((figure) => figure.getBoundingClientRect().bottom > middle);
    if (index < 0 || index === this.#inView) return;
    this.#inView = index;
    this.dispatchEvent(new CustomEvent("page", { detail: index }));
  }
}

customElements.define("mf-page-strip", PageStrip);
