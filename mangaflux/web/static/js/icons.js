// Line icons on a grid of 24, drawn for this page.

const PATHS = {
  add: "M12 5v14M5 12h14",
  archive: "M12 4v11m0 0-4-4m4 4 4-4M5 19h14",
  back: "M15 5l-7 7 7 7",
  brush:
    "M20 4 10.5 13.5M8 14c-2.5 0-3.5 1.8-3.5 3.2C4.500 18.600 3.500 19.500 2.500 20c4 .8 8-.5 8-3.800 0-1.400-1.100-2.200-2.500-2.200Z",
  check: "M5 12.500 10 17.500 19 7",
  close: "M6 6l12 12M18 6 6 18",
  colour:
    "M12 3a9 9 0 1 0 0 18c1.800 0 2-1.400 1.300-2.400-.8-1.100-.2-2.600 1.300-2.600H17a4 4 0 0 0 4-4c0-5-4-9-9-9ZM7.500 12h.01M10 7.500h.01M15 8h.01",
  compare: "M12 3v18M4 6h5v12H4zM15 6h5v12h-5z",
  copy: "M9 9h11v11H9zM5 15H4V4h11v1",
  eye: "M2.500 12S6 5.500 12 5.500 21.500 12 21.500 12 18 18.500 12 18.500 2.500 12 2.500 12ZM12 9.500a2.500 2.500 0 1 0 0 5 2.500 2.500 0 0 0 0-5Z",
  forward: "M9 5l7 7-7 7",
  image: "M4 5h16v14H4zM4 16l5-5 4 4 3-3 4 4M15.500 9h.01",
  info: "M12 3a9 9 0 1 0 0 18 9 9 0 0 0 0-18ZM12 11v5M12 8h.01",
  layers: "M12 4 3 9l9 5 9-5-9-5ZM3 14l9 5 9-5",
  left: "M19 12H5m0 0 5-5m-5 5 5 5",
  library: "M5 4v16M9 4v16M13 5l5 15M13 5l-0 0",
  moon: "M20 14.500A8.500 8.500 0 0 1 9.500 4 8.500 8.500 0 1 0 20 14.500Z",
  more: "M6 12h.01M12 12h.01M18 12h.01",
  panel: "M4 5h16v14H4zM12 5v14",
  queue: "M4 6h16M4 12h16M4 18h10",
  read: "M12 6c-2-1.500-5-2-8-2v14c3 0 6 .5 8 2 2-1.500 5-2 8-2V4c-3 0-6 .5-8 2Zm0 0v14",
  reroll: "M20 11a8 8 0 0 0-14-4.500L4 9M4 4v5h5M4 13a8 8 0 0 0 14 4.500l2-2.500m0 5v-5h-5",
  right: "M5 12h14m0 0-5-5m5 5-5 5",
  server: "M4 5h16v6H4zM4 13h16v6H4zM8 8h.01M8 16h.01",
  spark: "M12 3l2 6.500L20.500 12 14 14l-2 7-2-7-6.500-2L10 9.500 12 3Z",
  strip: "M8 3h8v18H8zM8 10h8M8 16h8",
  sun: "M12 8a4 4 0 1 0 0 8 4 4 0 0 0 0-8ZM12 2v2M12 20v2M4.900 4.900l1.500 1.500M17.600 17.600l1.500 1.500M2 12h2M20 12h2M4.900 19.100l1.500-1.500M17.600 6.400l1.500-1.500",
  trash: "M5 7h14M10 7V4h4v3M7 7l1 13h8l1-13M10.500 11v5M13.500 11v5",
  up: "M12 19V5m0 0-6 6m6-6 6 6",
  warn: "M12 4 2.500 20h19L12 4ZM12 10v4M12 17h.01",
  zoomin: "M11 4a7 7 0 1 0 0 14 7 7 0 0 0 0-14ZM20 20l-4-4M11 8v6M8 11h6",
  zoomout: "M11 4a7 7 0 1 0 0 14 7 7 0 0 0 0-14ZM20 20l-4-4M8 11h6",
};

const SVG = "http://www.w3.org/2000/svg";

/** A decorative icon; the name of a control is its text or its aria-label. */
export function icon(name) {
  const svg = document.createElementNS(SVG, "svg");
  const attributes = {
    viewBox: "0 0 24 24",
    fill: "none",
    stroke: "currentColor",
    "stroke-width": "1.8",
    "stroke-linecap": "round",
    "stroke-linejoin": "round",
    "aria-hidden": "true",
    focusable: "false",
  };
  for (const [key, value] of Object.entries(attributes)) svg.setAttribute(key, value);
  const path = document.createElementNS(SVG, "path");
  path.setAttribute("d", PATHS[name]);
  svg.append(path);
  return svg;
}
