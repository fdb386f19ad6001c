// Which pictures are pages. Each test has a chapter of three pages and one thing beside them.

import assert from "node:assert/strict";
import { test } from "node:test";

import { choosePages, mayBePage } from "../../../../extension/content/choose.js";

const VIEW = { width: 1280, height: 720, isFrame: false };
const BODY = "body";
const COLUMN = "column";

/** A page of a common reader; what is given differs. */
function picture(name, facts = {}) {
  const { width = 800, height = 1150, url = name } = facts;
  return {
    name,
    url,
    facts: {
      width,
      height,
      box: { x: 240, y: 0, width, height },
      chain: [COLUMN, BODY],
      names: [],
      file: [],
      furniture: false,
      sponsored: false,
      linkHost: null,
      host: "reader.example",
      ...facts,
    },
  };
}

const chapter = ["1", "2", "3"].map((name) => picture(name));
const chosen = (candidates, view = VIEW) => {
  const possible = candidates.filter(({ facts }) => mayBePage(facts));
  return choosePages(possible, view).map(({ name }) => name);
};
const beside = (facts) => chosen([...chapter, picture("x", facts)]);

for (const [what, facts] of Object.entries({
  "a small picture": { width: 280, height: 900 },
  "a banner": { width: 1400, height: 310 },
  "a thumbnail": { box: { x: 0, y: 0, width: 120, height: 172 } },
  "an avatar": { names: ["user", "avatar"] },
  "a file of an advertiser": { file: ["banners", "summer", "jpg"] },
  "a link to another site": { linkHost: "shop.other.example.org" },
  "a sponsored link": { sponsored: true },
  "the head of the site": { furniture: true },
  "a cover beside the column": { chain: ["sidebox", BODY] },
  "one not half as wide as its neighbours": { box: { x: 0, y: 0, width: 330, height: 474 } },
})) {
  test(`${what} is no page`, () => assert.deepEqual(beside(facts), ["1", "2", "3"]));
}

for (const [what, facts] of Object.entries({
  "one that waits to be turned to": { box: null },
  "one in a link to the next": { linkHost: "www.reader.example" },
  "a spread": { width: 1650, height: 1150 },
  "a long strip": { width: 800, height: 15_000 },
  "the end of a strip, as wide as its neighbours": { width: 800, height: 90 },
  "one whose file is called cover": { file: ["3", "cover", "jpg"] },
  "one that the screen shows smaller than it is": { width: 1600, height: 2300, box: { x: 0, y: 0, width: 500, height: 719 } },
})) {
  test(`${what} is a page`, () => assert.deepEqual(beside(facts), ["1", "2", "3", "x"]));
}

test("a single picture is a page if it fills the view", () => {
  assert.deepEqual(chosen([picture("1")]), ["1"]);
  assert.deepEqual(chosen([picture("cover", { box: { x: 0, y: 0, width: 260, height: 374 } })]), []);
});

test("a single picture in a frame is an advert", () => {
  assert.deepEqual(chosen([picture("1")], { ...VIEW, isFrame: true }), []);
  assert.deepEqual(chosen(chapter, { ...VIEW, isFrame: true }), ["1", "2", "3"]);
});

test("on a phone pages fill the view, however narrow that is", () => {
  const box = { x: 0, y: 0, width: 240, height: 345 };
  const pages = ["1", "2"].map((name) => picture(name, { box }));
  assert.deepEqual(chosen(pages, { width: 240, height: 480, isFrame: false }), ["1", "2"]);
});

test("each page in a box of its own is in the column of all", () => {
  const pages = ["1", "2", "3"].map((name) => picture(name, { chain: [`box ${name}`, COLUMN, BODY] }));
  assert.deepEqual(chosen(pages), ["1", "2", "3"]);
});

test("pages that wait in boxes of their own are pages, those that are only fetched ahead are not", () => {
  const shown = picture("1", { chain: ["box 1", COLUMN, "main", BODY] });
  const waiting = picture("2", { box: null, chain: ["box 2", COLUMN, "main", BODY] });
  const deeper = picture("3", { box: null, chain: ["fetched ahead", BODY] });
  const again = picture("1 again", { url: "1", box: null, chain: ["fetched ahead", COLUMN, "main", BODY] });
  assert.deepEqual(chosen([shown, waiting, deeper, again]), ["1", "2"]);
});
