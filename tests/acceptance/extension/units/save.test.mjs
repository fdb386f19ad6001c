// In which order the pages of a chapter are saved.

import assert from "node:assert/strict";
import { test } from "node:test";

import { afresh } from "../../../../extension/background/ledger.js";
import { orderOf } from "../../../../extension/background/save.js";

/** Rows in reading order, by the numbers of their pages; all have their colours. */
const rows = (...numbers) => numbers.map((page_num) => ({ page_num, sha256: "ab", job_id: "j", state: "done", tries: 0 }));

test("pages that were found in reading order need no order", () => {
  assert.equal(orderOf(rows(1, 2, 5)), "");
  assert.equal(orderOf([]), "");
});

test("pages are named up to the last that a smaller number follows", () => {
  assert.equal(orderOf(rows(1, 4, 2, 3)), "?order=1,4");
  assert.equal(orderOf(rows(3, 2, 1)), "?order=3,2");
  const late = Array.from({ length: 5000 }, (_, place) => place + 1);
  assert.equal(orderOf(rows(5001, ...late)), "?order=5001");
});

test("a page that is coloured anew keeps its place, and one that was never read has none", () => {
  const [first, late, ...others] = rows(1, 4, 2, 3);
  assert.equal(orderOf([first, { ...late, ...afresh(late) }, ...others]), "?order=1,4");
  assert.equal(orderOf([first, { page_num: 9 }, ...others]), "");
});
