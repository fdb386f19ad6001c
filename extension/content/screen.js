// Where a page is on the screen, for the background, which takes what is shown there. A page that is larger than the view
// is brought into it part by part.

const load = (name) => import(chrome.runtime.getURL(`content/${name}`));
const { ancestorsOf } = await load("tree.js");
const { visibleBox } = await load("visible.js");
const { say } = await load("words.js");

//: How many places across and down a page are looked at for what lies over it.
const PROBES = 5;
//: CSS pixels of the page that may stay outside of the view at its sides.
const TOLERANCE = 1;
const SCROLLING = new Set(["auto", "scroll"]);
const FLOATING = new Set(["fixed", "sticky"]);

/** One page while it is taken from the screen. */
export class ScreenPage {
  #element;
  #isBackground;
  #scrolled = [];
  #hidden = new Map();
  #isLeft = false;

  /** @param {import("./finder.js").FoundPage} page */
  constructor({ element, kind }) {
    this.#element = element;
    this.#isBackground = kind === "background";
    const around = [...ancestorsOf(element), document.scrollingElement];
    for (const each of new Set(around)) this.#scrolled.push([each, each.scrollLeft, each.scrollTop]);
  }

  /**
   * Brings the page into view from `from` CSS pixels below its top. `size` is that of the whole page, `seen` the part in
   * view as the window has it, `from` how far below the top that part begins. Throws where this cannot be.
   */
  async show(from) {
    if (window !== window.top || this.#element.ownerDocument !== document) throw new Error(say("screen_frame"));
    this.#element.scrollIntoView({ block: "start", inline: "nearest", behavior: "instant" });
    this.#scrollBy(from);
    await painted();
    // A tab in the background paints late: what is put back by then has to stay so.
    if (this.#isLeft) throw new Error(say("screen_gone"));
    this.#hideWhatFloats();
    await painted();
    const box = this.#contentBox();
    const seen = inWindow(this.#element, box);
    if (!seen || seen.y + seen.height - box.y <= from) throw new Error(say("screen_part"));
    if (box.width - seen.width > TOLERANCE) throw new Error(say("screen_wide"));
    const view = { width: innerWidth, height: innerHeight };
    return { size: { width: box.width, height: box.height }, seen, left: seen.x - box.x, from: seen.y - box.y, view };
  }

  /** Puts everything back where it was. */
  leave() {
    this.#isLeft = true;
    for (const [element, before] of this.#hidden) element.style.setProperty("visibility", ...before);
    for (const [element, left, top] of this.#scrolled) element.scrollTo({ left, top, behavior: "instant" });
  }

  /** By the nearest element around the page that can go so far, the document at last. */
  #scrollBy(distance) {
    if (distance <= 0) return;
    for (const [element] of this.#scrolled.filter(([each]) => isScroller(each))) {
      const before = element.scrollTop;
      element.scrollTo({ top: before + distance, behavior: "instant" });
      if (element.scrollTop !== before) return;
    }
  }

  /** Heads and bars that stay where they are while a site is scrolled. */
  #hideWhatFloats() {
    const box = inWindow(this.#element, this.#contentBox());
    if (!box) return;
    for (let probe = 0; probe < PROBES * PROBES; probe += 1) {
      const x = box.x + (box.width * ((probe % PROBES) + 0.5)) / PROBES;
      const y = box.y + (box.height * (Math.floor(probe / PROBES) + 0.1)) / PROBES;
      for (const above of document.elementsFromPoint(x, y)) {
        if (above === this.#element || above.contains(this.#element)) break;
        this.#hide(floatingAround(above));
      }
    }
  }

  #hide(element) {
    if (!element || element.contains(this.#element) || this.#hidden.has(element)) return;
    const { style } = element;
    this.#hidden.set(element, [style.getPropertyValue("visibility"), style.getPropertyPriority("visibility")]);
    style.setProperty("visibility", "hidden", "important");
  }

  /** The box that the picture fills. */
  #contentBox() {
    const { x, y, width, height } = this.#element.getBoundingClientRect();
    const style = getComputedStyle(this.#element);
    const of = (side) =>
      parseFloat(style[`border${side}Width`]) + (this.#isBackground ? 0 : parseFloat(style[`padding${side}`]));
    const [left, top, right, bottom] = ["Left", "Top", "Right", "Bottom"].map(of);
    return { x: x + left, y: y + top, width: width - left - right, height: height - top - bottom };
  }
}

/** What a person can scroll; a box that only clips is moved by scripts alone, and would show what it was to hide. */
function isScroller(element) {
  return element === document.scrollingElement || SCROLLING.has(getComputedStyle(element).overflowY);
}

function floatingAround(element) {
  for (const each of [element, ...ancestorsOf(element)]) {
    if (FLOATING.has(getComputedStyle(each).position)) return each;
  }
  return null;
}

/** The part of a box that is in the window, and that nothing around the element clips; null where none is left. */
function inWindow(element, box) {
  const visible = visibleBox(element);
  if (!visible) return null;
  const left = Math.max(box.x, visible.x, 0);
  const top = Math.max(box.y, visible.y, 0);
  const right = Math.min(box.x + box.width, visible.x + visible.width, document.documentElement.clientWidth);
  const bottom = Math.min(box.y + box.height, visible.y + visible.height, innerHeight);
  return right > left && bottom > top ? { x: left, y: top, width: right - left, height: bottom - top } : null;
}

/** Once what was changed is on the screen. */
function painted() {
  return new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve)));
}
