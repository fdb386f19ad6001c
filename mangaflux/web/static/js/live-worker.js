// One event stream for all tabs of a browser: it allows six connections to a server, and each stream takes one.

import { EventStream } from "./event-stream.js";

const ports = new Set();
const stream = new EventStream((message) => {
  for (const port of ports) port.postMessage(message);
});

self.addEventListener("connect", ({ ports: [port] }) => {
  ports.add(port);
  port.addEventListener("message", ({ data }) => {
    if (data === "bye") leave(port);
    // Of several tabs the first is enough.
    else if (data === "again" && stream.isClosed) stream.connect();
  });
  port.start();
  if (stream.isOpen) port.postMessage({ type: "hello" });
  else if (stream.isClosed) stream.connect();
});

function leave(port) {
  ports.delete(port);
  if (!ports.size) stream.close();
}
