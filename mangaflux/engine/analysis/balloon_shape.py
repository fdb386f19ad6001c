"""Is the ground around a block of text a balloon, and of which kind? Pure functions; any thread.

A balloon is compact, bounded by ink, and holds little but its text. Pixels of the reading layout.
"""

from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.typing import NDArray

from mangaflux.engine.analysis.balloon_growth import LARGEST, Growth, Surroundings
from mangaflux.engine.analysis.metadata import Mask
from mangaflux.engine.analysis.text_blocks import TextBlock

#: Smallest balloon, in square thousandths of what a reader sees at once.
_SMALLEST = 800
#: Part of a convex hull that a balloon fills; tails and spikes take the rest.
_SOLIDITY = 0.6
#: Part of the contour that ink must bound.
_OUTLINED = 0.75
#: Part of the ground, away from the text, that may be ink or screentone: faces have features, balloons do not.
_CLUTTER = 0.035
#: Part of the contour that may lie on the edges of the page.
_ON_PAGE_EDGE = 0.35
#: Between letters and outline there is room for this part of a line's height somewhere; rims around letters have less.
_ROOM, _ROOM_IN_BOX = 0.4, 0.15
#: Part of the lines that letters fill at most; less surely text below this score.
_INK, _SCORE = 0.6, 0.45
#: How far the text may be from the middle.
_OFF_CENTRE = 0.3
#: What makes a balloon doubtful: a lower score, more ink in the lines, more ground around them, text further from the
#: middle, less of the block inside, a less closed outline (that of spikes is closed), and letters lower or higher than
#: these, in thousandths of what a reader sees at once.
_SURE_SCORE, _USUAL_INK, _USUAL_GROUND, _CENTRED, _WHOLE, _CLOSED = 0.75, 0.36, 3.3, 0.18, 0.62, 0.88
_LOW, _HIGH = 9.0, 45.0
#: What makes up for one doubt: a shape as compact and as well outlined as this, with at most so much ground.
_COMPACT, _WELL_OUTLINED, _MOST_GROUND = 0.88, 0.94, 9.0
#: Or spikes around text that is as well in the middle, all of them outlined. Where both hold, a short word may have so
#: much ground around it.
_SPIKY, _IN_THE_MIDDLE, _ALL_OUTLINED = 0.68, 0.07, 0.985
_EMPTY_GROUND = 16.0


#: An open balloon is outlined at least so far, as round, has its text as near the middle, and holds so much of it.
_HALF_OPEN, _ROUND, _NEAR_MIDDLE, _ALL_HELD = 0.55, 0.93, 0.16, 0.95
#: Balloons take at least this part of what they and the necks between them cover.
_BODIES = 0.65


@dataclass(frozen=True, slots=True)
class ShapeFacts:
    """What is measured of the ground around a block."""

    area: float
    #: Area of the lines inside, of all blocks, and the part of it that letters take.
    text_area: float
    ink_share: float
    #: Part of the block that is inside.
    held: float
    solidity: float
    #: Part of the contour bounded by ink; part of it on an edge of the page or of what was looked at.
    outlined: float
    on_page_edge: float
    on_crop_edge: float
    #: Part of the ground away from text that is not light.
    clutter: float
    #: Whether it has square corners, as captions have.
    is_box: bool
    #: How far the text is from the middle, in sides of a square as large as the shape.
    off_centre: float
    #: How far the contour is from the letters at most places, in heights of a line.
    room: float


def measure_shape(growth: Growth, block: TextBlock) -> ShapeFacts:
    """Measures the ground around a block."""
    around = growth.around
    filled = growth.filled > 0
    area, text_area = float(filled.sum()), float((filled & around.text).sum())
    page, crop = _edge_shares(growth, around)
    return ShapeFacts(
        area=area,
        text_area=text_area,
        ink_share=float((filled & around.letters).sum()) / max(1.0, text_area),
        held=float((filled & around.region).sum()) / max(1.0, float(around.region.sum())),
        solidity=area / max(1.0, float(cv2.contourArea(cv2.convexHull(growth.contour)))),
        outlined=_outlined(growth.filled, around),
        on_page_edge=page,
        on_crop_edge=crop,
        clutter=_clutter(growth.filled, around, block.letter_height),
        is_box=has_square_corners(growth.contour),
        off_centre=_off_centre(filled, around),
        room=_room(growth, block.letter_height),
    )


def is_balloon(facts: ShapeFacts, block: TextBlock, unit: float, *, expected: bool = False) -> bool:
    """Whether this is the ground of a balloon.

    Args:
        facts: measured of it.
        block: the text that it was grown from.
        unit: one thousandth of what a reader sees at once.
        expected: whether another detector sees a balloon here, which outweighs one doubt.
    """
    if not _SMALLEST * unit**2 < facts.area < LARGEST * unit**2 or facts.held < 0.5 or block.score < _SCORE:
        return False
    if facts.on_crop_edge > 0 or facts.on_page_edge > _ON_PAGE_EDGE or facts.clutter > _CLUTTER:
        return False
    if (
        facts.solidity < _SOLIDITY
        or facts.outlined < _OUTLINED
        or facts.ink_share > _INK
        or facts.off_centre > _OFF_CENTRE
    ):
        return False
    if facts.room < (_ROOM_IN_BOX if facts.is_box else _ROOM):
        return False
    return _is_beyond_doubt(facts, block, unit, outweighed=int(expected))


