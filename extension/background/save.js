/** Saves what is finished of a chapter as a CBZ. The browser fetches it from the server itself, straight to the disk. */

import { browser } from "../shared/browser.js";
import { pagesOfChapter, readChapter } from "./ledger.js";
import { call } from "./server.js";
import { readServer } from "./settings.js";

/** Longest name of a file, in characters, that all systems take with its ending. */
const NAME_CHARACTERS = 120;

/** In reading order. @param {string} chapterId @returns {Promise<string>} the file's name; throws ServerProblem, `not_ready` where no page is finished */
export async function saveChapter(chapterId) {
  const path = `/v1/chapters/${chapterId}/archive.cbz${orderOf(await pagesOfChapter(chapterId))}`;
  // Asks first: what goes wrong with a download cannot be told from a cancelled one.
  await (await call("GET", path)).body?.cancel();
  const { address, token } = await readServer();
  const chapter = await readChapter(chapterId);
  const name = `${fileName(chapter?.title) || chapterId}.cbz`;
  const headers = token ? [{ name: "Authorization", value: `Bearer ${token}` }] : [];
  await browser.downloads.download({ url: address + path, filename: name, headers, conflictAction: "uniquify" });
  return name;
}

/**
 * The query that has the archive in reading order; none where the pages were found in it. Named are the pages up to the
 * last that a smaller number follows: the server puts the others behind them by number, and takes no line without end.
 * A page that is to be coloured anew has no job, and the colours of before on the server: all that were read count.
 * @param {import("./ledger.js").PageRow[]} rows  in reading order
 */
export function orderOf(rows) {
  const numbers = [...new Set(rows.filter((row) => row.sha256).map((row) => row.page_num))];
  const named = numbers.slice(0, numbers.findLastIndex((number, place) => number > numbers[place + 1]) + 1);
  return named.length ? `?order=${named.join(",")}` : "";
}

/** A title without what file systems refuse: control characters, reserved ones, dots and spaces at the ends. */
function fileName(title = "") {
  return title
    .replace(/[\p{Cc}\p{Cf}<>:"/\\|?*~]+/gu, " ")
    .replace(/\s+/g, " ")
    .slice(0, NAME_CHARACTERS)
    .replace(/^[. ]+|[. ]+$/g, "");
}
