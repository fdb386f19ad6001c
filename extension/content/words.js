// What is said on pages, in the person's language.

/** The sentence `page_<name>`, with what goes into it. @param {string} name @param {...(string|number)} values */
export function say(name, ...values) {
  return chrome.i18n.getMessage(`page_${name}`, values.map(String)) || name;
}
