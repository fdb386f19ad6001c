// What stands where there is nothing to show: a picture, why, and where to go instead.

import { h } from "../dom.js";
import { t } from "../i18n.js";
import { icon } from "../icons.js";
import { live } from "../live.js";

//: How often a view is asked for again while events arrive: none of them says that it could be read by now.
const AGAIN_MILLISECONDS = 5000;

/** Instead of a view that could not be read: `title` where its address leads nowhere; `tab` lists what is there. */
export function unread(problem, title, tab) {
  if (problem.isAway) return h("mf-away");
  const link = h("a", { class: "button", href: `#/${tab}` }, t(`nav.${tab}`));
  return empty("warn", h("h1", {}, title), problem.message, link);
}

/** <mf-away>: instead of a view that the server did not send; the view comes by itself when the server is back. */
class Away extends HTMLElement {
  #timer = 0;
  #again = () => document.dispatchEvent(new Event("mf-again"));

  connectedCallback() {
    if (!this.firstChild) this.append(empty("server", h("h1", {}, t("away.title")), t("link.away.text"), null));
    live.addEventListener("resync", this.#again);
    this.#timer = setInterval(() => live.state === "open" && this.#again(), AGAIN_MILLISECONDS);
  }

  disconnectedCallback() {
    live.removeEventListener("resync", this.#again);
    clearInterval(this.#timer);
  }
}

customElements.define("mf-away", Away);

/** Instead of a list that has nothing in it yet. */
export function nothingYet(picture, title, text) {
  return empty(picture, h("h2", {}, title), text, h("a", { class: "button main", href: "#/" }, t("nav.create")));
}

function empty(picture, heading, text, link) {
  return h("div", { class: "empty" }, icon(picture), heading, h("p", {}, text), link);
}
