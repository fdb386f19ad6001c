/**
 * The ledger: every page that was ever found, and how far it is. A row is written before what it says is done, and
 * again once it is, so that whoever dies in between goes on from there.
 *
 * States: waiting → reading → sending → queued → running → done, or skipped, failed, paused. A `running` page with
 * `finished` has its colours on the server, and they are not here yet.
 */

import { mergeKeys } from "../content/order.js";
import { answerOf, transact } from "./database.js";

/** States in which a page has a job that has not ended, as far as is known here. */
export const AT_SERVER = Object.freeze(["queued", "running"]);

/**
 * @typedef {object} PageRow
 * @property {string} id           chapter_id/key
 * @property {string} chapter_id
 * @property {string} key
 * @property {number} page_num     from 1, by when it was found; kept for ever, as the server knows the page by it
 * @property {number} [order]      from 0: its place among the pages of the chapter, as far as they are known
 * @property {{kind: string, url?: string}} source
 * @property {number} width        natural size in pixels
 * @property {number} height
 * @property {number|null} near    places from the view; null: nobody looks at this chapter
 * @property {boolean} chosen      asked for by itself, on a site that may be off
 * @property {string} state
 * @property {string} [sha256]     of the bytes that were read
 * @property {string} [how]        the step of the ladder that read them
 * @property {string} [reference]  sha256 of the style reference it was asked for with
 * @property {object|null} [request]  the job as it is, or was, sent; never changed once it may have been sent
 * @property {string} [request_key]   its Idempotency-Key
 * @property {number} tries        how often the page was asked for anew although the server knew the key
 * @property {number|null} [seed]  of a re-roll
 * @property {string|null} [job_id]
 * @property {number} [priority]   as the server knows it
 * @property {boolean} [finished]
 * @property {string|null} [code]  of a failure, a skip or a pause
 * @property {string|null} [message]
 */

/**
 * Takes in what a frame found: new pages get the next numbers, known ones keep theirs; all stand in reading order then,
 * those that the frame does not show any more behind the page that they followed.
 * @param {{chapter_id: string, title: string, address: string, origin: string}} chapter
 * @param {import("../shared/messages.js").FoundPage[]} found
 * @returns {Promise<PageRow[]>} the rows of the pages found, in their order
 */
export function findPages(chapter, found) {
  return transact(["pages", "chapters"], "readwrite", async ({ pages, chapters }) => {
    const [before, rows] = await Promise.all([
      answerOf(chapters.get(chapter.chapter_id)),
      answerOf(pages.index("chapter").getAll(chapter.chapter_id)),
    ]);
    chapters.put({ paused: false, ...before, ...chapter, last: Date.now() });
    const known = new Map(rows.sort(byPlace).map((row) => [row.key, row]));
    const shown = [...found].sort((one, other) => one.order - other.order);
    const ordered = mergeKeys([...known.keys()], shown.map(({ key }) => key));
    let next = Math.max(0, ...rows.map((row) => row.page_num)) + 1;
    const current = shown.map((page) => seen(known.get(page.key) ?? newRow(chapter.chapter_id, page.key, next++), page));
    for (const row of current) known.set(row.key, row);
    ordered.forEach((key, order) => pages.put(Object.assign(known.get(key), { order })));
    return current;
  });
}

/** A row with what was found of its page now. */
const seen = (row, { source, width, height, near, chosen }) => ({
  ...row, source, width, height, near, chosen: row.chosen || Boolean(chosen),
});

/** @returns {Promise<PageRow|undefined>} */
export const pageById = (id) => transact(["pages"], "readonly", ({ pages }) => answerOf(pages.get(id)));

/** @returns {Promise<PageRow[]>} in reading order */
export async function pagesOfChapter(chapterId) {
  const rows = await transact(["pages"], "readonly", ({ pages }) => answerOf(pages.index("chapter").getAll(chapterId)));
  return rows.sort(byPlace);
}

/** Reading order; of a chapter that was read before places were kept, that in which its pages were found. */
const byPlace = (one, other) => (one.order ?? one.page_num) - (other.order ?? other.page_num);

/** The pages that a job colours: one, or several that show the same picture. @returns {Promise<PageRow[]>} */
export const pagesOfJob = (jobId) => transact(["pages"], "readonly", ({ pages }) => answerOf(pages.index("job").getAll(jobId)));

/** Every page that is in one of these states. @returns {Promise<PageRow[]>} */
export const pagesInStates = (states) =>
  transact(["pages"], "readonly", async ({ pages }) => {
    const found = await Promise.all(states.map((state) => answerOf(pages.index("state").getAll(state))));
    return found.flat();
  });

/**
 * Changes one row. `change` gets the row as it is now and returns what becomes of it, or null to leave it alone.
 * @param {string} id @param {(row: PageRow) => Partial<PageRow>|null} change
 * @returns {Promise<PageRow|null>} the row as it is then; null where it was left alone, or is gone
 */
export function changePage(id, change) {
  return transact(["pages"], "readwrite", async ({ pages }) => {
    const row = await answerOf(pages.get(id));
    const changes = row ? change(row) : null;
    if (!changes) return null;
    const changed = { ...row, ...changes };
    pages.put(changed);
    return changed;
  });
}

/** The same for all pages of a chapter; the changed ones. @returns {Promise<PageRow[]>} */
export function changeChapterPages(chapterId, change) {
  return transact(["pages"], "readwrite", async ({ pages }) => {
    const changed = [];
    for (const row of await answerOf(pages.index("chapter").getAll(chapterId))) {
      const changes = change(row);
      if (changes) changed.push({ ...row, ...changes });
    }
    for (const row of changed) pages.put(row);
    return changed;
  });
}

export const readChapter = (id) => transact(["chapters"], "readonly", ({ chapters }) => answerOf(chapters.get(id)));

export const listChapters = () => transact(["chapters"], "readonly", ({ chapters }) => answerOf(chapters.getAll()));

export function changeChapter(id, changes) {
  return transact(["chapters"], "readwrite", async ({ chapters }) => {
    const row = await answerOf(chapters.get(id));
    if (row) chapters.put({ ...row, ...changes });
  });
}

/** What a page goes back to in order to be sent anew. @param {PageRow} row @returns {Partial<PageRow>} */
export const afresh = (row) => ({
  state: "waiting",
  request: null,
  request_key: null,
  job_id: null,
  finished: false,
  code: null,
  message: null,
  tries: row.tries + 1,
});

function newRow(chapterId, key, pageNum) {
  const id = `${chapterId}/${key}`;
  return { id, chapter_id: chapterId, key, page_num: pageNum, state: "waiting", tries: 0, chosen: false };
}
