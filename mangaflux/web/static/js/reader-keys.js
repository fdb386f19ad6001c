// The keys of the reader.

//: Pixels that Shift and an arrow move a page that is larger than the window.
const PAN_PIXELS = 80;
const PANS = {
  ArrowLeft: [PAN_PIXELS, 0],
  ArrowRight: [-PAN_PIXELS, 0],
  ArrowUp: [0, PAN_PIXELS],
  ArrowDown: [0, -PAN_PIXELS],
};

/** A listener for keydown and keyup that calls what a key means. */
export function readerKeys(actions) {
  const plain = {
    // The sheet moves against the arrow: the arrow to the left shows what lies on the left.
    ArrowLeft: () => actions.turn("right"),
    ArrowRight: () => actions.turn("left"),
    PageDown: () => actions.step(1),
    PageUp: () => actions.step(-1),
    Home: () => actions.jump(false),
    End: () => actions.jump(true),
    "+": () => actions.zoom(1.4),
    "=": () => actions.zoom(1.4),
    "-": () => actions.zoom(1 / 1.4),
    0: () => actions.zoom(0),
    1: () => actions.mode(0),
    2: () => actions.mode(1),
    3: () => actions.mode(2),
    4: () => actions.mode(3),
    o: actions.overlay,
    i: actions.info,
    Escape: actions.leave,
  };
  return (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || document.querySelector("dialog[open]")) return;
    const own = event.target.closest?.("input, select, textarea, button, a, summary");
    if (event.key === " " && !own) {
      event.preventDefault();
      if (!event.repeat) actions.peek(event.type === "keydown");
      return;
    }
    if (event.type !== "keydown") return;
    // Sliders and choices use arrows, Home and End themselves.
    if (event.target.closest?.("input, select") && !["Escape", "o", "i", "PageDown", "PageUp"].includes(event.key))
      return;
    if (actions.isStrip() && ["PageDown", "PageUp", "Home", "End"].includes(event.key)) return;
    if (event.shiftKey && event.key in PANS) {
      event.preventDefault();
      actions.pan(...PANS[event.key]);
      return;
    }
    const action = plain[event.key];
    if (action) {
      event.preventDefault();
      action();
    }
  };
}
