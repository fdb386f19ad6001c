// The port to the background, which dies whenever the browser likes, and is opened again when there is something to say.

//: Milliseconds after which a port that broke is seen to: whether the extension is gone shows only then.
const AGAIN_MILLISECONDS = 1000;

export class Connection {
  #port = null;
  #hear;
  #hooks;

  /**
   * @param {(message: object) => void} hear
   * @param {{isBusy: () => boolean, onOpen: () => void, onClosed: () => void, onGone: () => void}} hooks
   *   isBusy: something is expected of the background; onOpen: a new port is there, and knows nothing yet;
   *   onClosed: it is gone, and whatever the background was about with it;
   *   onGone: the extension was removed or updated, and nobody will ever answer
   */
  constructor(hear, hooks) {
    this.#hear = hear;
    this.#hooks = hooks;
    // The background reaches a tab without a port this way.
    chrome.runtime.onMessage.addListener((message) => {
      if (!this.#port) this.open();
      this.#hear(message);
    });
  }

  /** Opens the port where it is closed. */
  open() {
    if (this.#port || this.#isGone()) return;
    this.#port = chrome.runtime.connect({ name: "pages" });
    this.#port.onMessage.addListener((message) => this.#hear(message));
    this.#port.onDisconnect.addListener(() => this.#closed());
    this.#hooks.onOpen();
  }

  /** Sends a message; opens the port for it. */
  send(message) {
    this.open();
    this.#port?.postMessage(message);
  }

  #closed() {
    this.#port = null;
    this.#hooks.onClosed();
    setTimeout(() => {
      if (!this.#isGone() && this.#hooks.isBusy()) this.open();
    }, AGAIN_MILLISECONDS);
  }

  /** An extension that was updated leaves its content scripts behind without an id. */
  #isGone() {
    if (chrome.runtime?.id) return false;
    this.#hooks.onGone();
    return true;
  }
}
