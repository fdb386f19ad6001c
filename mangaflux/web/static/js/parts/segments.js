// One choice of a few, side by side: radio buttons, so that keyboards and screen readers know what to do.

import { h } from "../dom.js";

let groups = 0;

/** `options` are `[value, label, icon?]`; `onChange` is called with the value. */
export function segments(label, options, value, onChange) {
  groups += 1;
  const name = `segments-${groups}`;
  const fieldset = h(
    "fieldset",
    { class: "segments" },
    h("legend", { class: "heard" }, label),
    options.map(([key, text, picture]) =>
      h(
        "label",
        { title: text },
        h("input", { type: "radio", name, value: key, checked: key === value, on: { change: () => onChange(key) } }),
        h("span", {}, picture ?? null, h("b", { class: "segment-text" }, text)),
      ),
    ),
  );
  return fieldset;
}

/** Chooses a value from outside; nobody is told. */
export function choose(fieldset, value) {
  for (const input of fieldset.querySelectorAll("input")) input.checked = input.value === value;
}
