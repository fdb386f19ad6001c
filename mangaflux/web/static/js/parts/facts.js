// Names and values, one pair a line.

import { h } from "../dom.js";

/** A list of `[name, value]`. */
export function facts(rows) {
  return h(
    "dl",
    { class: "facts" },
    rows.map(([name, value]) => h("div", {}, h("dt", {}, name), h("dd", { class: "number" }, value))),
  );
}
