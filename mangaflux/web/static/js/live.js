// What happens on the server, as it happens: one event stream for the whole page.
//
// `live` sends DOM events: "happened" with `detail = {type, data}`, "resync" where events may have been missed, and
// "link" when the connection is lost or comes back.

import { get } from "./api.js";

const TYPES = [
  "job.created", "job.started", "job.retried", "job.recovered", "job.completed", "job.failed", "job.cancelled",
  "job.deleted", "page.pass1.completed", "page.pass2.completed", "page.failed", "page.skipped", "page.progress",
  "page.preview",
];
//: The server pings every 15 s; three silent ones and the connection is dead, whatever the browser thinks.
const SILENCE_MILLISECONDS = 50_000;
const RETRY_MILLISECONDS = 2000;
//: How often views ask by themselves while there is no stream.
const POLL_MILLISECONDS = 5000;

class Live extends EventTarget {
  connected = false;
  #source = null;
  #watchdog = 0;
  #greeted = false;

  /** Opens the stream; calling again changes nothing. */
  start() {
    if (this.#source !== null) return;
    this.#open();
    setInterval(() => { if (!this.connected) this.dispatchEvent(new Event("resync")); }, POLL_MILLISECONDS);
  }

  #open() {
    const source = new EventSource("/v1/events?preview=true");
    this.#source = source;
    for (const type of TYPES) source.addEventListener(type, (event) => this.#tell(type, event));
    for (const type of ["hello", "reset"]) source.addEventListener(type, () => this.#greet());
    source.addEventListener("ping", () => this.#heard());
    source.addEventListener("error", () => this.#lose(source));
    this.#heard();
  }

  #tell(type, event) {
    this.#heard();
    this.dispatchEvent(new CustomEvent("happened", { detail: { type, data: JSON.parse(event.data) } }));
  }

  #greet() {
    this.#heard();
    this.#link(true);
    // The first greeting comes after views have read, or just before; a later one after a gap.
    if (this.#greeted) this.dispatchEvent(new Event("resync"));
    this.#greeted = true;
  }

  #heard() {
    clearTimeout(this.#watchdog);
    this.#watchdog = setTimeout(() => { this.#source?.close(); this.#reopen(); }, SILENCE_MILLISECONDS);
  }

  #lose(source) {
    if (source !== this.#source) return;
    this.#link(false);
    // While it is CONNECTING the browser tries again by itself; CLOSED means that the server refused.
    if (source.readyState === EventSource.CLOSED) this.#reopen();
  }

  async #reopen() {
    clearTimeout(this.#watchdog);
    this.#link(false);
    this.#source = undefined;
    // Asks for the token where that is what is missing.
    try { await get("/v1/jobs?limit=1"); } catch { /* still away */ }
    setTimeout(() => this.#open(), RETRY_MILLISECONDS);
  }

  #link(connected) {
    if (this.connected === connected) return;
    this.connected = connected;
    this.dispatchEvent(new Event("link"));
  }
}

export const live = new Live();
