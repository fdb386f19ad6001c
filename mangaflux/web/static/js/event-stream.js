// One connection to /v1/events that comes back by itself, and says so.

const TYPES = [
  "job.created",
  "job.started",
  "job.retried",
  "job.recovered",
  "job.completed",
  "job.failed",
  "job.cancelled",
  "page.pass1.completed",
  "page.pass2.completed",
  "page.failed",
  "page.skipped",
  "page.progress",
  "page.preview",
];
//: The server pings every 15 s; three silent ones and the connection is dead, whatever the browser thinks.
const SILENCE_MILLISECONDS = 50_000;

/**
 * Calls `tell` with `{type, data}` for events, `{type: "hello"}` where a stream begins (and others may have been
 * missed), and `{type: "lost", isRefused}` where it breaks; only after a refusal somebody has to call `connect` again.
 */
export class EventStream {
  #tell;
  #source = null;
  #watchdog = 0;

  constructor(tell) {
    this.#tell = tell;
  }

  /** True while events arrive. */
  get isOpen() {
    return this.#source?.readyState === EventSource.OPEN;
  }

  /** True where nothing happens until `connect` is called. */
  get isClosed() {
    return this.#source === null || this.#source.readyState === EventSource.CLOSED;
  }

  /** Opens the stream, anew where there is one. */
  connect() {
    this.close();
    const source = new EventSource("/v1/events?preview=true");
    this.#source = source;
    for (const type of TYPES)
      source.addEventListener(type, (event) => {
        this.#heard();
        this.#tell({ type, data: JSON.parse(event.data) });
      });
    for (const type of ["hello", "reset"])
      source.addEventListener(type, () => {
        this.#heard();
        this.#tell({ type: "hello" });
      });
    source.addEventListener("ping", () => this.#heard());
    source.addEventListener("error", () => {
      if (source === this.#source) this.#tell({ type: "lost", isRefused: source.readyState === EventSource.CLOSED });
    });
    this.#heard();
  }

  /** Ends it. */
  close() {
    clearTimeout(this.#watchdog);
    this.#source?.close();
    this.#source = null;
  }

  #heard() {
    clearTimeout(this.#watchdog);
    this.#watchdog = setTimeout(() => {
      this.#tell({ type: "lost", isRefused: false });
      this.connect();
    }, SILENCE_MILLISECONDS);
  }
}
