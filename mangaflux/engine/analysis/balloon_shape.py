"""Is the ground around a block of text a balloon, and of which kind? Pure functions; any thread.

A balloon is compact, bounded by ink, and holds little but its text. Pixels of the reading layout.
"""

from dataclasses import dataclass
from functools import cached_property

import cv2
import numpy as np
from numpy.typing import NDArray

from mangaflux.engine.analysis.balloon_growth import LARGEST, Growth
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
#: So many heights around the text, ink may be letters that were missed.
_MISSED = 1.0
#: Part of the contour that may lie on the edges of the page.
_ON_PAGE_EDGE = 0.35
#: Between letters and outline there is room for this part of a line's height somewhere; rims around letters have less.
_ROOM, _ROOM_IN_BOX = 0.4, 0.15
#: Part of the lines that letters fill at most.
_INK = 0.6
#: How far the text may be from the middle.
_OFF_CENTRE = 0.3
#: What makes a balloon doubtful: a lower score, more ink in the lines, more ground around them, text further from the
#: middle, less of the block inside, a less closed outline (that of spikes is closed), and letters lower or higher than
#: these, in thousandths of what a reader sees at once.
SURE_SCORE, _USUAL_INK, _USUAL_GROUND, _CENTRED, _WHOLE, _CLOSED = 0.75, 0.36, 3.3, 0.18, 0.62, 0.88
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


@dataclass(frozen=True, eq=False)
class ShapeFacts:
    """What can be measured of the ground around a block; each is measured when it is first asked for."""

    growth: Growth
    block: TextBlock

    @cached_property
    def area(self) -> float:
        """Pixels."""
        return float(cv2.countNonZero(self.growth.filled))

    @cached_property
    def text_area(self) -> float:
        """Of the lines inside, of all blocks."""
        return float(np.count_nonzero(self._text))

    @cached_property
    def ink_share(self) -> float:
        """The part of these lines that letters take."""
        letters = np.count_nonzero(self._inside & self.growth.around.letters)
        return float(letters) / max(1.0, self.text_area)

    @cached_property
    def held(self) -> float:
        """The part of the block that is inside."""
        region = self.growth.around.region
        return float(np.count_nonzero(self._inside & region)) / max(1, int(np.count_nonzero(region)))

    @cached_property
    def solidity(self) -> float:
        """The part of its convex hull that the shape fills."""
        return self.area / max(1.0, float(cv2.contourArea(cv2.convexHull(self.growth.contour))))

    @cached_property
    def outlined(self) -> float:
        """The part of the contour that ink bounds."""
        return _outlined(self.growth)

    @cached_property
    def edges(self) -> tuple[float, float]:
        """The parts of the contour on edges of the page, and on other edges of what was looked at."""
        return _edge_shares(self.growth)

    @cached_property
    def clutter(self) -> float:
        """The part of the ground away from text that is not light."""
        return _clutter(self.growth, self.block.letter_height)

    @cached_property
    def is_box(self) -> bool:
        """Whether it has square corners, as captions have."""
        return has_square_corners(self.growth.contour)

    @cached_property
    def off_centre(self) -> float:
        """How far the text is from the middle, in sides of a square as large as the shape."""
        if not self.text_area:
            return 1.0
        text, own = _middle(self._text.view(np.uint8)), _middle(self.growth.filled)
        return float(np.hypot(text[0] - own[0], text[1] - own[1]) / max(1.0, np.sqrt(self.area)))

    @cached_property
    def room(self) -> float:
        """How far the contour is from the letters at most places, in heights of a line."""
        return _room(self.growth, self.block.letter_height)

    @cached_property
    def ground(self) -> float:
        """How often the text would fit in."""
        return self.area / max(1.0, self.text_area)

    @cached_property
    def _inside(self) -> Mask:
        return self.growth.filled > 0

    @cached_property
    def _text(self) -> Mask:
        return self._inside & self.growth.around.text


def is_balloon(facts: ShapeFacts, unit: float, *, expected: bool = False) -> bool:
    """Whether this is the ground of a balloon.

    Args:
        facts: of it.
        unit: one thousandth of what a reader sees at once.
        expected: whether another detector sees a balloon here, which outweighs one doubt.
    """
    closed = facts.solidity >= _SOLIDITY and facts.outlined >= _OUTLINED
    return closed and _holds_text(facts, unit) and _doubts_outweighed(facts, unit, facts.outlined, int(expected))


def is_open_balloon(facts: ShapeFacts, unit: float) -> bool:
    """Whether this is the ground of a balloon with a wide gap in its outline: of all else one doubt at most."""
    if facts.outlined < _HALF_OPEN or facts.solidity < _ROUND or facts.off_centre > _NEAR_MIDDLE:
        return False
    if facts.held <= _ALL_HELD or facts.block.score <= SURE_SCORE:
        return False
    return _holds_text(facts, unit) and _doubts_outweighed(facts, unit, 1.0, 0)


