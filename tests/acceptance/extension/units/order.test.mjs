// The order of pages, and how far each is from the view.

import assert from "node:assert/strict";
import { test } from "node:test";

import { inReadingOrder, mergeKeys, nearness } from "../../../../extension/content/order.js";

const at = (name, x, y) => ({ name, box: { x, y, width: 400, height: 600 } });
const names = (pages, direction = "rtl") => inReadingOrder(pages, direction).map(({ name }) => name).join("");

test("a column is read downwards, whatever its order in the document", () => {
  assert.equal(names([at("c", 0, 1300), at("a", 0, 0), at("b", 0, 650)]), "abc");
});

test("a spread is read as the direction says", () => {
  const pages = [at("l", 0, 0), at("r", 410, 8), at("L", 0, 700), at("R", 410, 700)];
  assert.equal(names(pages, "rtl"), "rlRL");
  assert.equal(names(pages, "ltr"), "lrLR");
});

test("two pages on each other stay in the order of the document", () => {
  assert.equal(names([at("a", 0, 0), at("b", 0, 0)]), "ab");
});

test("a row of many is read as the site wrote it", () => {
  assert.equal(names([at("a", 820, 0), at("b", 410, 0), at("c", 0, 0)]), "abc");
});

test("where a page has no place the document decides", () => {
  assert.equal(names([at("a", 0, 900), { name: "b", box: null }, at("c", 0, 0)]), "abc");
});

for (const [what, known, current, merged] of [
  ["pages turned one by one", ["a"], ["b"], "ab"],
  ["and on", ["a", "b"], ["c"], "abc"],
  ["and back", ["a", "b", "c"], ["b"], "abc"],
  ["more at the end", ["a", "b"], ["a", "b", "c"], "abc"],
  ["more before", ["b"], ["a", "b"], "ab"],
  ["those in the middle taken out", ["a", "b", "c", "d"], ["a", "d"], "abcd"],
  ["all in another order", ["a", "b"], ["b", "a"], "ba"],
]) {
  test(`pages that are gone keep their place: ${what}`, () => assert.equal(mergeKeys(known, current).join(""), merged));
}

test("pages are as near as they are places from the view", () => {
  assert.deepEqual(nearness(5, [1, 2]), [-1, 0, 0, 1, 2]);
  assert.deepEqual(nearness(3, []), [1, 2, 3]);
});
