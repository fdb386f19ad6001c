// A look at the originals while a key, or a page itself, is held down.

//: Milliseconds that a page must be pressed to show its original; a shorter press is a click, and the site's.
const PRESS_MILLISECONDS = 350;
//: CSS pixels that a finger or pointer may move meanwhile; more is a scroll, or a drag.
const STILL_PIXELS = 10;

export class Peek {
  #onChange;
  #pageOf;
  #key;
  #held = false;
  #pressed = null;
  #press = null;
  #swallow = false;

  /**
   * @param {() => void} onChange                       other originals are to be shown
   * @param {(element: Element) => string|null} pageOf  the key of the page that an element shows in colour
   */
  constructor(onChange, pageOf) {
    this.#onChange = onChange;
    this.#pageOf = pageOf;
  }

  /** True where the original of a page is to be shown. */
  shows(key) {
    return this.#held || this.#pressed === key;
  }

  /** The key to hold, as `KeyboardEvent.key`. */
  use(key) {
    this.#key = key?.toLowerCase();
  }

  /** Listens in a document. */
  listen(document, signal) {
    const window = document.defaultView;
    const options = { capture: true, signal };
    window.addEventListener("keydown", (event) => this.#keyDown(event), options);
    window.addEventListener("keyup", (event) => event.key.toLowerCase() === this.#key && this.#release(), options);
    window.addEventListener("blur", () => this.#release(), options);
    window.addEventListener("pointerdown", (event) => this.#pointerDown(event), options);
    window.addEventListener("pointermove", (event) => this.#pointerMove(event), options);
    for (const type of ["pointerup", "pointercancel"]) window.addEventListener(type, () => this.#release(), options);
    window.addEventListener("click", (event) => this.#click(event), options);
    window.addEventListener("contextmenu", (event) => this.#pressed && event.preventDefault(), options);
  }

  #keyDown(event) {
    if (event.key.toLowerCase() !== this.#key || event.ctrlKey || event.altKey || event.metaKey) return;
    if (isTyping(event.composedPath()[0]) || this.#held) return;
    this.#held = true;
    this.#onChange();
  }

  #pointerDown(event) {
    this.#release();
    this.#swallow = false;
    // The innermost element of the event is not always the page: sites lay click areas over it.
    const key = event.button === 0 && event.isPrimary ? this.#pageAt(event) : null;
    if (!key) return;
    const start = () => {
      this.#pressed = key;
      this.#swallow = true;
      this.#onChange();
    };
    this.#press = { x: event.clientX, y: event.clientY, timer: setTimeout(start, PRESS_MILLISECONDS) };
  }

  #pageAt(event) {
    const [target] = event.composedPath();
    const under = target.getRootNode().elementsFromPoint?.(event.clientX, event.clientY) ?? [];
    for (const element of [target, ...under]) {
      const key = this.#pageOf(element);
      if (key) return key;
    }
    return null;
  }

  #pointerMove({ clientX, clientY }) {
    if (this.#pressed || !this.#press) return;
    if (Math.hypot(clientX - this.#press.x, clientY - this.#press.y) > STILL_PIXELS) this.#release();
  }

  #release() {
    clearTimeout(this.#press?.timer);
    this.#press = null;
    if (!this.#held && !this.#pressed) return;
    this.#held = false;
    this.#pressed = null;
    this.#onChange();
  }

  /** The click that ends a long press would turn the page. */
  #click(event) {
    if (!this.#swallow) return;
    this.#swallow = false;
    event.preventDefault();
    event.stopImmediatePropagation();
  }
}

function isTyping(element) {
  return element.isContentEditable || ["input", "textarea", "select"].includes(element.localName);
}
