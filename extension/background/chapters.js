/** Names that are the same whenever the same is meant: of chapters, and of what is asked for. */

import { sha256OfText } from "./bytes.js";

/** Longest part of a chapter's name that comes from its host; with the digits it fits the server's 64 characters. */
const HOST_CHARACTERS = 40;
const DIGITS = 16;
/** Parts of an address that say where a reader came from, and nothing of the chapter. */
const NOISE = /^(utm_\w+|fbclid|gclid)$/;

/** The chapter that a document shows, as the server names it. @param {string} address @returns {Promise<string>} */
export async function chapterId(address) {
  const url = new URL(address);
  url.hash = "";
  for (const name of [...url.searchParams.keys()]) if (NOISE.test(name)) url.searchParams.delete(name);
  const host = url.hostname.replace(/[^A-Za-z0-9.-]/g, "").replace(/^[.-]+/, "").slice(0, HOST_CHARACTERS);
  return `${host || "page"}-${(await sha256OfText(url.href)).slice(0, DIGITS)}`;
}

/**
 * The job that colours a page.
 * @param {import("./ledger.js").PageRow} row  with its sha256
 * @param {{reference: string, direction: string, engine: string, strength: number, priority: number}} wishes
 */
export function jobRequest(row, { reference, direction, engine, strength, priority }) {
  const seed = row.seed == null ? {} : { seed_mode: "fixed", seed: row.seed };
  return {
    chapter_id: row.chapter_id,
    input_mode: "single",
    page_image: `asset:${row.sha256}`,
    page_num: row.page_num,
    style_reference: `asset:${reference}`,
    ...(engine === "auto" ? {} : { engine }),
    options: { reading_direction: direction, strength, ...seed },
    priority,
  };
}

/** The Idempotency-Key of a request: how urgent it is does not count. @param {object} request @param {number} tries */
export function requestKey(request, tries) {
  const asked = { ...request, priority: null };
  return sha256OfText(JSON.stringify([asked, tries]));
}
