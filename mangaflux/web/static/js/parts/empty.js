// What stands where there is nothing to show: a picture, why, and where to go instead.

import { h } from "../dom.js";
import { t } from "../i18n.js";
import { icon } from "../icons.js";

/** Instead of a view whose address leads nowhere; `tab` lists what is there. */
export function gone(title, text, tab) {
  return empty("warn", h("h1", {}, title), text, h("a", { class: "button", href: `#/${tab}` }, t(`nav.${tab}`)));
}

/** Instead of a list that has nothing in it yet. */
export function nothingYet(picture, title, text) {
  return empty(picture, h("h2", {}, title), text, h("a", { class: "button main", href: "#/" }, t("nav.create")));
}

function empty(picture, heading, text, link) {
  return h("div", { class: "empty" }, icon(picture), heading, h("p", {}, text), link);
}
