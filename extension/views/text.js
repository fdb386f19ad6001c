// Words: every sentence is in _locales/, one file a language; the browser chooses which.

import { browser } from "../shared/browser.js";
import { filled } from "../studio/format.js";

document.documentElement.lang = t("view_language");

/** A sentence, filled with values. */
export function t(key, values = {}) {
  return filled(browser.i18n.getMessage(key), values);
}

/** True where there is a sentence of this key. */
export function has(key) {
  return browser.i18n.getMessage(key) !== "";
}

/** Writes the sentences that a document names: `data-t` as text, `data-t-label` as aria-label. */
export function fillTexts() {
  for (const element of document.querySelectorAll("[data-t]")) element.textContent = t(element.dataset.t);
  for (const element of document.querySelectorAll("[data-t-label]"))
    element.setAttribute("aria-label", t(element.dataset.tLabel));
}
