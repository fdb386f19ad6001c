/** Coloured pages that are kept here, least recently used first to go. */

import { answerOf, transact } from "./database.js";
import { readSettings } from "./settings.js";

const MEGABYTE = 1_000_000;

/** Keeps the picture of a page, and lets others go beyond the cap. @param {string} id @param {Blob} blob */
export async function keepPicture(id, blob) {
  const cap = await readCap();
  await transact(["pictures"], "readwrite", async ({ pictures }) => {
    pictures.put({ id, blob, size: blob.size, used: Date.now() });
    await trim(pictures, cap);
  });
}

/** The picture of a page, which counts as used now; null where it is not kept. @returns {Promise<Blob|null>} */
export function readPicture(id) {
  return transact(["pictures"], "readwrite", async ({ pictures }) => {
    const row = await answerOf(pictures.get(id));
    if (row) pictures.put({ ...row, used: Date.now() });
    return row?.blob ?? null;
  });
}

/** Lets pictures go beyond the cap of the settings. */
export async function applyCap() {
  const cap = await readCap();
  await transact(["pictures"], "readwrite", ({ pictures }) => trim(pictures, cap));
}

/** @returns {Promise<{bytes: number, pictures: number, cap: number}>}  cap in bytes */
export async function cacheSize() {
  const cap = await readCap();
  const rows = await transact(["pictures"], "readonly", ({ pictures }) => answerOf(pictures.getAll()));
  return { bytes: rows.reduce((sum, row) => sum + row.size, 0), pictures: rows.length, cap };
}

export const clearPictures = () => transact(["pictures"], "readwrite", async ({ pictures }) => answerOf(pictures.clear()));

/** Bytes that all pictures together may have. */
const readCap = async () => (await readSettings()).cacheMegabytes * MEGABYTE;

/** The newest stays, however large it is: it is about to be shown. */
async function trim(pictures, cap) {
  const rows = await answerOf(pictures.index("used").getAll());
  let bytes = rows.reduce((sum, row) => sum + row.size, 0);
  for (const row of rows.slice(0, -1)) {
    if (bytes <= cap) break;
    pictures.delete(row.id);
    bytes -= row.size;
  }
}
