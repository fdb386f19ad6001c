/** Server-Sent Events out of chunks of bytes (WHATWG HTML, section 9.2.6): lines may end in CR, LF or both. */

/**
 * The events of a stream, until it ends. Events without data are left out, as the standard wants.
 * @param {ReadableStream<Uint8Array>} stream
 * @returns {AsyncGenerator<{type: string, data: string, id: string|null}>}
 */
export async function* readEvents(stream) {
  let event = blank();
  for await (const line of lines(stream)) {
    if (line === "") {
      if (event.data.length) yield { type: event.type || "message", data: event.data.join("\n"), id: event.id };
      event = blank();
    } else {
      take(event, line);
    }
  }
}

const blank = () => ({ type: "", data: [], id: null });

function take(event, line) {
  const colon = line.indexOf(":");
  if (colon === 0) return; // a comment
  const field = colon < 0 ? line : line.slice(0, colon);
  const value = colon < 0 ? "" : line.slice(colon + 1).replace(/^ /, "");
  if (field === "event") event.type = value;
  else if (field === "data") event.data.push(value);
  else if (field === "id" && !value.includes("\0")) event.id = value;
}

async function* lines(stream) {
  // The decoder takes a byte order mark away, and keeps characters that chunks cut in two.
  const reader = stream.pipeThrough(new TextDecoderStream()).getReader();
  let rest = "";
  let endsInCr = false;
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      // The LF of a CR LF that was cut in two ends no line of its own.
      const text = endsInCr && value.startsWith("\n") ? value.slice(1) : value;
      endsInCr = text.endsWith("\r");
      const parts = (rest + text).split(/\r\n|\r|\n/);
      rest = parts.pop();
      yield* parts;
    }
  } finally {
    await reader.cancel().catch(() => {});
  }
}
