// Which pictures are pages: judged by their real size, by what they are called and linked to, and by the reading column.
// Knows facts (candidates.js), no document.

//: Pixels: a page has at least this on its shorter side, and in all.
const SHORTEST_SIDE = 300;
const SMALLEST_AREA = 200_000;
//: A slice of a strip may be lower than a page, if it is as wide as its neighbours.
const LOWEST_SLICE = 40;
//: Width by height of the widest spread.
const WIDEST = 3.2;
//: A picture shown narrower than this, in CSS pixels, and than this share of the view is a thumbnail.
const THUMBNAIL_WIDTH = 250;
const THUMBNAIL_SHARE = 0.5;
//: Share of all pixels that the reading column holds at least.
const COLUMN_SHARE = 0.65;
//: Width, as a share of the column's median, below which a picture in the column is not one of its pages.
const NARROWEST_IN_COLUMN = 0.5;
//: A single picture is a page only if it fills this share of the view's height, or width.
const LONE_SHARE = 0.55;

//: Words in the names of elements that hold something else than pages.
const OTHER_THINGS = new Set(
  `ad ads adsense advert advertisement adverts avatar avatars banner comment comments cover covers emoji favicon
   gravatar icon icons logo poster profile promo promoted recommendation recommendations recommended related sidebar
   sponsor sponsored sponsors thumb thumbnail thumbnails thumbs`.split(/\s+/),
);
//: Words in the name of a file, or of its folder, that holds something else. A cover may well be the first page.
const OTHER_FILES = new Set("ad ads advert avatar avatars banner banners favicon gravatar logo logos sponsor".split(" "));

/** False where something speaks against a picture, whatever its size, which may have to be measured first. */
export function mayBePage(facts) {
  if (facts.furniture || facts.sponsored || isOfOtherSite(facts)) return false;
  return !facts.names.some((word) => OTHER_THINGS.has(word)) && !facts.file.some((word) => OTHER_FILES.has(word));
}

function isOfOtherSite({ linkHost, host }) {
  return linkHost !== null && siteOf(linkHost) !== siteOf(host);
}

/** The part of a host that its subdomains share; of an address in digits, and of this machine, the whole. */
function siteOf(host) {
  if (/^[\d.:[\]]+$/.test(host) || host.startsWith("localhost")) return host;
  return host.split(".").slice(-2).join(".");
}

/**
 * The pages among candidates that may be some, in their order.
 * @param {object[]} candidates  each with `facts`, measured
 * @param {{width: number, height: number, isFrame: boolean}} view  CSS pixels; a single picture in a frame is an advert
 */
export function choosePages(candidates, view) {
  const possible = candidates.filter(({ facts }) => !isThumbnail(facts, view));
  const large = possible.filter(({ facts }) => isLarge(facts));
  if (large.length === 0) return [];
  const shown = large.filter(({ facts }) => facts.box);
  const column = columnOf(shown.length > 0 ? shown : large);
  const inColumn = pagesIn(column, large, shown);
  if (inColumn.length === 1 && !fillsView(inColumn[0].facts, view)) return [];
  const slices = slicesBeside(inColumn, possible, column);
  return possible.filter((each) => inColumn.includes(each) || slices.has(each));
}

function isLarge({ width, height }) {
  return Math.min(width, height) >= SHORTEST_SIDE && width * height >= SMALLEST_AREA && width <= WIDEST * height;
}

/** By its size on the screen; one that has no box, as it waits to be turned to, is none. */
function isThumbnail({ box }, view) {
  return box !== null && box.width < THUMBNAIL_WIDTH && box.width < THUMBNAIL_SHARE * view.width;
}

/** Those in the column, and others that wait to be turned to in boxes like theirs, unless they were only fetched ahead. */
function pagesIn(column, large, shown) {
  const width = medianWidth(shown);
  const pages = large.filter(({ facts }) => facts.chain.includes(column) && isWideEnough(facts, width));
  const addresses = new Set(pages.map(({ url }) => url));
  const waits = ({ facts, url }) =>
    !facts.box && !(url && addresses.has(url)) && pages.some((page) => areAlike(page.facts.chain, facts.chain));
  return [...new Set([...pages, ...large.filter(waits)])];
}

/** True where two pictures lie equally deep below what holds both. */
function areAlike(chain, other) {
  const common = chain.findIndex((element) => other.includes(element));
  return common >= 0 && chain[common] === other[common];
}

/** The innermost element that holds most of all pixels; a long strip counts as two pages at the most. */
function columnOf(large) {
  const areas = large.map(({ facts }) => facts.width * facts.height);
  const most = 2 * median(areas);
  const held = new Map();
  let all = 0;
  large.forEach(({ facts }, place) => {
    const weight = Math.min(areas[place], most);
    all += weight;
    for (const element of facts.chain) held.set(element, (held.get(element) ?? 0) + weight);
  });
  const holding = [...held.keys()].filter((element) => held.get(element) >= COLUMN_SHARE * all);
  return holding.reduce((inner, element) => (held.get(element) < held.get(inner) ? element : inner));
}

function medianWidth(shown) {
  return median(shown.map(({ facts }) => facts.box.width));
}

function median(numbers) {
  return [...numbers].sort((a, b) => a - b)[Math.floor(numbers.length / 2)] ?? 0;
}

function isWideEnough({ box }, median) {
  return box === null || box.width >= NARROWEST_IN_COLUMN * median;
}

function fillsView({ box }, view) {
  return box !== null && !view.isFrame && (box.height >= LONE_SHARE * view.height || box.width >= LONE_SHARE * view.width);
}

/** Slices, too low to be large, that are exactly as wide as two pages of the column or more. */
function slicesBeside(pages, possible, column) {
  const widths = pages.map(({ facts }) => facts.width);
  const fits = ({ facts }) =>
    !isLarge(facts) &&
    facts.height >= LOWEST_SLICE &&
    facts.width >= SHORTEST_SIDE &&
    facts.chain.includes(column) &&
    widths.filter((width) => width === facts.width).length >= 2;
  return new Set(possible.filter(fits));
}
