// From an element to the picture that it shows: what kind, from where, and how many pixels it really has.

const { ancestorsOf, boxOf } = await import(chrome.runtime.getURL("content/tree.js"));

//: Attributes in which lazy readers keep the address of a picture until it comes near, and the same for `srcset`.
const LAZY_ADDRESSES = ["data-src", "data-lazy-src", "data-original", "data-url", "data-lazy", "data-image", "data-full"];
const LAZY_SETS = ["data-srcset", "data-lazy-srcset"];
const LAZY_BACKGROUNDS = ["data-bg", "data-background", "data-background-image"];
export const LAZY_ATTRIBUTES = [...LAZY_ADDRESSES, ...LAZY_SETS, ...LAZY_BACKGROUNDS];
//: CSS pixels of each side below which an element is not asked for its background.
const SMALLEST_BACKGROUND = 150;
//: Pixels of each side up to which a loaded picture may be the placeholder of a lazy one.
const LARGEST_PLACEHOLDER = 100;
//: Elements around a picture whose names say what it is for.
const NAMING_ANCESTORS = 3;
//: Class names that say how something is laid out, or what is not there: `object-cover`, `no-sidebar`.
const LAYOUT_NAMES = /(^|\s)(?:object|bg|no|with|without|has)[-_]\S+/g;
const FURNITURE = "header, footer, nav, aside, [role=banner], [role=navigation], [role=complementary], [role=contentinfo]";

/**
 * @typedef {object} Candidate
 * @property {Element} element
 * @property {"image"|"background"|"canvas"|"blob"} kind
 * @property {string} [url]      of what is shown, or will be
 * @property {string} [lasting]  an address that names the picture whatever size of it is shown
 * @property {boolean} loaded
 * @property {number} width      real pixels; 0 where they must be measured
 * @property {number} height
 */

/** What an element shows, or null. `painted` is the address below our own paint, where there is some. */
export function candidateOf(element, painted) {
  if (element.localName === "img") return ofImage(element);
  if (element.localName === "canvas") return ofCanvas(element);
  return ofBackground(element, painted);
}

function ofCanvas(element) {
  const { width, height } = element;
  return width > 0 && height > 0 ? { element, kind: "canvas", loaded: true, width, height } : null;
}

function ofImage(element) {
  const url = addressOf(element);
  if (!url) return null;
  const lazy = url !== element.currentSrc;
  const loaded = !lazy && element.complete && element.naturalWidth > 0;
  // The natural size of a picture out of a set is divided by the density that the set claims.
  const plain = loaded && !isFromSet(element);
  return {
    element,
    kind: url.startsWith("blob:") ? "blob" : "image",
    url,
    lasting: lazy ? url : resolve(element, element.getAttribute("src")) ?? url,
    loaded,
    width: plain ? element.naturalWidth : 0,
    height: plain ? element.naturalHeight : 0,
  };
}

function isFromSet(image) {
  return image.srcset !== "" || image.parentElement?.localName === "picture";
}

/** The address that is shown; of a placeholder the one that it stands for. */
function addressOf(image) {
  const promised = promisedAddress(image);
  if (promised && isPlaceholder(image)) return promised;
  return image.currentSrc || resolve(image, image.getAttribute("src")) || promised;
}

function isPlaceholder(image) {
  if (!image.currentSrc || image.currentSrc.startsWith("data:")) return true;
  return image.complete && Math.max(image.naturalWidth, image.naturalHeight) <= LARGEST_PLACEHOLDER;
}

function promisedAddress(image) {
  const named = firstAttribute(image, LAZY_ADDRESSES);
  if (named) return resolve(image, named);
  const source = image.closest("picture")?.querySelector("source[data-srcset]");
  const set = firstAttribute(image, LAZY_SETS) ?? source?.getAttribute("data-srcset");
  return set ? resolve(image, largestOf(set)) : null;
}

function firstAttribute(element, names) {
  for (const name of names) {
    const value = element.getAttribute(name)?.trim();
    if (value) return value;
  }
  return null;
}

/** The address with the largest descriptor of a set. */
function largestOf(set) {
  const entries = set.split(/,\s+/).map((entry) => entry.trim().split(/\s+/));
  return entries.reduce((best, entry) => (parseFloat(entry[1]) > parseFloat(best[1] ?? "0") ? entry : best))[0];
}

function ofBackground(element, painted) {
  if (element.offsetWidth < SMALLEST_BACKGROUND || element.offsetHeight < SMALLEST_BACKGROUND) return null;
  const lazy = firstAttribute(element, LAZY_BACKGROUNDS);
  const url = painted ?? backgroundOf(element) ?? resolve(element, lazy);
  if (!url) return null;
  return { element, kind: "background", url, lasting: url, loaded: false, width: 0, height: 0 };
}

function backgroundOf(element) {
  const { backgroundImage } = element.ownerDocument.defaultView.getComputedStyle(element);
  return backgroundImage.match(/url\("([^"]+)"\)/)?.[1] ?? null;
}

function resolve(element, address) {
  if (!address) return null;
  try {
    return new URL(address, element.baseURI).href;
  } catch {
    return null;
  }
}

/** What choose.js judges a candidate by. */
export function factsOf({ element, url, width, height }) {
  const chain = [...ancestorsOf(element)];
  const link = chain.find((each) => each.localName === "a" && each.getAttribute("href"));
  return {
    width,
    height,
    box: boxOf(element),
    chain,
    names: namesOf([element, ...chain.slice(0, NAMING_ANCESTORS)]),
    file: url && /^https?:/.test(url) ? wordsOf(new URL(url).pathname.split("/").slice(-2).join(" ")) : [],
    furniture: element.matches(FURNITURE) || chain.some((each) => each.matches(FURNITURE)),
    sponsored: link?.relList.contains("sponsored") ?? false,
    linkHost: link && /^https?:$/.test(link.protocol) ? link.host : null,
    host: element.ownerDocument.location?.host ?? "",
  };
}

function namesOf(elements) {
  const named = elements.filter((each) => each.localName !== "body" && each.localName !== "html");
  return named.flatMap((each) => wordsOf(`${each.id} ${each.getAttribute("class") ?? ""}`.replace(LAYOUT_NAMES, " ")));
}

/** Lower-case words of names in any style: `lazyPage`, `lazy-page` and `lazy_page` are two words each. */
export function wordsOf(text) {
  return text
    .replace(/([a-z])([A-Z])/g, "$1 $2")
    .toLowerCase()
    .split(/[^a-z]+/)
    .filter(Boolean);
}
