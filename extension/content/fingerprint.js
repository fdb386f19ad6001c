// Names for pictures that have no lasting address, made from what they show.

//: Pixels of a side of the small copy that is looked at.
const SIDE = 32;

//: The name of every picture that the browser lets nobody look at; it holds one from another origin.
const HIDDEN = "hidden";

/** A short name for what a picture or canvas shows; null where it shows nothing yet. */
export function fingerprint(element) {
  const canvas = new OffscreenCanvas(SIDE, SIDE);
  const context = canvas.getContext("2d", { willReadFrequently: true });
  try {
    context.drawImage(element, 0, 0, SIDE, SIDE);
    const { data } = context.getImageData(0, 0, SIDE, SIDE);
    return data.some((value) => value !== 0) ? digest(data) : null;
  } catch (error) {
    return error.name === "SecurityError" ? HIDDEN : null;
  }
}

/** A short name for a long text, such as a data: address. */
export function digestOfText(text) {
  return digest(new TextEncoder().encode(text));
}

/**
 * 64 bits in hex: two FNV-1a walks, one over the bytes, one over what the first is after each. Pages of one chapter are
 * told apart, no more.
 */
function digest(bytes) {
  let low = 0x811c9dc5;
  let high = 0x1000193;
  for (const byte of bytes) {
    low = Math.imul(low ^ byte, 0x01000193);
    high = Math.imul(high ^ low, 0x01000193);
  }
  return [high, low].map((half) => (half >>> 0).toString(16).padStart(8, "0")).join("");
}
