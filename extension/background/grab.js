/**
 * The bytes of a page, by a ladder: each step is tried where the one before got no picture of this shape.
 *
 *   fetch     the background asks for the address, with the site's cookies
 *   referer   the same, with the Referer that the site's own page would send
 *   canvas    the content script draws what is shown
 *   page      the content script asks for the address, as the site's own script would
 */

import { CODES } from "../shared/messages.js";
import { imageType } from "./bytes.js";
import { TabGoneError } from "./ports.js";
import { withReferer } from "./referer-rules.js";
import { say } from "./words.js";

/** Milliseconds that a site may take for one picture. */
const PATIENCE_MILLISECONDS = 30_000;
/** By how much the aspect of what was fetched may differ from what is shown; a placeholder's differs by more. */
const ASPECT_TOLERANCE = 0.02;

/** No step of the ladder got this page. */
export class UnreadableError extends Error {
  constructor(reasons) {
    super(say("cannot_read", reasons.join("; ")));
    this.code = CODES.CANNOT_READ;
  }
}

/**
 * @param {{source: {kind: string, url?: string}, width: number, height: number}} page
 * @param {string} address  of the document that shows it
 * @param {(how: "canvas"|"fetch") => Promise<Blob>} readInTab  asks the content script
 * @returns {Promise<{blob: Blob, how: string}>}  throws UnreadableError, and TabGoneError where nobody shows the page
 */
export async function grab(page, address, readInTab) {
  const reasons = [];
  for (const [how, read] of steps(page, address, readInTab)) {
    try {
      return { blob: await checked(await read(), page), how };
    } catch (error) {
      if (error instanceof TabGoneError) throw error;
      reasons.push(`${how}: ${error.message}`);
    }
  }
  throw new UnreadableError(reasons);
}

function steps({ source }, address, readInTab) {
  const { url } = source;
  const inTab = [["canvas", () => readInTab("canvas")]];
  if (!url) return inTab;
  inTab.push(["page", () => readInTab("fetch")]);
  if (!/^https?:/.test(url)) return url.startsWith("data:") ? [["fetch", () => fetchPicture(url)]] : inTab;
  return [
    ["fetch", () => fetchPicture(url)],
    ["referer", () => withReferer(url, refererOf(url, address), () => fetchPicture(url))],
    ...inTab,
  ];
}

async function fetchPicture(url) {
  const signal = AbortSignal.timeout(PATIENCE_MILLISECONDS);
  const answer = await fetch(url, { credentials: "include", signal });
  if (!answer.ok) throw new Error(`HTTP ${answer.status}`);
  return answer.blob();
}

/** The blob under the type that its bytes have; throws where it is no picture, or one of another shape. */
async function checked(blob, { width, height }) {
  const bytes = await blob.arrayBuffer();
  const type = imageType(bytes);
  if (!type) throw new Error(say("no_picture"));
  const typed = new Blob([bytes], { type });
  if (width && height && !(await hasAspect(typed, width / height))) throw new Error(say("other_picture"));
  return typed;
}

/** Of its aspect only: `naturalWidth` is divided by the density that a `srcset` says. */
async function hasAspect(blob, aspect) {
  const bitmap = await createImageBitmap(blob);
  const actual = bitmap.width / bitmap.height;
  bitmap.close();
  return Math.abs(actual / aspect - 1) <= ASPECT_TOLERANCE;
}

/** What browsers send by default: the whole address within a site, its origin to others. */
function refererOf(url, address) {
  const page = new URL(address);
  return new URL(url).origin === page.origin ? page.href : `${page.origin}/`;
}
