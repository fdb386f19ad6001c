"""Where is the gutter, and where does it cut the page? Pure functions; any thread. Layout pixels throughout."""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from mangaflux.engine.analysis.metadata import BoundingBox, Mask
from mangaflux.engine.analysis.sheet import Sheet

#: By how many grey levels drawing differs from the gutter.
_INK_STEP = 26
#: Gaps in frames that are sealed, and specks that are dropped, in thousandths of the long side.
_SEALED, _SPECK = 4.0, 4.0
#: Widest piece of gutter between balloons, in the same unit, and its least length in its own widths.
_STRIP_WIDTH, _STRIP_LENGTH = 28.0, 9.0
#: A strip is empty where at most this part of it is drawing; narrowest gutter in thousandths of the long side.
_EMPTY, _NARROWEST = 0.006, 4.0
#: Widest gutter between panels side by side, in the same unit: wider gaps are open drawings.
_WIDEST = 25.0
#: A panel beside another has at least this part of its height.
_PANEL_HEIGHT = 0.25
#: Part of a gutter that balloons may lie across.
_BALLOONS_ACROSS = 0.3
#: A narrow gutter divides a panel where it is light and the frames beside it, the darker and the lighter one, are dark
#: over these parts of their length; it leaves parts not narrower than this share.
_GUTTER_LIGHT, _FRAME_DARK, _OTHER_FRAME_DARK, _GUTTER_MARGIN = 0.93, 0.85, 0.3, 0.12
#: Pixels at both ends of a narrow gutter that must be light.
_ENDS = 3
#: Levels, 0–255, of such a gutter and of such frames.
_GUTTER_LEVEL, _FRAME_LEVEL = 150, 110


@dataclass(frozen=True, slots=True)
class Drawing:
    """What of a page is drawn, and what is gutter; all (h, w) bool."""

    #: Everything that the gutter does not reach, balloons that lie across gutters left out.
    closed: Mask
    #: The same with the pieces of frames and figures that stand open to the gutter.
    bare: Mask
    #: Balloons that lie across gutters, their outlines included.
    balloons: Mask


def find_drawing(sheet: Sheet, gutter: int, balloons: Mask) -> Drawing:
    """What of a page is drawn.

    Args:
        sheet: the page.
        gutter: level of the gutter, 0–255.
        balloons: (h, w) True inside balloons.
    """
    ink = _ink(sheet, gutter)
    closed = _closed(ink | balloons, sheet.unit)
    across = _across_gutters(balloons, closed, sheet.unit)
    return Drawing(closed & ~across, (closed | _without_specks(ink, sheet.unit)) & ~across, across)


def cut_at_gutters(drawing: Drawing, unit: float) -> list[BoundingBox]:
    """The boxes of the parts between empty strips, across and down in turn, each as tight as its drawing."""
    return _cut(drawing.bare, drawing.balloons, unit)


