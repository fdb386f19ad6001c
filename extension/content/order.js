// The order in which pages are read, and how far each is from the view. Knows boxes and keys, no document.

//: Share of the smaller height that two boxes must have in common to stand side by side.
const SAME_ROW = 0.5;

/**
 * Pages in reading order.
 * @param {{box: {x: number, y: number, width: number, height: number}|null}[]} pages  in document order
 * @param {"rtl"|"ltr"|"vertical"} direction
 *
 * From top to bottom. Two side by side are a spread, read as `direction` says; rows of more are read in document order,
 * which is that of the reader's own script, as is everything where a page has no box.
 */
export function inReadingOrder(pages, direction) {
  if (pages.some((page) => !page.box)) return [...pages];
  const rows = rowsOf([...pages].sort((a, b) => a.box.y - b.box.y));
  return rows.flatMap((row) => (row.length === 2 ? spread(row, direction) : row.sort(documentOrder(pages))));
}

function rowsOf(sorted) {
  const rows = [];
  for (const page of sorted) {
    const row = rows.at(-1);
    if (row && standBeside(row[0].box, page.box)) row.push(page);
    else rows.push([page]);
  }
  return rows;
}

function standBeside(a, b) {
  const common = Math.min(a.y + a.height, b.y + b.height) - Math.max(a.y, b.y);
  return common > SAME_ROW * Math.min(a.height, b.height);
}

/** Pages that lie on each other, one of which is turned away, stay as they are. */
function spread(row, direction) {
  return row.sort((a, b) => (direction === "rtl" ? b.box.x - a.box.x : a.box.x - b.box.x));
}

function documentOrder(pages) {
  const places = new Map(pages.map((page, place) => [page, place]));
  return (a, b) => places.get(a) - places.get(b);
}

/**
 * The keys of all pages seen so far: those of now in their order, those that are gone behind the page they followed.
 * @param {string[]} known @param {string[]} current
 */
export function mergeKeys(known, current) {
  const merged = [...current];
  const present = new Set(current);
  let place = 0;
  for (const key of known) {
    if (present.has(key)) {
      place = merged.indexOf(key) + 1;
    } else {
      merged.splice(place, 0, key);
      place += 1;
    }
  }
  return merged;
}

/**
 * For each place its distance from the view: 0 seen, 1 the next, -1 the one before.
 * @param {number} count @param {number[]} seen  places in view
 */
export function nearness(count, seen) {
  const first = seen.length ? Math.min(...seen) : -1;
  const last = seen.length ? Math.max(...seen) : -1;
  return Array.from({ length: count }, (_, place) => {
    if (place < first) return place - first;
    return place > last ? place - last : 0;
  });
}
