// <mf-page-analysis>: what the analysis saw, drawn over a page: panels with their order, balloons, lettering.

import { get, tried } from "../api.js";
import { h } from "../dom.js";
import { t } from "../i18n.js";

const SVG = "http://www.w3.org/2000/svg";
//: Radius of a panel's number, as a share of the page's longer side.
const NUMBER = 0.022;
const KINDS = ["panel", "balloon", "lettering"];

class PageAnalysis extends HTMLElement {
  #address = null;

  /** Draws what the metadata at an address say of the page called `name`; nothing where there are none. */
  async show(address, name) {
    if (address === this.#address) return;
    this.#address = address;
    this.replaceChildren();
    const { body } = address ? await tried(get(address)) : {};
    if (address !== this.#address) return;
    if (body) this.replaceChildren(picture(body, name));
    // Asked again the next time: the server may be back then.
    else this.#address = null;
  }
}

/** What the colours of the drawing mean. */
export function legend() {
  const entries = KINDS.map((kind) => h("li", { class: `of-${kind}` }, h("i"), t(`analysis.${kind}`)));
  return h("ul", { class: "legend", hidden: true }, entries);
}

function picture({ width, height, panels, balloons, lettering, reading_direction: direction }, name) {
  const counts = { name, panels: panels.length, balloons: balloons.length, lettering: lettering.length };
  const label = t("compare.alt.overlay", counts);
  const svg = element("svg", { viewBox: `0 0 ${width} ${height}`, role: "img", "aria-label": label });
  const radius = NUMBER * Math.max(width, height);
  svg.append(
    ...balloons.flatMap(({ polygon }) => outlined("polygon", "balloon", { points: polygon.join(" ") })),
    ...lettering.flatMap(({ bbox: [x, y, w, h] }) => outlined("rect", "lettering", { x, y, width: w, height: h })),
    ...panels.flatMap(({ polygon }) => outlined("polygon", "panel", { points: polygon.join(" ") })),
    ...panels.map((panel) => number(panel, radius, direction === "rtl")),
  );
  return svg;
}

/** A shape and, below it, the same in white: its line is seen on any colour. */
function outlined(tag, kind, attributes) {
  return [`${kind} halo`, kind].map((name) => element(tag, { class: name, ...attributes }));
}

/** The number of a panel in the corner where reading begins. */
function number({ order, bbox: [x, y, width] }, radius, isFromRight) {
  const place = { x: isFromRight ? x + width - 1.3 * radius : x + 1.3 * radius, y: y + 1.3 * radius };
  const group = element("g", { class: "order" });
  const text = element("text", { ...place, "font-size": 1.3 * radius });
  text.textContent = order;
  group.append(element("circle", { cx: place.x, cy: place.y, r: radius }), text);
  return group;
}

function element(tag, attributes) {
  const created = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) created.setAttribute(name, value);
  return created;
}

customElements.define("mf-page-analysis", PageAnalysis);
