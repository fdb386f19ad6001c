// Words: every sentence is in _locales/, one file a language; the browser chooses which.

import { browser } from "../shared/browser.js";

/** The language of the browser, as its own code: "en", "pt_BR" … */
export const language = browser.i18n.getMessage("view_language") || "en";

/** A sentence. `{name}` is replaced by `values.name`; of "one|many" the half that fits `values.count` is taken. */
export function t(key, values = {}) {
  const halves = browser.i18n.getMessage(key).split("|");
  const half = halves.length === 2 && values.count !== 1 ? halves[1] : halves[0];
  return half.replace(/\{(\w+)\}/g, (whole, name) => (name in values ? formatted(values[name]) : whole));
}

/** True where there is a sentence of this key. */
export function has(key) {
  return browser.i18n.getMessage(key) !== "";
}

/** Writes the sentences that a document names: `data-t` as text, `data-t-label` as aria-label. */
export function fillTexts() {
  document.documentElement.lang = language;
  for (const element of document.querySelectorAll("[data-t]")) element.textContent = t(element.dataset.t);
  for (const element of document.querySelectorAll("[data-t-label]"))
    element.setAttribute("aria-label", t(element.dataset.tLabel));
}

const UNITS = ["B", "kB", "MB", "GB"];

/** 12 345 678 → "12 MB". */
export function bytes(count) {
  let size = count;
  let unit = 0;
  while (size >= 1000 && unit < UNITS.length - 1) {
    size /= 1000;
    unit += 1;
  }
  const digits = size < 10 && unit > 0 ? 1 : 0;
  return `${new Intl.NumberFormat(language, { maximumFractionDigits: digits }).format(size)} ${UNITS[unit]}`;
}

/** 95 → "95 s", 600 → "10 min". */
export function duration(seconds) {
  return seconds < 100 ? `${Math.max(1, Math.round(seconds))} s` : `${Math.round(seconds / 60)} min`;
}

/** How long ago a time in milliseconds was, or its date where that says more. */
export function ago(time) {
  const seconds = (Date.now() - time) / 1000;
  const relative = new Intl.RelativeTimeFormat(language, { numeric: "auto" });
  if (seconds < 3600) return relative.format(-Math.round(seconds / 60), "minute");
  if (seconds < 86400) return relative.format(-Math.round(seconds / 3600), "hour");
  if (seconds < 7 * 86400) return relative.format(-Math.round(seconds / 86400), "day");
  return new Intl.DateTimeFormat(language, { dateStyle: "medium" }).format(new Date(time));
}

function formatted(value) {
  return typeof value === "number" ? new Intl.NumberFormat(language).format(value) : String(value);
}
