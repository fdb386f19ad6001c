// A list whose lines stay what they are while their items change, so that the focus stays where it is.

export class KeyedList {
  element;
  #make;
  #lines = new Map();

  /** `make(key)` builds a line: `{element, update(item)}`. */
  constructor(element, make) {
    this.element = element;
    this.#make = make;
  }

  /** The line of a key, or undefined. */
  get(key) {
    return this.#lines.get(key);
  }

  /** Shows `items` in their order; `keyOf(item)` says which is which. */
  update(items, keyOf) {
    const present = new Set(items.map(keyOf));
    for (const key of this.#lines.keys()) if (!present.has(key)) this.#remove(key);
    items.forEach((item, index) => {
      const line = this.#lines.get(keyOf(item)) ?? this.#add(keyOf(item));
      line.update(item);
      const there = this.element.children[index] ?? null;
      if (there !== line.element) this.element.insertBefore(line.element, there);
    });
  }

  #add(key) {
    const line = this.#make(key);
    this.#lines.set(key, line);
    return line;
  }

  #remove(key) {
    this.#lines.get(key).element.remove();
    this.#lines.delete(key);
  }
}
