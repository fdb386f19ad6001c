// Lays a coloured picture over a page in its own layout box, and takes it away again without a trace.
//
// Nothing of the site is replaced: an image or a canvas keeps its source and its pixels. They are moved out of their own
// content box, and the coloured picture is the background there. Whatever the site decided (sizes, source sets, `picture`,
// lazy loading, clicks) goes on to work, and the original comes back at once, even one whose address is gone. A style
// that a content script sets is not held to the site's content security policy, in Chromium and in Firefox.

//: Far enough for any page; clipped, as it lies outside the box.
const OUT_OF_SIGHT = "0 -1000000px";
//: Which size of a background does what an `object-fit` did.
const SIZES = { fill: "100% 100%", contain: "contain", cover: "cover", none: "auto", "scale-down": "contain" };

export class Painter {
  //: By element: {picture, before, after: its style attribute, own: our declarations, theirs: the site's, address: of its
  //: background}.
  #paints = new Map();
  //: The last of these by picture: a site that copies an element copies our style with it.
  #byPicture = new Map();

  /** Every element that shows a picture of ours. */
  get elements() {
    return [...this.#paints.keys()];
  }

  /** The blob: address of our picture that an element shows, or undefined. */
  pictureOn(element) {
    return this.#paints.get(element)?.picture;
  }

  /** True where an element shows our picture, and nobody changed its style since. */
  isIntact(element) {
    const paint = this.#paints.get(element);
    return paint !== undefined && paint.after === element.getAttribute("style");
  }

  /** The address of the site's own background below our paint, or undefined. */
  addressBelow(element) {
    return this.#paintOf(element)?.address;
  }

  /** Shows `picture`, a blob: address, in the place of a page. @param {import("./finder.js").FoundPage} page */
  paint({ element, kind, url }, picture) {
    this.restore(element);
    const before = element.getAttribute("style");
    const wanted = wantedFor({ element, kind, url }, picture);
    const theirs = wanted.map(([name]) => declarationOf(element, name));
    for (const [name, value] of wanted) element.style.setProperty(name, value, "important");
    const paint = {
      picture,
      before,
      after: element.getAttribute("style"),
      own: wanted.map(([name]) => declarationOf(element, name)),
      theirs,
      address: kind === "background" ? url : undefined,
    };
    this.#paints.set(element, paint);
    this.#byPicture.set(picture, paint);
  }

  /** Takes our picture away. The style attribute is again what it was, to the letter, unless the site has changed it. */
  restore(element) {
    const paint = this.#paintOf(element);
    if (!paint) return;
    this.#paints.delete(element);
    if (paint.after !== element.getAttribute("style")) takeBack(element, paint);
    else if (paint.before === null) element.removeAttribute("style");
    else element.setAttribute("style", paint.before);
  }

  /** Forgets a picture that is shown no more. */
  forget(picture) {
    this.#byPicture.delete(picture);
  }

  #paintOf(element) {
    const known = this.#paints.get(element);
    if (known) return known;
    const picture = element.getAttribute("style")?.match(/blob:[^"')]+/)?.[0];
    const copied = picture && this.#byPicture.get(picture);
    if (copied) this.#paints.set(element, copied);
    return copied;
  }
}

/** Of a style that the site has changed, only what is still ours goes. */
function takeBack(element, { own, theirs }) {
  own.forEach(([name, ...ours], place) => {
    const [, ...now] = declarationOf(element, name);
    if (String(now) !== String(ours)) return;
    element.style.removeProperty(name);
    const [, value, priority] = theirs[place];
    if (value) element.style.setProperty(name, value, priority);
  });
}

function declarationOf({ style }, name) {
  return [name, style.getPropertyValue(name), style.getPropertyPriority(name)];
}

function wantedFor({ element, kind, url }, picture) {
  const style = element.ownerDocument.defaultView.getComputedStyle(element);
  const layer = `url("${picture}")`;
  if (kind === "background") return [["background-image", withLayer(style.backgroundImage, url, layer)]];
  return [
    ["object-position", OUT_OF_SIGHT],
    ["object-fit", "none"],
    ["overflow", "clip"],
    ["overflow-clip-margin", "content-box"],
    ["background-image", layer],
    ["background-position", style.objectPosition],
    ["background-size", SIZES[style.objectFit]],
    ["background-repeat", "no-repeat"],
    ["background-origin", "content-box"],
    ["background-clip", "content-box"],
    ["background-attachment", "scroll"],
  ];
}

/** A background in which the layer that shows the page is ours; other layers stay. */
function withLayer(backgroundImage, url, layer) {
  const theirs = `url("${url}")`;
  return backgroundImage.includes(theirs) ? backgroundImage.replace(theirs, layer) : layer;
}
