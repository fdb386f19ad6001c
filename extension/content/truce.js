// How often a picture is shown again on an element whose site takes every change back.

//: Milliseconds of the first rest; each one after it is twice as long.
const FIRST_REST_MILLISECONDS = 50;
const LONGEST_REST_MILLISECONDS = 300_000;
//: Milliseconds that a picture must have been left alone for the next rest to be the first again.
const PEACE_MILLISECONDS = 1000;

export class Truce {
  #fronts = new WeakMap();

  /** Our picture is shown on an element now. */
  note(element) {
    this.#frontOf(element).shownAt = performance.now();
  }

  /** The site has taken it away; milliseconds for which it is to be left so, 0 where it was there for a while. */
  lose(element) {
    const front = this.#frontOf(element);
    const now = performance.now();
    front.rest = now - front.shownAt > PEACE_MILLISECONDS ? 0 : Math.min(nextRest(front), LONGEST_REST_MILLISECONDS);
    front.until = now + front.rest;
    return front.rest;
  }

  holds(element) {
    return performance.now() < this.#frontOf(element).until;
  }

  #frontOf(element) {
    if (!this.#fronts.has(element)) this.#fronts.set(element, { shownAt: 0, rest: 0, until: 0 });
    return this.#fronts.get(element);
  }
}

function nextRest({ rest }) {
  return rest === 0 ? FIRST_REST_MILLISECONDS : 2 * rest;
}
