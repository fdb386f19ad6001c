// What happens on the server, as it happens: one event stream for all tabs.
//
// `live` sends DOM events: "happened" with `detail = {type, data}`, "resync" where events may have been missed and the
// server answers, and "link" when `state` changes.

import { AWAY, get } from "./api.js";
import { EventStream } from "./event-stream.js";

const RETRY_MILLISECONDS = 2000;
//: How often views ask by themselves while there is no stream.
const POLL_MILLISECONDS = 5000;
//: A server that is busy answers later than one that is not there.
const KNOCK_MILLISECONDS = 4000;

class Live extends EventTarget {
  /**
   * "opening" until the first greeting, and just after the stream broke or the server came back, "open" while events
   * arrive, "silent" where the server answers but no events come, "away" where it does not answer.
   */
  state = "opening";
  #again = null;
  #isGreeted = false;
  #isAsking = false;
  //: How often in a row the server answered a poll without an event stream.
  #looks = 0;

  /** Opens the stream; calling again changes nothing. */
  start() {
    if (this.#again) return;
    this.#again = this.#shared() ?? this.#own();
    setInterval(() => this.#poll(), POLL_MILLISECONDS);
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
    // The first greeting comes while views read for the first time; a later one, one that was waited for, or one of a
    // server that was away, after a gap.
    const isBack = this.#isGreeted || this.#looks > 0 || this.state !== "opening";
    this.#isGreeted = true;
    this.#looks = 0;
    this.#enter("open");
    if (isBack) this.dispatchEvent(new Event("resync"));
  }

  async #lose(isRefused) {
    if (this.state === "open") this.#enter("opening");
    this.#find();
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

  async #poll() {
    if (this.state === "open" || !(await this.#find())) return;
    // The first look may fall between an ordinary break and the retry; by the second a stream would have come back.
    if (this.state !== "open") {
      this.#looks += 1;
      this.#enter(this.#looks > 1 ? "silent" : "opening");
    }
    this.dispatchEvent(new Event("resync"));
  }

  /** Whether the server answers; one that does not is away. */
  async #find() {
    if (await isThere()) return true;
    this.#looks = 0;
    if (this.state !== "open") this.#enter("away");
    return false;
  }

  #enter(state) {
    if (this.state === state) return;
    this.state = state;
    this.dispatchEvent(new Event("link"));
  }
}

/** Whether the server itself answers; what a proxy says in its stead does not count. */
async function isThere() {
  try {
    const knock = { cache: "no-store", signal: AbortSignal.timeout(KNOCK_MILLISECONDS) };
    return !AWAY.includes((await fetch("/healthz", knock)).status);
  } catch {
    return false;
  }
}

export const live = new Live();
