// Tells when pages may have changed: when the site changes the document, when pictures come, when the view moves.

const { LAZY_ATTRIBUTES } = await import(chrome.runtime.getURL("content/candidates.js"));

//: Milliseconds after a change in which more changes are waited for; a busy site is looked at no more often.
const SETTLE_MILLISECONDS = 150;
//: The same in times of what the last look took: a large document is looked at for a tenth of the time at the most.
const SETTLE_LOOKS = 10;
//: Milliseconds after which canvases are looked at again: nothing says that one was drawn anew.
const CANVAS_MILLISECONDS = 1000;
const ATTRIBUTES = ["src", "srcset", "sizes", "style", "class", "hidden", "width", "height", ...LAZY_ATTRIBUTES];
const OBSERVED = {
  childList: true,
  subtree: true,
  attributes: true,
  attributeOldValue: true,
  attributeFilter: ATTRIBUTES,
};

export class Watch {
  #onChange;
  #onAttribute;
  #onView;
  #roots = new WeakSet();
  #mutations = new MutationObserver((records) => this.#mutated(records));
  #intersections = new IntersectionObserver((entries) => this.#crossed(entries));
  #sizes = new ResizeObserver(() => this.#onView());
  #watched = new Set();
  #visible = new Set();
  #timer = null;
  #took = 0;
  #canvases = null;
  #lives = new AbortController();

  /**
   * @param {() => void} onChange           the document is to be looked at again
   * @param {(record: MutationRecord) => boolean} onAttribute  an attribute has changed; called before that is shown;
   *     answers whether it was the site's doing
   * @param {() => void} onView             other pages are in view, or they are elsewhere
   */
  constructor({ onChange, onAttribute, onView }) {
    this.#onChange = onChange;
    this.#onAttribute = onAttribute;
    this.#onView = onView;
    globalThis.addEventListener("resize", () => this.soon(), { signal: this.#lives.signal });
    globalThis.addEventListener("popstate", () => this.soon(), { signal: this.#lives.signal });
  }

  /** Watches documents and shadow roots, each once. */
  watchRoots(roots) {
    for (const root of roots) {
      if (this.#roots.has(root)) continue;
      this.#roots.add(root);
      this.#mutations.observe(root, OBSERVED);
      const options = { capture: true, passive: true, signal: this.#lives.signal };
      root.addEventListener("load", () => this.soon(), options); // of pictures and frames in it
      root.addEventListener("scroll", () => this.#onView(), options);
    }
  }

  /** Watches whether these elements are in view, and no others. */
  watchPages(elements) {
    const wanted = new Set(elements);
    for (const element of this.#watched) {
      if (wanted.has(element)) continue;
      this.#intersections.unobserve(element);
      this.#sizes.unobserve(element);
      this.#visible.delete(element);
    }
    for (const element of wanted) {
      if (this.#watched.has(element)) continue;
      this.#intersections.observe(element);
      this.#sizes.observe(element);
    }
    this.#watched = wanted;
  }

  /** Has the document looked at again and again, where canvases may be drawn anew. */
  watchCanvases(some) {
    if (some) {
      this.#canvases ??= setInterval(() => this.soon(), CANVAS_MILLISECONDS);
    } else {
      clearInterval(this.#canvases);
      this.#canvases = null;
    }
  }

  isVisible(element) {
    return this.#visible.has(element);
  }

  /** Has the document looked at again, once it has settled. */
  soon() {
    this.#timer ??= setTimeout(() => {
      this.#timer = null;
      const start = performance.now();
      this.#onChange();
      this.#took = performance.now() - start;
    }, Math.max(SETTLE_MILLISECONDS, SETTLE_LOOKS * this.#took));
  }

  stop() {
    this.#lives.abort();
    this.#mutations.disconnect();
    this.#intersections.disconnect();
    this.#sizes.disconnect();
    clearTimeout(this.#timer);
    clearInterval(this.#canvases);
  }

  #mutated(records) {
    // Not `some`: each is to be told.
    const theirs = records.filter((record) => record.type !== "attributes" || this.#onAttribute(record));
    if (theirs.length > 0) this.soon();
  }

  #crossed(entries) {
    for (const { target, isIntersecting } of entries) {
      if (isIntersecting) this.#visible.add(target);
      else this.#visible.delete(target);
    }
    this.#onView();
    this.soon(); // lazy pictures ahead of the new view
  }
}
