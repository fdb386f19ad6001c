// <mf-qr-code>: a text as a QR code, drawn here; nothing leaves the page.

import { encode } from "../qr/encode.js";

const SVG = "http://www.w3.org/2000/svg";
//: Modules of white around the code that readers need (ISO/IEC 18004, section 9.1).
const QUIET = 4;

class QrCode extends HTMLElement {
  /** Draws a text; `name` is what screen readers hear. Throws RangeError where it is too long. */
  show(text, name) {
    const rows = encode(text);
    const size = rows.length + 2 * QUIET;
    const svg = document.createElementNS(SVG, "svg");
    for (const [key, value] of Object.entries({
      viewBox: `0 0 ${size} ${size}`,
      role: "img",
      "aria-label": name,
      "shape-rendering": "crispEdges",
    }))
      svg.setAttribute(key, value);
    const path = document.createElementNS(SVG, "path");
    path.setAttribute(
      "d",
      rows.flatMap((row, y) => row.map((dark, x) => (dark ? `M${x + QUIET} ${y + QUIET}h1v1h-1z` : ""))).join(""),
    );
    svg.append(path);
    this.replaceChildren(svg);
  }
}

customElements.define("mf-qr-code", QrCode);