def narrow_gutter(gray: NDArray[np.uint8], reach: int) -> int | None:
    """The row in which a light line runs from edge to edge between two dark ones; None where there is none."""
    light = (gray > _GUTTER_LEVEL).mean(axis=1)
    # A gutter, other than a light line in a drawing, breaks the outer frames.
    open_ends = (gray[:, :_ENDS] > _GUTTER_LEVEL).all(axis=1) & (gray[:, -_ENDS:] > _GUTTER_LEVEL).all(axis=1)
    # A frame that leans by a pixel lies in two rows.
    dark = cv2.dilate((gray < _FRAME_LEVEL).astype(np.uint8), np.ones((3, 1), np.uint8)).mean(axis=1)
    above = np.array([dark[max(0, row - reach) : max(1, row - 1)].max() for row in range(len(dark))])
    below = np.array([dark[min(row + 2, len(dark) - 1) : row + reach + 1].max() for row in range(len(dark))])
    framed = (np.maximum(above, below) > _FRAME_DARK) & (np.minimum(above, below) > _OTHER_FRAME_DARK)
    found = (light > _GUTTER_LIGHT) & open_ends & framed
    margin = max(1, round(_GUTTER_MARGIN * len(dark)))
    rows = np.flatnonzero(found[margin:-margin])
    return int(margin + rows[len(rows) // 2]) if len(rows) else None


def _ink(sheet: Sheet, gutter: int) -> Mask:
    """What differs from the gutter: what is darker, and on black gutters what is lighter."""
    if gutter < 128:
        return np.asarray(sheet.gray > gutter + _INK_STEP)
    return np.asarray(sheet.gray < gutter - _INK_STEP)


def _closed(ink: Mask, unit: float) -> Mask:
    """What the gutter does not reach from the border, without specks."""
    closed = cv2.morphologyEx(ink.astype(np.uint8), cv2.MORPH_CLOSE, _square(_SEALED * unit))
    ground = np.pad(1 - closed, 1, constant_values=1)
    count, pieces, stats, _ = cv2.connectedComponentsWithStats(ground, connectivity=4)
    labels = np.asarray(pieces, dtype=np.int32)
    depth = np.zeros(count, dtype=np.float32)
    # Ground without an end, as on a blank page, is infinitely deep.
    depths = np.minimum(cv2.distanceTransform(ground, cv2.DIST_L2, 3), 1e4)
    np.maximum.at(depth, labels.ravel(), depths.ravel())
    # Balloons cut gutters into pieces that the border does not reach: long and of even, small width.
    strips = (2 * depth <= _STRIP_WIDTH * unit) & (stats[:, cv2.CC_STAT_AREA] > 2 * _STRIP_LENGTH * depth**2)
    strips[0], strips[labels[0, 0]] = False, True
    drawing = (~strips[labels])[1:-1, 1:-1].astype(np.uint8)
    return np.asarray(cv2.morphologyEx(drawing, cv2.MORPH_OPEN, _square(_SPECK * unit)) > 0)


def _across_gutters(balloons: Mask, drawing: Mask, unit: float) -> Mask:
    """The balloons, outlines included, that lie across gutters."""
    _, labels = cv2.connectedComponents(_grown(balloons, 10 * unit).astype(np.uint8), connectivity=8)
    beside = cv2.dilate(labels.astype(np.float32), _square(8 * unit)).astype(np.intp)
    at_gutter = np.bincount(beside[~drawing & (labels == 0)], minlength=int(labels.max()) + 1)
    across = at_gutter > 0
    across[0] = False
    return np.asarray(across[labels])


def _without_specks(ink: Mask, unit: float) -> Mask:
    _, labels, stats, _ = cv2.connectedComponentsWithStats(ink.astype(np.uint8), connectivity=8)
    keep = stats[:, 2:4].max(axis=1) > 2 * _SPECK * unit
    keep[0] = False
    return np.asarray(keep[labels])


def _grown(mask: Mask, side: float) -> Mask:
    return np.asarray(cv2.dilate(mask.astype(np.uint8), _square(side)) > 0)


def _square(side: float) -> NDArray[np.uint8]:
    # An even side would shift what it opens and closes.
    odd = max(1, round(side)) | 1
    return np.ones((odd, odd), dtype=np.uint8)


def _cut(bare: Mask, balloons: Mask, unit: float, left: int = 0, top: int = 0) -> list[BoundingBox]:
    rows, columns = np.flatnonzero(bare.any(axis=1)), np.flatnonzero(bare.any(axis=0))
    if not len(rows):
        return []
    top, left = top + int(rows[0]), left + int(columns[0])
    tight = np.s_[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    bare, balloons = bare[tight], balloons[tight]
    for axis, widest in ((0, np.inf), (1, _WIDEST * unit)):
        covered = balloons.mean(axis=1 - axis) > _BALLOONS_ACROSS
        gap = _empty_strip(bare.mean(axis=1 - axis) + covered, _NARROWEST * unit, widest)
        if gap is not None and axis == 0:
            before, after = (bare[: gap[0]], balloons[: gap[0]]), (bare[gap[1] :], balloons[gap[1] :])
            return _cut(*before, unit, left, top) + _cut(*after, unit, left, top + gap[1])
        if gap is not None and _tall(bare[:, : gap[0]]) and _tall(bare[:, gap[1] :]):
            before, after = (bare[:, : gap[0]], balloons[:, : gap[0]]), (bare[:, gap[1] :], balloons[:, gap[1] :])
            return _cut(*before, unit, left, top) + _cut(*after, unit, left + gap[1], top)
    return [(left, top, bare.shape[1], bare.shape[0])]


def _tall(bare: Mask) -> bool:
    """False where there is only a piece of an open frame."""
    rows = np.flatnonzero(bare.any(axis=1))
    return bool(len(rows) and rows[-1] - rows[0] > _PANEL_HEIGHT * len(bare))


def _empty_strip(filled: NDArray[np.float64], narrowest: float, widest: float) -> tuple[int, int] | None:
    """Start and end of the widest run of nearly empty rows, within limits."""
    empty = np.concatenate(([0], (filled <= _EMPTY).astype(np.int8), [0]))
    starts, ends = np.flatnonzero(np.diff(empty) == 1), np.flatnonzero(np.diff(empty) == -1)
    lengths = ends - starts
    possible = (lengths >= narrowest) & (lengths <= widest) & (starts > 0) & (ends < len(filled))
    if not possible.any():
        return None
    best = int(np.argmax(np.where(possible, lengths, 0)))
    return int(starts[best]), int(ends[best])
