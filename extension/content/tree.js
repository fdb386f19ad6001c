// The document as the eye sees it: through shadow roots, open and closed, and frames of the same origin.

const XHTML = "http://www.w3.org/1999/xhtml";
//: Elements that have no dash in their name and are used as hosts of shadow roots.
const HOSTS = new Set(["article", "aside", "div", "main", "section", "span"]);

/** The shadow root of an element, also a closed one, or null. */
export function shadowRootOf(element) {
  if (element.shadowRoot) return element.shadowRoot;
  if (!mayBeHost(element)) return null;
  if ("openOrClosedShadowRoot" in element) return element.openOrClosedShadowRoot; // Firefox
  return globalThis.chrome?.dom?.openOrClosedShadowRoot(element) ?? null;
}

/** The question costs 5 µs, too much for every element there is. What is in a closed root is not beside it, too. */
function mayBeHost({ localName, namespaceURI, childElementCount }) {
  if (namespaceURI !== XHTML) return false;
  return localName.includes("-") || (childElementCount === 0 && HOSTS.has(localName));
}

/** The document in a frame of the same origin, or null. */
export function frameDocument(element) {
  if (element.localName !== "iframe" && element.localName !== "frame") return null;
  try {
    return element.contentDocument;
  } catch {
    return null;
  }
}

/** True where this document is shown by a frame of the same origin, whose own script sees it. */
export function isSeenFromOutside() {
  try {
    return globalThis.frameElement !== null;
  } catch {
    return false;
  }
}

/** The element around a node, across the borders of shadow roots and frames; null at the top. */
export function parentOf(node) {
  const parent = node.parentNode;
  if (!parent) return null;
  if (parent.nodeType === Node.ELEMENT_NODE) return parent;
  if (parent.nodeType === Node.DOCUMENT_FRAGMENT_NODE) return parent.host ?? null;
  return frameElementOf(parent);
}

function frameElementOf(document) {
  try {
    return document.defaultView?.frameElement ?? null;
  } catch {
    return null;
  }
}

/** The elements around a node, the nearest first. */
export function* ancestorsOf(node) {
  for (let each = parentOf(node); each; each = parentOf(each)) yield each;
}

/**
 * Every element under a root in document order, those of shadow roots and frames in the place of their host.
 * `enter` is called with each root on the way, the first included.
 */
export function* elementsUnder(root, enter) {
  enter(root);
  const walker = (root.ownerDocument ?? root).createTreeWalker(root, NodeFilter.SHOW_ELEMENT);
  while (walker.nextNode()) {
    const element = walker.currentNode;
    yield element;
    const inner = shadowRootOf(element) ?? frameDocument(element);
    if (inner?.firstChild) yield* elementsUnder(inner, enter);
  }
}

/** Where an element is in the window of the script, in CSS pixels; null where it has no box. */
export function boxOf(element) {
  const { x, y, width, height } = element.getBoundingClientRect();
  if (width === 0 || height === 0) return null;
  const box = { x, y, width, height };
  for (let frame = frameElementOf(element.ownerDocument); frame; frame = frameElementOf(frame.ownerDocument)) {
    const outer = frame.getBoundingClientRect();
    box.x += outer.x + frame.clientLeft;
    box.y += outer.y + frame.clientTop;
  }
  return box;
}
