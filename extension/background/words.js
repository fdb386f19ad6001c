/** What the background says to people, in their language. */

import { browser } from "../shared/browser.js";

/** The sentence `bg_<name>`, with what goes into it. @param {string} name @param {...(string|number)} values @returns {string} */
export function say(name, ...values) {
  return browser.i18n.getMessage(`bg_${name}`, values.map(String)) || name;
}

/** The sentence for a stable code, or `otherwise` where there is none. @param {string} code @param {string} otherwise */
export function sayCode(code, otherwise) {
  return browser.i18n.getMessage(`bg_code_${code}`) || otherwise || code;
}
