// Finds the pages that a document shows, in reading order, each under a key that is the same whenever it is found again.

const load = (name) => import(chrome.runtime.getURL(`content/${name}`));
const { candidateOf, factsOf } = await load("candidates.js");
const { choosePages, mayBePage } = await load("choose.js");
const { digestOfText, fingerprint } = await load("fingerprint.js");
const { inReadingOrder } = await load("order.js");
const { ruleFor } = await load("sites.js");
const { ancestorsOf, boxOf, elementsUnder } = await load("tree.js");

//: Lazy pictures behind the last one in view that are fetched to see whether they are pages.
const MEASURED_AHEAD = 20;

/**
 * @typedef {object} FoundPage
 * @property {string} key
 * @property {Element} element
 * @property {"image"|"background"|"canvas"|"blob"} kind
 * @property {string} [url]
 * @property {number} width   real pixels
 * @property {number} height
 * @property {boolean} [chosen]  asked for by its address
 */

export class Finder {
  #measure;
  #painted;
  //: Names of what was shown, by element and address: a blob: picture never shows anything else.
  #prints = new WeakMap();

  /** `paintedAddress(element)` is the address below our own paint, or undefined. */
  constructor(measure, paintedAddress) {
    this.#measure = measure;
    this.#painted = paintedAddress;
  }

  /**
   * @param {Document} document
   * @param {object} wanted
   * @param {boolean} wanted.all            everything that looks like a page
   * @param {Set<string>} wanted.addresses  and the pictures that have these, whatever they look like
   * @param {"rtl"|"ltr"|"vertical"} [wanted.direction]
   * @returns {{pages: FoundPage[], roots: Node[], canvases: boolean, direction?: string, missing: string[]}}  `roots`: all
   *     documents and shadow roots there are; `canvases`: some element may be drawn anew without a word; `missing`:
   *     addresses that no element shows
   */
  find(document, { all, addresses, direction = "rtl" }) {
    const roots = [];
    const elements = [...elementsUnder(document, (root) => roots.push(root))];
    const rule = ruleFor(document.location.hostname, elements);
    const candidates = elements.map((each) => candidateOf(each, this.#painted(each))).filter(Boolean);
    const pages = all ? this.#allPages(candidates, rule, document.defaultView, rule?.direction ?? direction) : [];
    const keys = new Set(pages.map(({ key }) => key));
    const showing = [...addresses].map((address) => [address, largestWith(address, candidates)]);
    const chosen = this.#chosen(showing.map(([, candidate]) => candidate)).filter(({ key }) => !keys.has(key));
    const canvases = candidates.some(({ kind }) => kind === "canvas");
    const missing = showing.filter(([, candidate]) => !candidate).map(([address]) => address);
    return { pages: [...pages, ...chosen], roots, canvases, direction: rule?.direction, missing };
  }

  /** True where an element shows what it showed when it was found. @param {FoundPage} page */
  stillShows({ element, url, kind }) {
    return kind !== "canvas" && candidateOf(element)?.url === url;
  }

  #allPages(candidates, rule, window, direction) {
    const judged = candidates.map((candidate) => ({ ...candidate, facts: factsOf(candidate) }));
    const pages = rule ? this.#byRule(judged, rule) : this.#bySize(judged, window);
    return this.#named(inReadingOrder(pages.map((each) => ({ ...each, box: each.facts.box })), direction));
  }

  #chosen(candidates) {
    const known = [...new Set(candidates)].filter(Boolean);
    return this.#named(this.#measured(known)).map((page) => ({ ...page, chosen: true }));
  }

  #byRule(judged, rule) {
    const left = (element) => rule.leave && [element, ...ancestorsOf(element)].some((each) => each.matches(rule.leave));
    return this.#measured(judged.filter(({ element }) => element.matches(rule.pages) && !left(element)));
  }

  #bySize(judged, window) {
    const view = { width: window.innerWidth, height: window.innerHeight, isFrame: window !== window.top };
    const possible = judged.filter(({ facts }) => mayBePage(facts));
    const lastSeen = possible.findLastIndex(({ facts: { box } }) => box && box.y < view.height && box.y + box.height > 0);
    const near = possible.filter((each, place) => each.loaded || place <= lastSeen + MEASURED_AHEAD);
    return choosePages(this.#measured(near), view);
  }

  /** Those whose real size is known by now. */
  #measured(judged) {
    return judged.flatMap((each) => {
      const size = each.width ? each : this.#measure.sizeOf(each.url);
      if (!size) return [];
      const { width, height } = size;
      return [{ ...each, width, height, facts: { ...each.facts, width, height } }];
    });
  }

  #named(pages) {
    const times = new Map();
    return pages.flatMap(({ element, kind, url, lasting, width, height }) => {
      const name = this.#nameOf({ element, kind, url, lasting });
      if (!name) return [];
      const time = (times.get(name) ?? 0) + 1;
      times.set(name, time);
      return [{ key: time === 1 ? name : `${name}#${time}`, element, kind, url, width, height }];
    });
  }

  #nameOf({ element, kind, url, lasting }) {
    if (kind === "image" || kind === "background") {
      return lasting.startsWith("data:") ? `data:${digestOfText(lasting)}` : lasting.split("#")[0];
    }
    const print = this.#printOf(element, kind === "blob" ? url : null);
    return print && `${kind}:${print}`;
  }

  #printOf(element, url) {
    const known = this.#prints.get(element);
    if (url && known?.url === url) return known.print;
    const print = fingerprint(element);
    if (url && print) this.#prints.set(element, { url, print });
    return print;
  }
}

/** The picture with an address. Where several elements show it, such as a page and its thumbnail, the largest. */
function largestWith(address, candidates) {
  const showing = candidates.filter(({ url, lasting }) => url === address || lasting === address);
  return showing.sort((a, b) => areaOf(b.element) - areaOf(a.element))[0];
}

/** CSS pixels. */
function areaOf(element) {
  const box = boxOf(element);
  return box ? box.width * box.height : 0;
}
