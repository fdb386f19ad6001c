// A text → the modules of a QR code, level M, byte mode (ISO/IEC 18004, sections 7.7 to 7.10).

import { codewords, versionFor } from "./codewords.js";

//: By number: where a mask turns a module over (table 10).
const MASKS = [
  (x, y) => (x + y) % 2 === 0,
  (_x, y) => y % 2 === 0,
  (x) => x % 3 === 0,
  (x, y) => (x + y) % 3 === 0,
  (x, y) => (Math.floor(x / 3) + Math.floor(y / 2)) % 2 === 0,
  (x, y) => ((x * y) % 2) + ((x * y) % 3) === 0,
  (x, y) => (((x * y) % 2) + ((x * y) % 3)) % 2 === 0,
  (x, y) => (((x + y) % 2) + ((x * y) % 3)) % 2 === 0,
];

/** Rows of booleans, true where a module is dark, without the quiet zone. Throws RangeError where the text is too long. */
export function encode(text) {
  const bytes = new TextEncoder().encode(text);
  const version = versionFor(bytes.length);
  const blank = new Grid(version);
  blank.drawPatterns();
  blank.drawData(codewords(bytes, version));
  const masked = MASKS.map((_, mask) => blank.masked(mask));
  return masked.reduce((best, grid) => (grid.penalty() < best.penalty() ? grid : best)).rows;
}

class Grid {
  constructor(version) {
    this.version = version;
    this.size = 17 + 4 * version;
    this.rows = Array.from({ length: this.size }, () => Array(this.size).fill(false));
    this.taken = Array.from({ length: this.size }, () => Array(this.size).fill(false));
  }

  /** Finders, timing, alignment, version; and room for the format. */
  drawPatterns() {
    for (let index = 0; index < this.size; index += 1) {
      this.#fix(6, index, index % 2 === 0);
      this.#fix(index, 6, index % 2 === 0);
    }
    for (const [x, y] of [
      [3, 3],
      [this.size - 4, 3],
      [3, this.size - 4],
    ])
      this.#drawSquares(x, y, 4, [0, 1, 3]);
    const places = this.#alignmentPlaces();
    const last = places.length - 1;
    const corners = [
      [0, 0],
      [0, last],
      [last, 0],
    ];
    for (let row = 0; row <= last; row += 1) {
      for (let column = 0; column <= last; column += 1) {
        if (!corners.some(([x, y]) => x === column && y === row))
          this.#drawSquares(places[column], places[row], 2, [0, 2]);
      }
    }
    this.#drawFormat(0);
    if (this.version >= 7) this.#drawVersion();
  }

  /** Fills what is free in columns of two, from the right, upwards and downwards in turns. */
  drawData(words) {
    let bit = 0;
    for (let right = this.size - 1; right > 0; right -= 2) {
      if (right === 6) right = 5;
      const upwards = ((right + 1) & 2) === 0;
      for (let step = 0; step < this.size; step += 1) {
        for (const x of [right, right - 1]) {
          const y = upwards ? this.size - 1 - step : step;
          if (this.taken[y][x]) continue;
          this.rows[y][x] = bit < 8 * words.length && Boolean((words[bit >> 3] >> (7 - (bit & 7))) & 1);
          bit += 1;
        }
      }
    }
  }

  /** A copy under one of the eight masks, with its format. */
  masked(mask) {
    const copy = new Grid(this.version);
    copy.taken = this.taken;
    copy.rows = this.rows.map((row, y) => row.map((dark, x) => (this.taken[y][x] ? dark : dark !== MASKS[mask](x, y))));
    copy.#drawFormat(mask);
    return copy;
  }

  /** How hard it is to read: runs, blocks, patterns that look like finders, and too much of one colour (table 11). */
  penalty() {
    const columns = this.rows.map((_, x) => this.rows.map((row) => row[x]));
    const lines = [...this.rows, ...columns].map((line) => line.map((dark) => (dark ? "1" : "0")).join(""));
    let sum = 0;
    for (const line of lines) {
      for (const [run] of line.matchAll(/0{5,}|1{5,}/g)) sum += run.length - 2;
      for (const pattern of ["10111010000", "00001011101"])
        for (let place = line.indexOf(pattern); place >= 0; place = line.indexOf(pattern, place + 1)) sum += 40;
    }
    for (let y = 1; y < this.size; y += 1) {
      for (let x = 1; x < this.size; x += 1) {
        const same = [this.rows[y - 1][x - 1], this.rows[y - 1][x], this.rows[y][x - 1]].every(
          (dark) => dark === this.rows[y][x],
        );
        if (same) sum += 3;
      }
    }
    const dark = lines.slice(0, this.size).join("").replaceAll("0", "").length;
    return sum + 10 * Math.floor(Math.abs((dark / this.size ** 2) * 20 - 10));
  }

  #fix(x, y, dark) {
    if (x < 0 || y < 0 || x >= this.size || y >= this.size) return;
    this.rows[y][x] = dark;
    this.taken[y][x] = true;
  }

  /** Squares around a middle; dark at the distances given. */
  #drawSquares(x, y, reach, dark) {
    for (let down = -reach; down <= reach; down += 1) {
      for (let across = -reach; across <= reach; across += 1) {
        this.#fix(x + across, y + down, dark.includes(Math.max(Math.abs(across), Math.abs(down))));
      }
    }
  }

  #alignmentPlaces() {
    if (this.version === 1) return [];
    const count = Math.floor(this.version / 7) + 2;
    const step = Math.ceil((this.size - 13) / (2 * count - 2)) * 2;
    return [6, ...Array.from({ length: count - 1 }, (_, index) => this.size - 7 - step * (count - 2 - index))];
  }

  #drawFormat(mask) {
    // Level M is 00, so the five bits are the mask alone.
    const bits = ((mask << 10) | remainder(mask, 0x537, 10)) ^ 0x5412;
    const bit = (index) => Boolean((bits >> index) & 1);
    for (let index = 0; index < 15; index += 1) {
      this.#fix(8, index < 6 ? index : index < 8 ? index + 1 : this.size - 15 + index, bit(index));
      this.#fix(index < 8 ? this.size - 1 - index : index === 8 ? 7 : 14 - index, 8, bit(index));
    }
    this.#fix(8, this.size - 8, true);
  }

  #drawVersion() {
    const bits = (this.version << 12) | remainder(this.version, 0x1f25, 12);
    for (let index = 0; index < 18; index += 1) {
      const [near, far] = [Math.floor(index / 3), this.size - 11 + (index % 3)];
      this.#fix(far, near, Boolean((bits >> index) & 1));
      this.#fix(near, far, Boolean((bits >> index) & 1));
    }
  }
}

/** The remainder of a value by a BCH generator of so many bits (annexes C and D). */
function remainder(value, generator, bits) {
  let rest = value;
  for (let index = 0; index < bits; index += 1) rest = (rest << 1) ^ ((rest >> (bits - 1)) * generator);
  return rest;
}
