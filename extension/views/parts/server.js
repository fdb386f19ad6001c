// Which server this browser is paired with, and whether it can be used.

import { browser } from "../../shared/browser.js";
import { FROM_VIEW } from "../../shared/messages.js";
import { fill, h } from "../../studio/dom.js";
import { ask } from "../ask.js";
import { attempt } from "../attempt.js";
import { t } from "../text.js";
import { causeNotice } from "./notices.js";

export class Server {
  #place;
  #shown = "";

  constructor(place) {
    this.#place = place;
  }

  /** Shows what the background knows now. */
  async look() {
    const server = await ask(FROM_VIEW.PAIR_GET);
    // Nothing new: the focus stays where it is.
    if (this.#shown === JSON.stringify(server)) return;
    this.#shown = JSON.stringify(server);
    const paired = server.state !== "unpaired";
    const lines = paired ? this.#paired(server) : [h("p", { class: "muted" }, t("view_unpaired"))];
    const again = button(t(paired ? "view_pair_again" : "view_welcome_do"), () => open("views/pairing.html"), !paired);
    fill(this.#place, lines, h("div", { class: "row" }, again, paired && this.#studio(server), paired && this.#forget()));
  }

  #paired(server) {
    const good = server.state === "ok";
    return [
      h(
        "p",
        { class: "row" },
        h("code", {}, server.address),
        h("span", { class: `link-state ${good ? "" : "lost"}` }, t(good ? "view_server_ok" : "view_server_lost")),
      ),
      !good && causeNotice({ code: server.state, message: server.message }),
    ];
  }

  #studio(server) {
    return h("a", { class: "button small", href: server.address, target: "_blank", rel: "noopener" }, t("view_open_studio"));
  }

  #forget() {
    const forget = async () => {
      await ask(FROM_VIEW.PAIR_FORGET);
      await this.look();
    };
    return button(t("view_pair_forget"), () => attempt(forget));
  }
}

function button(text, click, main = false) {
  return h("button", { type: "button", class: `button small ${main ? "main" : ""}`, on: { click } }, text);
}

function open(path) {
  return browser.tabs.create({ url: browser.runtime.getURL(path) });
}
