// What went wrong and what went well, in a box: one line that names it, one that says what to do.

import { PAIRING } from "../../shared/messages.js";
import { h } from "../../studio/dom.js";
import { icon } from "../../studio/icons.js";
import { has, t } from "../text.js";

/** A box with a bold first line; `tone` is "bad", "warn" or "good". */
export function notice(tone, title, text, ...more) {
  const name = { bad: "warn", warn: "info", good: "check" }[tone];
  return h(
    "div",
    { class: `notice ${tone}` },
    icon(name),
    h("div", { class: "stack tight" }, h("p", {}, h("strong", {}, title)), text && h("p", {}, text), more),
  );
}

/** Why a server cannot be used, as the background says it, and what to do about it. */
export function causeNotice({ code, message }, ...more) {
  const cure = has(`view_fix_${code}`) ? t(`view_fix_${code}`) : "";
  return notice(code === PAIRING.NOT_READY ? "warn" : "bad", message || t("view_unknown"), cure, more);
}

/** That something went well. */
export function goodNotice(title, text = "") {
  return notice("good", title, text);
}
