// What happens on the server, as it happens: one event stream for all tabs.
//
// `live` sends DOM events: "happened" with `detail = {type, data}`, "resync" where events may have been missed, and
// "link" when the connection is lost or comes back.

import { get } from "./api.js";
import { EventStream } from "./event-stream.js";

const RETRY_MILLISECONDS = 2000;
//: How often views ask by themselves while there is no stream.
const POLL_MILLISECONDS = 5000;

class Live extends EventTarget {
  connected = false;
  #again = null;
  #isGreeted = false;
  #isAsking = false;

  /** Opens the stream; calling again changes nothing. */
  start() {
    if (this.#again) return;
    this.#again = this.#shared() ?? this.#own();
    setInterval(() => {
      if (!this.connected) this.dispatchEvent(new Event("resync"));
    }, POLL_MILLISECONDS);
  }

  /** The stream that all tabs have in common; what reconnects it, or null where browsers have no shared workers. */
  #shared() {
    if (!globalThis.SharedWorker) return null;
    const { port } = new SharedWorker("/static/js/live-worker.js", { type: "module", name: "MangaFlux" });
    port.addEventListener("message", ({ data }) => this.#take(data));
    port.start();
    window.addEventListener("pagehide", () => port.postMessage("bye"));
    // A page that the browser kept while another was shown has said bye.
    window.addEventListener("pageshow", (event) => {
      if (event.persisted) location.reload();
    });
    return () => port.postMessage("again");
  }

  #own() {
    const stream = new EventStream((message) => this.#take(message));
    stream.connect();
    return () => stream.connect();
  }

  #take({ type, data, isRefused }) {
    if (type === "hello") this.#greet();
    else if (type === "lost") this.#lose(isRefused);
    else this.dispatchEvent(new CustomEvent("happened", { detail: { type, data } }));
  }

  #greet() {
    this.#link(true);
    // The first greeting comes while views read for the first time; a later one after a gap.
    if (this.#isGreeted) this.dispatchEvent(new Event("resync"));
    this.#isGreeted = true;
  }

  async #lose(isRefused) {
    this.#link(false);
    if (!isRefused || this.#isAsking) return;
    this.#isAsking = true;
    // Asks for the token where that is what is missing.
    try {
      await get("/v1/jobs?limit=1");
    } catch {
      /* still away */
    }
    setTimeout(() => {
      this.#isAsking = false;
      this.#again();
    }, RETRY_MILLISECONDS);
  }

  #link(connected) {
    if (this.connected === connected) return;
    this.connected = connected;
    this.dispatchEvent(new Event("link"));
  }
}

export const live = new Live();