def is_chain(facts: ShapeFacts, bodies: float) -> bool:
    """Whether this is the ground of balloons that narrow necks join.

    Args:
        facts: of all of it.
        bodies: the area of the balloons alone.
    """
    if not _BODIES * facts.area < bodies < facts.area / _BODIES:
        return False
    return facts.outlined > _CLOSED and facts.clutter <= _CLUTTER and facts.edges[0] <= _ON_PAGE_EDGE


def _holds_text(facts: ShapeFacts, unit: float) -> bool:
    """Whether a shape holds text in its middle, and little else."""
    if not _SMALLEST * unit**2 < facts.area < LARGEST * unit**2 or facts.held < 0.5:
        return False
    if facts.ink_share > _INK or facts.off_centre > _OFF_CENTRE:
        return False
    # A panel that holds little else looks like a caption, but for its size.
    if facts.is_box and facts.ground > _USUAL_GROUND:
        return False
    on_page, on_crop = facts.edges
    if on_crop > 0 or on_page > _ON_PAGE_EDGE or facts.clutter > _CLUTTER:
        return False
    return facts.room >= (_ROOM_IN_BOX if facts.is_box else _ROOM)


def _doubts_outweighed(facts: ShapeFacts, unit: float, outlined: float, outweighed: int) -> bool:
    doubts = (
        facts.block.score < SURE_SCORE,
        facts.ink_share > _USUAL_INK,
        facts.ground > _USUAL_GROUND,
        facts.off_centre > _CENTRED,
        facts.held < _WHOLE,
        outlined < (_CLOSED if facts.solidity > _COMPACT else _WELL_OUTLINED),
        not _LOW * unit <= facts.block.letter_height <= _HIGH * unit,
    )
    left = sum(doubts) - outweighed
    if left == 1:
        compact = facts.solidity > _COMPACT and outlined > _WELL_OUTLINED
        centred = facts.off_centre < _IN_THE_MIDDLE and outlined > _ALL_OUTLINED
        most = _EMPTY_GROUND if compact and centred else _MOST_GROUND
        return facts.ground < most and (compact or (centred and facts.solidity > _SPIKY))
    return left <= 0


def has_square_corners(contour: NDArray[np.int32]) -> bool:
    """Whether a shape fills the smallest rectangle around it, as captions do."""
    _, (width, height), _ = cv2.minAreaRect(contour)
    return bool(cv2.contourArea(contour) > 0.93 * width * height)


def _edge_shares(growth: Growth) -> tuple[float, float]:
    """The parts of a contour on edges of the page, and on other edges of the crop."""
    height, width = growth.filled.shape
    x, y = growth.contour[:, 0], growth.contour[:, 1]
    on_sides = (x == 0, y == 0, x == width - 1, y == height - 1)
    page = np.zeros(len(x), dtype=np.bool_)
    crop = np.zeros(len(x), dtype=np.bool_)
    for on_side, is_page in zip(on_sides, growth.around.page_edges, strict=True):
        if is_page:
            page |= on_side
        else:
            crop |= on_side
    return float(page.mean()), float(crop.mean())


def _outlined(growth: Growth) -> float:
    """The part of the rim just outside of a shape that is not light; beyond the page nothing is."""
    padded = np.pad(growth.filled, 2)
    rim = (cv2.dilate(padded, np.ones((3, 3), np.uint8)) > 0) & (padded == 0)
    rim[[0, -1]], rim[:, [0, -1]] = False, False
    light = np.pad(growth.around.light, 2)
    return float(np.mean(~light[rim])) if rim.any() else 0.0


def _clutter(growth: Growth, height: float) -> float:
    """The part of a shape that is neither light nor within reach of the text, where letters may have been missed."""
    around = growth.around
    side = max(9, 2 * round(_MISSED * height) + 1)
    near_text = cv2.dilate(around.text.view(np.uint8), np.ones((side, side), np.uint8)) > 0
    elsewhere = (cv2.erode(growth.filled, np.ones((3, 3), np.uint8)) > 0) & ~near_text
    return float(np.mean(~around.light[elsewhere])) if elsewhere.any() else 0.0


def _middle(shape: NDArray[np.uint8]) -> tuple[float, float]:
    """Of the pixels that are not 0: x, y."""
    moments = {name: float(value) for name, value in cv2.moments(shape, binaryImage=True).items()}
    return moments["m10"] / moments["m00"], moments["m01"] / moments["m00"]


def _room(growth: Growth, height: float) -> float:
    away = cv2.distanceTransform((~growth.around.letters).view(np.uint8), cv2.DIST_L2, 3)
    gaps = away[growth.contour[:, 1], growth.contour[:, 0]]
    return float(np.percentile(gaps, 80)) / max(1.0, height)
