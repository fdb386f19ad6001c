// Which rule holds for a site.

import assert from "node:assert/strict";
import { test } from "node:test";

import { RULES, ruleFor } from "../../../../extension/content/sites.js";

const rules = [
  { name: "of a site", hosts: ["reader.example"], pages: ".page" },
  { name: "of a theme", pages: ".theme-page" },
];
const element = (kind) => ({ matches: (selector) => selector === kind });
const rule = (host, kind) => ruleFor(host, [element("p"), element(kind)], rules)?.name ?? null;

test("a rule of a site holds there and on its subdomains, where there is something to find", () => {
  assert.equal(rule("reader.example", ".page"), "of a site");
  assert.equal(rule("www.reader.example", ".page"), "of a site");
  assert.equal(rule("notreader.example", ".page"), null);
  assert.equal(rule("reader.example", ".other"), null);
});

test("a rule of a theme holds wherever its pages are", () => {
  assert.equal(rule("any.example", ".theme-page"), "of a theme");
});

test("every rule has a name of its own and says where the pages are", () => {
  assert.equal(new Set(RULES.map(({ name }) => name)).size, RULES.length);
  for (const { pages } of RULES) assert.ok(pages);
});
