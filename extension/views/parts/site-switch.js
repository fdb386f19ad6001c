// On or off for the site of a tab. Turning on asks the browser for the site and for the hosts of its pictures at once.

import { FROM_VIEW } from "../../shared/messages.js";
import { h, setText } from "../../studio/dom.js";
import { ask } from "../ask.js";
import { attempt, sayRefused } from "../attempt.js";
import { patternsOf, pictureHosts, requestOrigins } from "../permissions.js";
import { t } from "../text.js";

/** Milliseconds after which a page that says nothing of its pictures is turned on without their hosts. */
const HOSTS_MILLISECONDS = 3000;

/** The host of an origin, as people know the site. */
export function siteName(origin) {
  return new URL(origin).host;
}

export class SiteSwitch {
  #input = h("input", { type: "checkbox", role: "switch", id: "site-on", "aria-describedby": "site-hint" });
  #name = h("span", { class: "site-name clip" });
  #hint = h("p", { class: "hint", id: "site-hint" });
  #hosts = [];
  #site = null;
  #asking = false;
  #tabId;

  element = h(
    "section",
    { class: "site-switch" },
    h(
      "label",
      { class: "switch", for: "site-on" },
      h("span", { class: "grow stack none" }, this.#name, h("span", { class: "small" }, t("view_site_switch"))),
      this.#input,
    ),
    this.#hint,
  );

  constructor(tabId) {
    this.#tabId = tabId;
    this.#input.addEventListener("change", () => this.#change());
    this.#readHosts();
  }

  /** Shows a site as the background describes it. */
  update(site) {
    this.#site = site;
    if (!this.#asking) this.#input.checked = site.on && site.granted;
    setText(this.#name, siteName(site.origin));
    setText(this.#hint, t(site.on && site.granted ? "view_site_on" : "view_site_off"));
    this.#hint.hidden = site.on && site.granted;
  }

  // Before any click, which waits for it: a click leaves no time to look at the page first.
  async #readHosts() {
    this.#input.disabled = true;
    const none = new Promise((resolve) => setTimeout(resolve, HOSTS_MILLISECONDS, []));
    this.#hosts = await Promise.race([pictureHosts(this.#tabId), none]);
    this.#input.disabled = false;
  }

  async #change() {
    const { origin } = this.#site;
    const on = this.#input.checked;
    this.#asking = true;
    try {
      const allowed = await attempt(() => turn({ origin, tabId: this.#tabId }, on, this.#hosts));
      if (allowed === false) sayBrowserRefused(siteName(origin));
      this.#input.checked = on && allowed === true;
    } finally {
      this.#asking = false;
    }
  }
}

function sayBrowserRefused(site) {
  sayRefused("warn", t("view_site_refused", { site }), t("view_site_refused_text"));
}

/** Turns a site on or off, in a click; false where the browser was not allowed to. `hosts` are those of its pictures. */
export async function turn(site, on, hosts = []) {
  const asked = on ? requestOrigins(patternsOf(site.origin, hosts)) : Promise.resolve(true);
  // The browser's question may close the popup: what is wanted is said before it is answered.
  const said = ask(FROM_VIEW.SITE_SET, { ...site, on });
  if (!on) return said.then(() => true);
  const [allowed] = await Promise.all([asked, said.catch(() => null)]);
  await ask(FROM_VIEW.SITE_SET, { ...site, on: allowed });
  return allowed;
}
