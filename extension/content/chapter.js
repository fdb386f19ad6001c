// The pages of the chapter that a frame shows: all that were found, in reading order, and what is known of each.

const { mergeKeys, nearness } = await import(chrome.runtime.getURL("content/order.js"));

//: States in which something is still to come from the background.
const BUSY = new Set(["waiting", "reading", "sending", "queued", "running"]);

/**
 * @typedef {object} Page
 * @property {string} key
 * @property {Element|null} element  null while the site does not show it
 * @property {"image"|"background"|"canvas"|"blob"} kind
 * @property {string} [url]
 * @property {number} width
 * @property {number} height
 * @property {boolean} [chosen]      the person asked for this one
 * @property {object} state          as the background says
 * @property {string|null} picture   blob: address of the coloured page
 * @property {"colour"|"original"|null} shown  what the person chose for this page alone
 */

export class Chapter {
  //: Of the document in which it began; a reader that goes on to the next page by script may change the address.
  address = addressNow();
  #pages = new Map();
  #keys = [];
  #anchor = null;

  /** @param {string} key @returns {Page|undefined} */
  get(key) {
    return this.#pages.get(key);
  }

  /** All pages in reading order. @returns {Page[]} */
  get pages() {
    return this.#keys.map((key) => this.#pages.get(key));
  }

  /** The pages that the site shows now. @returns {Page[]} */
  get shown() {
    return this.pages.filter(({ element }) => element);
  }

  /** The page that an element shows. */
  of(element) {
    return this.shown.find((page) => page.element === element);
  }

  isBusy() {
    return this.shown.some(({ state }) => BUSY.has(state.state));
  }

  /**
   * Takes in what was found now. @param {import("./finder.js").FoundPage[]} found
   * @returns {Page[]}  pages that belong to it no more: the document shows another chapter
   */
  update(found) {
    const gone = this.#isAnother(found) ? this.#clear() : [];
    const elements = new Map(found.map((page) => [page.key, page]));
    for (const page of this.#pages.values()) page.element = elements.get(page.key)?.element ?? null;
    for (const page of found) {
      const known = this.#pages.get(page.key);
      if (known) Object.assign(known, page);
      else this.#pages.set(page.key, { ...page, state: { state: "waiting" }, picture: null, shown: null });
    }
    this.#keys = mergeKeys(this.#keys, found.map(({ key }) => key));
    return gone;
  }

  /** Distance of each page from the view. @param {(page: Page) => boolean} isSeen @returns {Map<string, number>} */
  nearness(isSeen) {
    const seen = this.#keys.filter((key) => isSeen(this.#pages.get(key)));
    // Between pages, and below the last one, the reader is where they were.
    this.#anchor = seen[0] ?? (this.#pages.has(this.#anchor) ? this.#anchor : null);
    const places = (seen.length || !this.#anchor ? seen : [this.#anchor]).map((key) => this.#keys.indexOf(key));
    const near = nearness(this.#keys.length, places);
    return new Map(this.#keys.map((key, place) => [key, near[place]]));
  }

  #isAnother(found) {
    return found.length > 0 && addressNow() !== this.address && !found.some(({ key }) => this.#pages.has(key));
  }

  #clear() {
    const gone = [...this.#pages.values()];
    this.#pages.clear();
    this.#keys = [];
    this.#anchor = null;
    this.address = addressNow();
    return gone;
  }
}

function addressNow() {
  return location.href.split("#")[0];
}
