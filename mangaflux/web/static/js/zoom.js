// Zooming and moving by wheel, drag, pinch and keys; both panes follow the same numbers, so they stay together.

export const MAX_SCALE = 12;
//: What one notch of a wheel does.
const WHEEL = 0.0016;

export class Zoom {
  scale = 1;
  #x = 0;
  #y = 0;
  #element;
  #pointers = new Map();

  constructor(element) {
    this.#element = element;
  }

  /** Begins to follow wheel and pointers. */
  listen() {
    const element = this.#element;
    element.addEventListener(
      "wheel",
      (event) => {
        event.preventDefault();
        this.by(Math.exp(-event.deltaY * WHEEL), this.#place(event));
      },
      { passive: false },
    );
    element.addEventListener("dblclick", (event) => {
      if (this.scale > 1) this.reset();
      else this.by(2.5, this.#place(event));
    });
    element.addEventListener("pointerdown", (event) => this.#down(event));
    element.addEventListener("pointermove", (event) => this.#moved(event));
    for (const type of ["pointerup", "pointercancel"])
      element.addEventListener(type, (event) => this.#pointers.delete(event.pointerId));
  }

  /** Scales around a point, given from the middle of its pane in pixels. */
  by(factor, { x, y } = { x: 0, y: 0 }) {
    const scale = Math.min(MAX_SCALE, Math.max(1, this.scale * factor));
    const share = scale / this.scale;
    this.#x = x - (x - this.#x) * share;
    this.#y = y - (y - this.#y) * share;
    this.scale = scale;
    this.#apply();
  }

  /** Moves by pixels. */
  move(x, y) {
    this.#x += x;
    this.#y += y;
    this.#apply();
  }

  /** The whole page again. */
  reset() {
    this.scale = 1;
    this.#apply();
  }

  #apply() {
    const { clientWidth: width, clientHeight: height } = this.#element;
    const roomX = (width / 2) * (this.scale - 1);
    const roomY = (height / 2) * (this.scale - 1);
    this.#x = Math.min(roomX, Math.max(-roomX, this.#x));
    this.#y = Math.min(roomY, Math.max(-roomY, this.#y));
    const { style } = this.#element;
    style.setProperty("--scale", this.scale);
    style.setProperty("--x", `${this.#x}px`);
    style.setProperty("--y", `${this.#y}px`);
    this.#element.classList.toggle("zoomed", this.scale > 1);
    this.#element.dispatchEvent(new CustomEvent("zoom", { detail: this.scale }));
  }

  #place(event) {
    const box = (event.target.closest(".pane") ?? this.#element).getBoundingClientRect();
    return { x: event.clientX - box.left - box.width / 2, y: event.clientY - box.top - box.height / 2 };
  }

  #down(event) {
    if (event.target.closest("input, button, a")) return;
    this.#pointers.set(event.pointerId, { x: event.clientX, y: event.clientY });
    this.#element.setPointerCapture(event.pointerId);
  }

  #moved(event) {
    const before = this.#pointers.get(event.pointerId);
    if (!before) return;
    const now = { x: event.clientX, y: event.clientY };
    if (this.#pointers.size === 2) this.#pinch(event, before, now);
    else if (this.scale > 1) this.move(now.x - before.x, now.y - before.y);
    this.#pointers.set(event.pointerId, now);
  }

  #pinch(event, before, now) {
    const other = [...this.#pointers].find(([id]) => id !== event.pointerId)[1];
    const apart = (point) => Math.hypot(point.x - other.x, point.y - other.y);
    this.by(apart(now) / Math.max(1, apart(before)), this.#place(event));
  }
}
