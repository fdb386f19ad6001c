// What of an element can be seen.

const { ancestorsOf } = await import(chrome.runtime.getURL("content/tree.js"));

/** The part of an element that the boxes around it, which clip or scroll, let through; null where none is left. */
export function visibleBox(element) {
  let { left, top, right, bottom } = element.getBoundingClientRect();
  const { body, documentElement, defaultView: window } = element.ownerDocument;
  for (const each of ancestorsOf(element)) {
    if (each === body || each === documentElement) break; // what these clip, the window does
    const { overflowX, overflowY } = window.getComputedStyle(each);
    if (overflowX === "visible" && overflowY === "visible") continue;
    const clip = each.getBoundingClientRect();
    [left, right] = [Math.max(left, clip.left), Math.min(right, clip.right)];
    [top, bottom] = [Math.max(top, clip.top), Math.min(bottom, clip.bottom)];
  }
  return right > left && bottom > top ? { x: left, y: top, width: right - left, height: bottom - top } : null;
}
