// Words: every sentence of the studio is in strings/, one file a language.

import en from "./strings/en.js";
import pt from "./strings/pt.js";
import { kept } from "./dom.js";
import { filled } from "./format.js";

const LANGUAGES = { en, pt };

/** The languages, by code, in their own words. */
export const LANGUAGE_NAMES = { en: "English", pt: "Português" };

let current = chosen();
document.documentElement.lang = current;

function chosen() {
  const wanted = kept.get("language") ?? navigator.language.slice(0, 2);
  return wanted in LANGUAGES ? wanted : "en";
}

/** The code of the language in use. */
export function language() {
  return current;
}

/** Changes the language; views are built anew by who calls this. */
export function setLanguage(code) {
  current = code;
  kept.set("language", code);
  document.documentElement.lang = code;
}

/** A sentence, filled with values. A key that a language lacks is taken from English, and an unknown key gives itself. */
export function t(key, values = {}) {
  return filled(LANGUAGES[current][key] ?? en[key] ?? key, values);
}

/** True where there is a sentence of this key. */
export function has(key) {
  return key in en;
}