def is_chain(facts: ShapeFacts, bodies: float) -> bool:
    """Whether this is the ground of balloons that narrow necks join.

    Args:
        facts: measured of all of it.
        bodies: the area of the balloons alone.
    """
    whole = facts.outlined > _CLOSED and facts.clutter <= _CLUTTER and facts.on_page_edge <= _ON_PAGE_EDGE
    return whole and _BODIES * facts.area < bodies < facts.area / _BODIES


def is_open_balloon(facts: ShapeFacts, block: TextBlock, unit: float) -> bool:
    """Whether this is the ground of a balloon with a wide gap in its outline: all else must be beyond doubt."""
    if facts.outlined < _HALF_OPEN or facts.solidity < _ROUND or facts.off_centre > _NEAR_MIDDLE:
        return False
    closed = replace(facts, outlined=1.0)
    return is_balloon(closed, block, unit) and facts.held > _ALL_HELD and block.score > _SURE_SCORE


def _is_beyond_doubt(facts: ShapeFacts, block: TextBlock, unit: float, *, outweighed: int) -> bool:
    ground = facts.area / max(1.0, facts.text_area)
    doubts = (
        block.score < _SURE_SCORE,
        facts.ink_share > _USUAL_INK,
        ground > _USUAL_GROUND,
        facts.off_centre > _CENTRED,
        facts.held < _WHOLE,
        facts.outlined < (_CLOSED if facts.solidity > _COMPACT else _WELL_OUTLINED),
        not _LOW * unit <= block.letter_height <= _HIGH * unit,
    )
    left = sum(doubts) - outweighed
    if left == 1:
        compact = facts.solidity > _COMPACT and facts.outlined > _WELL_OUTLINED
        centred = facts.off_centre < _IN_THE_MIDDLE and facts.outlined > _ALL_OUTLINED
        most = _EMPTY_GROUND if compact and centred else _MOST_GROUND
        return ground < most and (compact or (centred and facts.solidity > _SPIKY))
    return left <= 0


def has_square_corners(contour: NDArray[np.int32]) -> bool:
    """Whether a shape fills the smallest rectangle around it, as captions do."""
    _, (width, height), _ = cv2.minAreaRect(contour)
    return bool(cv2.contourArea(contour) > 0.93 * width * height)


def _edge_shares(growth: Growth, around: Surroundings) -> tuple[float, float]:
    """The parts of a contour on edges of the page, and on other edges of the crop."""
    height, width = growth.filled.shape
    x, y = growth.contour[:, 0], growth.contour[:, 1]
    on_sides = (x == 0, y == 0, x == width - 1, y == height - 1)
    page = np.zeros(len(x), dtype=np.bool_)
    crop = np.zeros(len(x), dtype=np.bool_)
    for on_side, is_page in zip(on_sides, around.page_edges, strict=True):
        if is_page:
            page |= on_side
        else:
            crop |= on_side
    return float(page.mean()), float(crop.mean())


def _outlined(filled: NDArray[np.uint8], around: Surroundings) -> float:
    """The part of the rim just outside of a shape that is not light; beyond the page nothing is."""
    padded = np.pad(filled, 2)
    rim = (cv2.dilate(padded, np.ones((3, 3), np.uint8)) > 0) & (padded == 0)
    rim[[0, -1]], rim[:, [0, -1]] = False, False
    light = np.pad(around.light, 2)
    return float(np.mean(~light[rim])) if rim.any() else 0.0


def _clutter(filled: NDArray[np.uint8], around: Surroundings, height: float) -> float:
    """The part of a shape that is neither light nor within reach of the text, where letters may have been missed."""
    side = max(9, 2 * round(0.6 * height) + 1)
    near_text = cv2.dilate(around.text.astype(np.uint8), np.ones((side, side), np.uint8)) > 0
    elsewhere = (cv2.erode(filled, np.ones((3, 3), np.uint8)) > 0) & ~near_text
    return float(np.mean(~around.light[elsewhere])) if elsewhere.any() else 0.0


def _off_centre(filled: Mask, around: Surroundings) -> float:
    middles = []
    for mask in (filled, filled & around.text):
        rows, columns = np.nonzero(mask)
        if not len(rows):
            return 1.0
        middles.append((rows.mean(), columns.mean()))
    away = np.hypot(middles[0][0] - middles[1][0], middles[0][1] - middles[1][1])
    return float(away / max(1.0, np.sqrt(filled.sum())))


def _room(growth: Growth, height: float) -> float:
    away = cv2.distanceTransform((~growth.around.letters).astype(np.uint8), cv2.DIST_L2, 3)
    gaps = away[growth.contour[:, 1], growth.contour[:, 0]]
    return float(np.percentile(gaps, 80)) / max(1.0, height)
