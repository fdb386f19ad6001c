/** One page from the tab to a job on the server. Each step is in the ledger before the next begins. */

import { CODES } from "../shared/messages.js";
import { sha256 } from "./bytes.js";
import { jobRequest, requestKey } from "./chapters.js";
import { grab, UnreadableError } from "./grab.js";
import { changePage, pagesOfChapter, readChapter } from "./ledger.js";
import { priorityOf } from "./nearness.js";
import { placesOf } from "./places.js";
import { readInFrame, TabGoneError } from "./ports.js";
import { reach } from "./reach.js";
import { haveReference } from "./references.js";
import { call, hasAsset, post, ServerProblem, storeAsset } from "./server.js";
import { readSettings } from "./settings.js";
import { siteOf } from "./sites.js";
import { tellPages } from "./telling.js";
import { say } from "./words.js";

/** How often a page is sent anew where the server has lost an image between upload and job. */
const MAX_ROUNDS = 3;

/**
 * Brings a page to the server, from whatever step it is at. Problems that pass are thrown as ServerProblem and leave the
 * page where it is; all others end in its row.
 * @param {import("./ledger.js").PageRow} row
 */
export async function submitPage(row) {
  try {
    for (let round = 0; row && round < MAX_ROUNDS; round += 1) row = await oneRound(row);
  } catch (error) {
    if (error instanceof ServerProblem && error.passes) throw error;
    if (error instanceof TabGoneError) return void (await set(row.id, { state: "waiting", near: null }));
    if (!(error instanceof ServerProblem || error instanceof UnreadableError)) throw error;
    await set(row.id, { state: "failed", code: error.code, message: error.message, request: null });
  }
}

/** The row where it has to go round again, or null where it is on its way, or as far as it gets. */
async function oneRound(row) {
  const asked = row.request ? row : await prepare(row);
  if (!asked) return null;
  try {
    await send(asked);
    return null;
  } catch (error) {
    return recover(asked, error);
  }
}

/** Reads and uploads the page, and writes down what will be asked; null where it cannot be asked yet, or need not. */
async function prepare(row) {
  const { address, origin, direction } = await readChapter(row.chapter_id);
  const [site, settings] = await Promise.all([siteOf(origin), readSettings()]);
  if (!site.reference) {
    await set(row.id, { state: "paused", code: CODES.NO_REFERENCE, message: say("no_reference") });
    return null;
  }
  await haveReference(site.reference);
  const uploaded = await upload(row, address);
  if (!uploaded) return null;
  const request = jobRequest(uploaded, {
    reference: site.reference,
    direction: site.direction ?? direction ?? "rtl",
    engine: settings.engine,
    strength: settings.strength,
    priority: priorityOf(uploaded.near),
  });
  if (await joinTwin(uploaded, request)) return null;
  const request_key = await requestKey(request, uploaded.tries);
  return set(row.id, { request, request_key, reference: site.reference });
}

/** The row with the hash of its bytes, which the server holds then. `address` is that of the document. */
async function upload(row, address) {
  if (row.sha256 && (await hasAsset(row.sha256))) return row;
  if (!(await set(row.id, { state: "reading", code: null, message: null }))) return null;
  const { blob, how } = await grab(row, address, (step) => readInTab(row, step));
  const hash = await sha256(await blob.arrayBuffer());
  const sending = await set(row.id, { state: "sending", sha256: hash, how });
  if (sending) await storeAsset(hash, blob);
  return sending;
}

async function readInTab({ chapter_id, key }, how) {
  await reach(await placesOf(chapter_id));
  return readInFrame(chapter_id, key, how);
}

/** Shares the job of another page of the chapter with the same picture and wishes, as sites change their addresses. */
async function joinTwin(row, request) {
  const same = (other) =>
    other.id !== row.id && other.job_id && other.sha256 === row.sha256 && other.state !== "failed" &&
    JSON.stringify(wishesOf(other.request)) === JSON.stringify(wishesOf(request));
  const twin = row.seed == null && (await pagesOfChapter(row.chapter_id)).find(same);
  if (!twin) return false;
  const { job_id, page_num, reference, priority, state, finished, code, message } = twin;
  const shared = { job_id, page_num, request, reference, priority, state, finished, code, message };
  // The twin's picture is the twin's: this page fetches its own.
  await set(row.id, state === "done" ? { ...shared, state: "running", finished: true } : shared);
  return true;
}

const wishesOf = (request) => request && [request.style_reference, request.engine, request.options];

/** Asks for the job. Whoever dies before the answer is noted asks again with the same key, and gets the same job. */
async function send(row) {
  if (!(await set(row.id, { state: "sending" }))) return;
  const { job_id } = await post("/v1/jobs/two-pass", row.request, { "Idempotency-Key": row.request_key });
  const { priority } = row.request;
  const queued = await set(row.id, { job_id, priority, state: "queued", finished: false });
  // Cancelled while it was asked for: the job is noted, so that it can be taken up again.
  if (!queued && (await changePage(row.id, () => ({ job_id, priority })))) await call("POST", `/v1/jobs/${job_id}/cancel`);
}

/** Where the refusal can be mended by going round again: the row as it is then. Throws the refusal where it cannot. */
async function recover(row, error) {
  if (!(error instanceof ServerProblem) || error.passes) throw error;
  if (error.code === "idempotency_key_reused" || error.isGone) {
    // The key belongs to another request, or to a job that is not kept any more.
    const lost = error.status === 404 && !(await holdsImages(row));
    return set(row.id, lost ? { request: null } : { request: null, tries: row.tries + 1 });
  }
  if (error.status === 422 && !(await holdsImages(row))) return set(row.id, { request: null });
  throw error;
}

async function holdsImages({ sha256: page, reference }) {
  const held = await Promise.all([hasAsset(page), hasAsset(reference)]);
  return held.every(Boolean);
}

/** Changes a page that is still wanted, and tells of a new state; null where it was cancelled meanwhile. */
async function set(id, changes) {
  let before = null;
  const row = await changePage(id, (now) => {
    before = now.state;
    return before === "paused" ? null : changes;
  });
  if (row && row.state !== before) await tellPages(row);
  return row;
}
