// What went wrong and what went well, in a box: one line that names it, one that says what to do.

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

/** Why the server at `address` cannot be used: the cause and its cure. */
export function causeNotice({ address, token = null }, { code, message = "", reasons = [] }, ...more) {
  const key = code === "wrong_token" && token === "" ? "token_missing" : code;
  if (!has(`view_cause_${key}`)) return notice("bad", message || t("view_unknown"), "", more);
  const values = { address, host: hostOf(address), why: reasonText(reasons) || message };
  return notice(key === "not_ready" ? "warn" : "bad", t(`view_cause_${key}`, values), t(`view_fix_${key}`, values), more);
}

/** That something went well. */
export function goodNotice(title, text = "") {
  return notice("good", title, text);
}

function reasonText(reasons) {
  return reasons.map((reason) => (typeof reason === "string" ? reason : (reason.message ?? ""))).join(" ");
}

function hostOf(address) {
  try {
    return new URL(address).hostname;
  } catch {
    return address;
  }
}
