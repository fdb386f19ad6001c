"""Which light shapes of the page are balloons? Pure functions; any thread. Pixels of the reading layout.

A balloon is found from its text: the ground around the lines that the detector sees is taken as far as it goes, and is
a balloon if it looks like one.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from itertools import chain

import cv2
import numpy as np
from numpy.typing import NDArray

from mangaflux.engine.analysis.balloon_growth import Ground, Growth, WornGround, find_grounds, grow, surroundings, wear
from mangaflux.engine.analysis.balloon_kinds import balloon_kind
from mangaflux.engine.analysis.balloon_shape import (
    SURE_SCORE,
    ShapeFacts,
    has_square_corners,
    is_balloon,
    is_chain,
    is_open_balloon,
)
from mangaflux.engine.analysis.balloons import BalloonShape, bounds, line_inside
from mangaflux.engine.analysis.detections import NOTHING_DETECTED, DetectedBox, Detections
from mangaflux.engine.analysis.lettering import PageText
from mangaflux.engine.analysis.metadata import Mask
from mangaflux.engine.analysis.open_balloons import grow_open
from mangaflux.engine.analysis.place_order import overlap
from mangaflux.engine.analysis.reading_sheet import reading_unit
from mangaflux.engine.analysis.sheet import Sheet
from mangaflux.engine.analysis.text_blocks import TextBlock, make_block, make_blocks
from mangaflux.engine.analysis.unread_balloons import find_unread_balloons

#: Part of its contour that ink must bound for a balloon to count as closed.
_CLOSED = 0.93

#: A balloon of more areas of its text than this may have leaked through a gap: if an open one of less than this part of
#: its area is found, it has.
_ROOMY, _LEAKED = 2.5, 0.7

#: Intersection over union from which another detector's box is taken for the same balloon.
_AGREES = 0.6

#: A block is in a balloon that takes more than this part of its lines.
_TAKEN = 0.5


#: What grows a balloon around a block; None where it is none.
_Attempt = Callable[[TextBlock], BalloonShape | None]


@dataclass(frozen=True, slots=True, eq=False)
class _Found:
    """A balloon and the block that it was grown from."""

    shape: BalloonShape
    block: TextBlock


def find_balloons(text: PageText, seen: Detections = NOTHING_DETECTED) -> list[BalloonShape]:
    """The balloons around the lettering, from top to bottom; several blocks in one balloon give one shape."""
    gray, blocks = text.sheet.gray, list(text.blocks)
    taken = np.zeros(gray.shape, dtype=np.uint8)
    shapes: list[BalloonShape] = []
    # Lines of two balloons, or of a balloon and a drawing, may stand together in one block.
    for parted in (False, True):
        for ground in find_grounds(gray, _single_lines(gray, blocks, taken) if parted else blocks):
            shapes += _on_ground(text.sheet, ground, taken, seen.balloons)
    shapes += _unread(text, taken > 0)
    return sorted(shapes, key=lambda shape: (int(shape.contour[:, 1].min()), int(shape.contour[:, 0].min())))


def _single_lines(gray: NDArray[np.uint8], blocks: Sequence[TextBlock], taken: NDArray[np.uint8]) -> list[TextBlock]:
    """The lines of blocks that have no balloon, each on its own."""
    left = [block for block in blocks if len(block.lines) > 1 and not block.is_scene and not _is_taken(block, taken)]
    sure = [line for block in left for line in block.lines if line.score > SURE_SCORE]
    alone = (make_block(gray, [line]) for line in sure)
    return [block for block in alone if block is not None and not block.is_grid]


def _is_taken(block: TextBlock, taken: NDArray[np.uint8]) -> bool:
    return bool(taken[block.crop][block.region].mean() > _TAKEN)


def _on_ground(
    sheet: Sheet, ground: Ground, taken: NDArray[np.uint8], expected: tuple[DetectedBox, ...]
) -> Iterator[BalloonShape]:
    """The balloons of one ground, which are marked in `taken`."""
    layers = wear(ground, reading_unit(sheet))
    whole = next(layers)
    closed = (partial(_closed, sheet, ground, layer, expected) for layer in chain([whole], layers))
    waiting = sorted(ground.blocks, key=lambda block: -block.region_area)
    found: list[_Found] = []
    for attempt in chain(closed, [partial(_open, sheet, ground)]):
        waiting = _search(sheet.gray, waiting, attempt, taken, found)
        if not waiting:
            break
    return _chained(sheet, ground, whole, found)


def _search(
    gray: NDArray[np.uint8], blocks: list[TextBlock], attempt: _Attempt, taken: NDArray[np.uint8], found: list[_Found]
) -> list[TextBlock]:
    """Adds the balloons that an attempt finds to those found; the blocks that still have none."""
    waiting, left = list(blocks), []
    while waiting:
        block = waiting.pop(0)
        if _is_taken(block, taken):
            continue
        shape = attempt(block)
        if shape is None:
            left.append(block)
            continue
        found.append(_Found(shape, block))
        cv2.fillPoly(taken, [shape.contour], (1,))
        waiting += _left_over(gray, block, shape)
    return left


def _closed(
    sheet: Sheet, ground: Ground, layer: WornGround, expected: tuple[DetectedBox, ...], block: TextBlock
) -> BalloonShape | None:
    """The balloon whose outline closes at this wear; an open one where that leaks."""
    unit, number = reading_unit(sheet), layer.part_around(block)
    growth = None if number is None else grow(ground, layer, number, block, unit)
    if growth is None:
        return None
    facts = ShapeFacts(growth, block)
    if not is_balloon(facts, unit, expected=_is_expected(sheet, growth, expected)):
        return None
    if facts.area > _ROOMY * facts.text_area:
        carried_on = _open(sheet, ground, block)
        if carried_on is not None and cv2.contourArea(carried_on.contour) < _LEAKED * facts.area:
            return carried_on
    return _shape(growth, facts, block)


def _open(sheet: Sheet, ground: Ground, block: TextBlock) -> BalloonShape | None:
    """The balloon whose outline has a wide gap."""
    growth = grow_open(surroundings(ground, block))
    if growth is None:
        return None
    facts = ShapeFacts(growth, block)
    return _shape(growth, facts, block) if is_open_balloon(facts, reading_unit(sheet)) else None


def _is_expected(sheet: Sheet, growth: Growth, boxes: tuple[DetectedBox, ...]) -> bool:
    """Whether another detector sees a balloon where this ground is."""
    own = sheet.page_box(bounds(growth.whole_contour))
    return any(overlap(own, box.bbox) > _AGREES for box in boxes)


def _shape(growth: Growth, facts: ShapeFacts, block: TextBlock) -> BalloonShape:
    contour = growth.whole_contour
    return BalloonShape(
        contour=contour,
        lines=tuple(line for line in block.lines if line_inside(line, contour)),
        paper=block.paper,
        ink=block.ink,
        kind=balloon_kind(growth.contour, is_box=facts.is_box) if facts.outlined >= _CLOSED else "speech",
        is_inverted=block.is_inverted,
        is_open=facts.outlined < _CLOSED,
    )


def _chained(sheet: Sheet, ground: Ground, whole: WornGround, found: Sequence[_Found]) -> Iterator[BalloonShape]:
    """The balloons found, those as one that narrow necks join."""
    homes = [whole.part_around(each.block) for each in found]
    for home in dict.fromkeys(homes):
        members = [each for each, own in zip(found, homes, strict=True) if own == home]
        joined = None if home is None or len(members) == 1 else _joined(sheet, ground, whole, home, members)
        yield from (each.shape for each in members) if joined is None else (joined,)


def _joined(
    sheet: Sheet, ground: Ground, whole: WornGround, home: int, members: Sequence[_Found]
) -> BalloonShape | None:
    """Balloons on one part of the ground as one; None where the part is more than they and what joins them."""
    largest = max(members, key=lambda each: cv2.contourArea(each.shape.contour))
    growth = grow(ground, whole, home, largest.block, reading_unit(sheet))
    if growth is None:
        return None
    bodies = sum(cv2.contourArea(each.shape.contour) for each in members)
    if not is_chain(ShapeFacts(growth, largest.block), bodies):
        return None
    lines = tuple(line for each in members for line in each.shape.lines)
    return replace(largest.shape, contour=growth.whole_contour, lines=lines, is_open=False)


def _unread(text: PageText, taken: Mask) -> list[BalloonShape]:
    """Balloons whose letters the detector does not see."""
    return [
        BalloonShape(
            contour=found.contour,
            lines=(found.line,),
            paper=found.paper,
            ink=found.ink,
            kind=balloon_kind(found.contour, is_box=has_square_corners(found.contour)),
            is_inverted=False,
            is_open=False,
        )
        for found in find_unread_balloons(text.sheet.gray, taken, reading_unit(text.sheet))
    ]


def _left_over(gray: NDArray[np.uint8], block: TextBlock, shape: BalloonShape) -> list[TextBlock]:
    """What of a block is outside of the balloon that was grown from it: it may have one of its own."""
    rest = [line for line in block.lines if line not in shape.lines]
    return make_blocks(gray, rest) if len(rest) < len(block.lines) else []
