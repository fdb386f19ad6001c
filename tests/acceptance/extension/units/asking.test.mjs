// What a page is called and how urgent it is: the same whenever the same is meant.

import assert from "node:assert/strict";
import { test } from "node:test";

import { imageType } from "../../../../extension/background/bytes.js";
import { chapterId, jobRequest, requestKey } from "../../../../extension/background/chapters.js";
import { priorityOf, rankOf } from "../../../../extension/background/nearness.js";
import { readPairing } from "../../../../extension/views/address.js";

const ROW = { chapter_id: "c", page_num: 3, sha256: "ab" };
const WISHES = { reference: "cd", direction: "rtl", engine: "auto", strength: 1, priority: 4 };

test("a chapter has one name whatever led to it, and one that the server takes", async () => {
  const name = await chapterId("https://reader.example/one/12?page=2");
  assert.match(name, /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/);
  assert.equal(await chapterId("https://reader.example/one/12?page=2&utm_source=feed#7"), name);
  assert.notEqual(await chapterId("https://reader.example/one/13?page=2"), name);
});

test("hosts of any form give a name that the server takes", async () => {
  for (const address of [`https://${"a".repeat(60)}.example/`, "http://[::1]:8080/x", "https://漫画.example/", "file:///x"]) {
    assert.match(await chapterId(address), /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/);
  }
});

test("the key of a request is the same however urgent it is, and another where something else is asked", async () => {
  const key = await requestKey(jobRequest(ROW, WISHES), 0);
  assert.equal(await requestKey(jobRequest(ROW, { ...WISHES, priority: 10 }), 0), key);
  const others = [
    [jobRequest({ ...ROW, sha256: "ac" }, WISHES), 0],
    [jobRequest({ ...ROW, seed: 5 }, WISHES), 0],
    [jobRequest(ROW, { ...WISHES, reference: "ce" }), 0],
    [jobRequest(ROW, { ...WISHES, engine: "lite" }), 0],
    [jobRequest(ROW, WISHES), 1],
  ];
  const keys = await Promise.all(others.map(([request, tries]) => requestKey(request, tries)));
  assert.equal(new Set([key, ...keys]).size, others.length + 1);
});

test("what is in view comes first, then what comes next, then what was passed, then what nobody looks at", () => {
  const order = [0, 1, 2, 3, 6, 12, -1, 30, -5, null];
  const priorities = order.map(priorityOf);
  assert.deepEqual([...priorities].sort((one, other) => other - one), priorities);
  assert.ok(priorities.every((each) => Number.isInteger(each) && each >= -10 && each <= 10));
});

test("among equals the earlier page comes first", () => {
  assert.ok(rankOf({ near: 3, page_num: 4 }) < rankOf({ near: 4, page_num: 5 }));
});

test("addresses are taken as people type them", () => {
  assert.equal(readPairing(" 127.0.0.1:8765 ").address, "http://127.0.0.1:8765");
  assert.equal(readPairing("localhost:8765/").address, "http://localhost:8765");
  assert.equal(readPairing("https://manga.example/studio#/x").address, "https://manga.example");
  for (const typed of ["", "http://", "ftp://manga.example"]) assert.equal(readPairing(typed), null);
});

test("a picture is told by its bytes", () => {
  const type = (text) => imageType(Uint8Array.from(text, (letter) => letter.charCodeAt(0)).buffer);
  assert.equal(type("\x89PNG\r\n\x1a\n...."), "image/png");
  assert.equal(type("RIFF\0\0\0\0WEBPVP8 "), "image/webp");
  assert.equal(type("\0\0\0\x1cftypavif"), "image/avif");
  assert.equal(type("<!doctype html>"), null);
});
