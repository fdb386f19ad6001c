/** Style references: those added here, kept whole so that any server can be given them, and those a server knows. */

import { fromBase64, toDataUrl } from "../shared/base64.js";
import { imageType, sha256 } from "./bytes.js";
import { answerOf, transact } from "./database.js";
import { call, get, hasAsset, ServerProblem, storeAsset } from "./server.js";
import { say } from "./words.js";

/** References of the server that are listed. */
const MAX_LISTED = 24;
const THUMBNAIL_WIDTH = 160;

/** Something that was to be a style reference is none. */
export class NoReferenceError extends Error {
  constructor() {
    super(say("no_picture"));
    this.code = "unreadable_image";
  }
}

/** Keeps a reference, and gives it to the server where that answers; its sha256. Throws NoReferenceError. */
export async function addReference(name, mime, base64) {
  return addReferenceBlob(name, fromBase64(base64, mime));
}

/** @param {string} name @param {Blob} blob @returns {Promise<string>} */
export async function addReferenceBlob(name, blob) {
  const bytes = await blob.arrayBuffer();
  const type = imageType(bytes);
  if (!type) throw new NoReferenceError();
  const row = { sha256: await sha256(bytes), name, blob: new Blob([bytes], { type }), added: Date.now() };
  await transact(["references"], "readwrite", ({ references }) => answerOf(references.put(row)));
  try {
    await storeAsset(row.sha256, row.blob);
  } catch (error) {
    // It is sent before the first page that wants it.
    if (!(error instanceof ServerProblem && error.passes)) throw error;
  }
  return row.sha256;
}

/** Makes sure that the server holds a reference. @param {string} hash */
export async function haveReference(hash) {
  if (await hasAsset(hash)) return;
  const row = await transact(["references"], "readonly", ({ references }) => answerOf(references.get(hash)));
  if (!row) throw new ServerProblem("style_reference_invalid", say("reference_lost"));
  await storeAsset(hash, row.blob);
}

/** @returns {Promise<{sha256: string, name: string, thumbnail: string|null}[]>} those added here first, the newest first */
export async function listReferences() {
  const own = await transact(["references"], "readonly", ({ references }) => answerOf(references.getAll()));
  own.sort((one, other) => other.added - one.added);
  const known = new Set(own.map((row) => row.sha256));
  const others = (await serverReferences()).filter((each) => !known.has(each.sha256));
  return Promise.all([
    ...own.map(async ({ sha256: hash, name, blob }) => ({ sha256: hash, name, thumbnail: await toDataUrl(blob) })),
    ...others.map(async ({ sha256: hash }) => ({ sha256: hash, name: "", thumbnail: await thumbnail(hash) })),
  ]);
}

async function serverReferences() {
  try {
    return (await get("/v1/references")).references.slice(0, MAX_LISTED);
  } catch (error) {
    if (error instanceof ServerProblem) return [];
    throw error;
  }
}

async function thumbnail(hash) {
  try {
    const answer = await call("GET", `/v1/thumbnails/${hash}?width=${THUMBNAIL_WIDTH}`);
    return await toDataUrl(await answer.blob());
  } catch (error) {
    if (error instanceof ServerProblem) return null;
    throw error;
  }
}
