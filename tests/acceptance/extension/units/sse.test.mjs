// Events out of a stream, however the network cuts it.

import assert from "node:assert/strict";
import { test } from "node:test";

import { readEvents } from "../../../../extension/background/sse.js";

/** Every event of a stream that comes in these pieces, which are texts or bytes. */
async function eventsOf(...pieces) {
  const encoder = new TextEncoder();
  const stream = new ReadableStream({
    start(controller) {
      for (const piece of pieces) controller.enqueue(typeof piece === "string" ? encoder.encode(piece) : piece);
      controller.close();
    },
  });
  const events = [];
  for await (const event of readEvents(stream)) events.push(event);
  return events;
}

const TEXT = 'id: 7\nevent: page.skipped\ndata: {"reason":"já colorida"}\n\n';
const EVENT = { type: "page.skipped", data: '{"reason":"já colorida"}', id: "7" };

test("an event arrives whole wherever the stream is cut", async () => {
  const bytes = new TextEncoder().encode(TEXT);
  for (let cut = 0; cut <= bytes.length; cut += 1) {
    assert.deepEqual(await eventsOf(bytes.slice(0, cut), bytes.slice(cut)), [EVENT]);
  }
});

test("lines end in LF, CR or both, cut in two or not", async () => {
  for (const end of ["\n", "\r", "\r\n"]) {
    const text = TEXT.replaceAll("\n", end);
    for (let cut = 0; cut <= text.length; cut += 1) {
      assert.deepEqual(await eventsOf(text.slice(0, cut), text.slice(cut)), [EVENT], JSON.stringify([end, cut]));
    }
  }
});

test("several lines of data are one text", async () => {
  assert.deepEqual(await eventsOf("data: a\ndata:\ndata: b\n\n"), [{ type: "message", data: "a\n\nb", id: null }]);
});

test("a byte order mark, comments and unknown fields say nothing", async () => {
  assert.deepEqual(await eventsOf("\ufeff: hello\nretry: 2000\n\n", "other: x\ndata:y\n\n"), [
    { type: "message", data: "y", id: null },
  ]);
});

test("an event that the stream did not end is none", async () => {
  assert.deepEqual(await eventsOf("data: a\n\n", "data: b\n"), [{ type: "message", data: "a", id: null }]);
});
