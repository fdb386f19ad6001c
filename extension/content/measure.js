// The real size of pictures by address: of those not loaded yet, and of those whose `srcset` claims a density.

//: Pictures that are fetched at a time; the browser's cache has most of them already.
const AT_A_TIME = 4;

export class Measure {
  #sizes = new Map();
  #waiting = [];
  #fetching = 0;
  #onSize;

  /** `onSize` is called whenever a size has become known. */
  constructor(onSize) {
    this.#onSize = onSize;
  }

  /** `{width, height}` of a picture; null while it is fetched, and for ever where it cannot be. */
  sizeOf(url) {
    if (this.#sizes.has(url)) return this.#sizes.get(url);
    this.#sizes.set(url, null);
    this.#waiting.push(url);
    this.#next();
    return null;
  }

  #next() {
    while (this.#fetching < AT_A_TIME && this.#waiting.length > 0) this.#fetch(this.#waiting.shift());
  }

  #fetch(url) {
    this.#fetching += 1;
    const image = new Image();
    image.fetchPriority = "low";
    const settle = () => {
      this.#fetching -= 1;
      if (image.naturalWidth > 0) {
        this.#sizes.set(url, { width: image.naturalWidth, height: image.naturalHeight });
        this.#onSize();
      }
      this.#next();
    };
    image.addEventListener("load", settle);
    image.addEventListener("error", settle);
    image.src = url;
  }
}
