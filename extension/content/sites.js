// What is known of single sites and of themes that many sites wear. Where no rule fits, choose.js judges by size and place.

/**
 * @typedef {object} SiteRule
 * @property {string} name
 * @property {string[]} [hosts]  the rule holds for these and their subdomains; without it, wherever its pages are found
 * @property {string} pages      selector of the elements that show a page
 * @property {string} [leave]    selector of what is never a page, or lies in what never holds one
 * @property {"rtl"|"ltr"|"vertical"} [direction]
 */

/** @type {SiteRule[]} The first that fits counts. README.md names the source of each. */
export const RULES = [
  { name: "Webtoons", hosts: ["webtoons.com"], pages: "#_imageList > img", direction: "vertical" },
  { name: "Madara theme", pages: ".reading-content img.wp-manga-chapter-img" },
];

/** The rule for a document, or null. @param {string} host @param {Element[]} elements @param {SiteRule[]} rules */
export function ruleFor(host, elements, rules = RULES) {
  for (const rule of rules) {
    const known = !rule.hosts || rule.hosts.some((each) => host === each || host.endsWith(`.${each}`));
    if (known && elements.some((element) => element.matches(rule.pages))) return rule;
  }
  return null;
}
