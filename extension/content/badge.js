// The badge on a page: how far it is, why it was left as it is, what went wrong; with a button for what can be done.

const { say } = await import(chrome.runtime.getURL("content/words.js"));

export class Badge {
  /** The box around the page; its place and size are those of the page. */
  frame = make("div", "frame");
  #badge = make("div", "badge");
  #text = make("span", "text");
  #toggle = make("button", "button toggle");
  #retry = make("button", "button retry");

  /** `onToggle` and `onRetry` are called for its buttons. */
  constructor({ onToggle, onRetry }) {
    const mark = make("span", "mark");
    mark.setAttribute("aria-hidden", "true");
    this.#badge.setAttribute("role", "status");
    this.#badge.setAttribute("aria-live", "off"); // forty pages that all speak up help nobody
    this.#retry.textContent = say("retry");
    this.#toggle.setAttribute("aria-label", say("show_original"));
    this.#toggle.addEventListener("click", onToggle);
    this.#retry.addEventListener("click", onRetry);
    // The site must not take a click on the badge for one on its page, which turns it.
    for (const type of ["click", "dblclick", "mousedown", "mouseup", "pointerdown", "pointerup", "touchstart", "touchend"]) {
      this.#badge.addEventListener(type, (event) => event.stopPropagation());
    }
    this.#badge.append(mark, this.#text, this.#toggle, this.#retry);
    this.frame.append(this.#badge);
  }

  /** @param {import("../shared/messages.js").StateMessage} state @param {"colour"|"original"} shown */
  show(state, shown) {
    const text = textOf(state);
    this.#badge.dataset.state = state.state;
    this.#badge.style.setProperty("--share", String(shareOf(state)));
    if (this.#text.textContent !== text) this.#text.textContent = text;
    this.#retry.hidden = state.state !== "failed";
    this.#toggle.hidden = state.state !== "done";
    this.#toggle.setAttribute("aria-pressed", String(shown === "original"));
    this.#toggle.title = say(shown === "original" ? "show_colour" : "show_original");
  }

  /** @param {{x: number, y: number, width: number, height: number}|null} box  null hides it */
  place(box) {
    this.frame.hidden = box === null;
    if (!box) return;
    const { style } = this.frame;
    style.left = `${box.x}px`;
    style.top = `${box.y}px`;
    style.width = `${box.width}px`;
    style.height = `${box.height}px`;
  }
}

function make(name, classes) {
  const element = document.createElement(name);
  element.className = classes;
  if (name === "button") element.type = "button";
  return element;
}

function shareOf({ step, totalSteps }) {
  return totalSteps ? step / totalSteps : 0;
}

function textOf({ state, position, step, totalSteps, etaSeconds, message }) {
  if (state === "queued" && position) return say("queued_at", position);
  if (state === "running" && totalSteps) return withTime(say("running_step", step, totalSteps), etaSeconds);
  if (state === "running") return withTime(say("running"), etaSeconds);
  if (state === "skipped" && message) return say("skipped_because", message);
  if ((state === "failed" || state === "paused") && message) return message;
  return say(state);
}

function withTime(text, seconds) {
  if (seconds === undefined || seconds === null) return text;
  return `${text} · ${seconds < 60 ? say("seconds", Math.ceil(seconds)) : say("minutes", Math.ceil(seconds / 60))}`;
}
