"""Which outline has a panel, where the gutters around it and its own frame are only partly seen? Pure; any thread."""

import cv2
import numpy as np
from numpy.typing import NDArray

from mangaflux.engine.analysis.metadata import Mask
from mangaflux.engine.analysis.outlines import Outline, box_of, clipped, drawn_shares

#: A side of the hull is a frame where this part of it is drawn, and where it is at least this part of the panel long.
_DRAWN, _LONG = 0.7, 0.3
#: Pixels by which what is drawn may lie off such a side, and by which a hull is simplified.
_OFF, _SIMPLE = 2, 1.5


def panel_outline(region: Outline, hull: Outline, ink: Mask) -> Outline:
    """The region between gutters, cut down to the frame lines that are seen.

    Args:
        region: what the gutters around the panel leave to it.
        hull: around what is drawn in it.
        ink: (h, w) of the whole page.
    """
    simple = np.asarray(cv2.approxPolyDP(hull, _SIMPLE, closed=True).reshape(-1, 2), dtype=np.int32)
    outline = region
    for start, along in _frame_sides(simple, ink):
        normal = np.array((-along[1], along[0])) / np.hypot(*along)
        inwards = normal if np.dot(simple.mean(axis=0) - start, normal) > 0 else -normal
        outline = clipped(outline, (outline - start) @ inwards + 0.5)
    return outline if len(outline) > 2 else hull


def framed_share(outline: Outline, ink: Mask) -> float:
    """The part of an outline, 0–1, along which something is drawn or the paper ends."""
    height, width = ink.shape
    # Where the paper ends a panel bleeds off.
    drawn = ink.copy()
    drawn[[0, -1]] = True
    drawn[:, [0, -1]] = True
    lengths = np.hypot(*(np.roll(outline, -1, axis=0) - outline).T)
    shares = drawn_shares(np.clip(outline, 0, (width - 1, height - 1)), drawn, _OFF + 1)
    return float((shares * lengths).sum() / max(1.0, lengths.sum()))


def _frame_sides(simple: Outline, ink: Mask) -> list[tuple[NDArray[np.float64], NDArray[np.float64]]]:
    """Start and extent of the sides of a hull that are frame lines."""
    starts, extents = simple.astype(np.float64), (np.roll(simple, -1, axis=0) - simple).astype(np.float64)
    long = np.hypot(*extents.T) >= _LONG * min(box_of(simple)[2:])
    drawn = drawn_shares(simple, ink, _OFF) >= _DRAWN
    return [(starts[side], extents[side]) for side in np.flatnonzero(long & drawn).tolist()]
