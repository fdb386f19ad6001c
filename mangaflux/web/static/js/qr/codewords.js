// The bytes of a QR code: mode, length, text, padding and error correction (ISO/IEC 18004, sections 7.4 and 7.5).

//: Error correction level M (15 %), by version from 1: codewords of correction in a block, and blocks (table 9).
const CORRECTION = [10, 16, 26, 18, 24, 16, 18, 22, 22, 26, 30, 22, 22, 24, 24];
const BLOCKS = [1, 1, 1, 2, 2, 4, 4, 4, 5, 5, 5, 8, 9, 9, 10];
export const MAX_VERSION = BLOCKS.length;
const BYTE_MODE = 0b0100;
const PADDING = [0xec, 0x11];
//: x⁸ + x⁴ + x³ + x² + 1 (section 7.5.2).
const FIELD = 0x11d;

/** The smallest version whose code holds this many bytes. Throws RangeError where none does. */
export function versionFor(count) {
  for (let version = 1; version <= MAX_VERSION; version += 1) {
    if (4 + lengthBits(version) + 8 * count <= 8 * dataCodewords(version)) return version;
  }
  throw new RangeError("too long for a QR code of this page");
}

/** All codewords in the order in which they are drawn. */
export function codewords(bytes, version) {
  const blocks = split(padded(bytes, version), version);
  const corrections = blocks.map((block) => correction(block, CORRECTION[version - 1]));
  return [...interleaved(blocks), ...interleaved(corrections)];
}

/** Modules that carry codewords: all but the patterns that readers find their way by (annex D and section 6.3). */
export function dataModules(version) {
  const aligned = version === 1 ? 0 : Math.floor(version / 7) + 2;
  const alignment = aligned ? (25 * aligned - 10) * aligned - 55 : 0;
  return (16 * version + 128) * version + 64 - alignment - (version >= 7 ? 36 : 0);
}

function dataCodewords(version) {
  return Math.floor(dataModules(version) / 8) - CORRECTION[version - 1] * BLOCKS[version - 1];
}

function lengthBits(version) {
  return version < 10 ? 8 : 16;
}

function padded(bytes, version) {
  const bits = [
    ...bitsOf(BYTE_MODE, 4),
    ...bitsOf(bytes.length, lengthBits(version)),
    ...[...bytes].flatMap((byte) => bitsOf(byte, 8)),
  ];
  const room = 8 * dataCodewords(version);
  bits.push(...Array(Math.min(4, room - bits.length)).fill(0));
  bits.push(...Array((8 - (bits.length % 8)) % 8).fill(0));
  const words = [];
  for (let place = 0; place < bits.length; place += 8)
    words.push(bits.slice(place, place + 8).reduce((sum, bit) => sum * 2 + bit, 0));
  for (let index = 0; words.length < room / 8; index += 1) words.push(PADDING[index % 2]);
  return words;
}

function bitsOf(value, count) {
  return Array.from({ length: count }, (_, index) => (value >> (count - 1 - index)) & 1);
}

/** The later blocks are one codeword longer where they do not come out even. */
function split(words, version) {
  const count = BLOCKS[version - 1];
  const short = Math.floor(words.length / count);
  const longer = words.length % count;
  const blocks = [];
  let place = 0;
  for (let index = 0; index < count; index += 1) {
    const length = short + (index >= count - longer ? 1 : 0);
    blocks.push(words.slice(place, place + length));
    place += length;
  }
  return blocks;
}

function interleaved(blocks) {
  const longest = Math.max(...blocks.map((block) => block.length));
  return Array.from({ length: longest }, (_, index) => blocks.map((block) => block[index]))
    .flat()
    .filter((word) => word !== undefined);
}

/** The remainder of the block by the generator polynomial (Reed–Solomon). */
function correction(block, count) {
  const generator = generatorOf(count);
  const remainder = Array(count).fill(0);
  for (const word of block) {
    const factor = word ^ remainder.shift();
    remainder.push(0);
    generator.forEach((coefficient, index) => {
      remainder[index] ^= times(coefficient, factor);
    });
  }
  return remainder;
}

/** (x − 1)(x − 2)(x − 4)… without its leading 1. */
function generatorOf(count) {
  let coefficients = [1];
  let root = 1;
  for (let index = 0; index < count; index += 1) {
    const longer = [...coefficients, 0];
    coefficients.forEach((coefficient, place) => {
      longer[place + 1] ^= times(coefficient, root);
    });
    coefficients = longer;
    root = times(root, 2);
  }
  return coefficients.slice(1);
}

function times(left, right) {
  let product = 0;
  for (let bit = 7; bit >= 0; bit -= 1) {
    product = (product << 1) ^ ((product >>> 7) * FIELD);
    product ^= ((right >>> bit) & 1) * left;
  }
  return product & 0xff;
}
