"""Which light shapes of the page are balloons? Pure functions; any thread. Pixels of the reading layout, where not said
otherwise.

A balloon is found from its text: the ground around the lines that the detector sees is taken as far as it goes, and is
a balloon if it looks like one.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from mangaflux.engine.analysis.balloon_growth import (
    LINE_INSIDE,
    Growth,
    Surroundings,
    TextMap,
    growths,
    map_text,
    surroundings,
)
from mangaflux.engine.analysis.balloon_kinds import balloon_kind, tail_tip
from mangaflux.engine.analysis.balloon_shape import (
    ShapeFacts,
    has_square_corners,
    is_balloon,
    is_open_balloon,
    measure_shape,
)
from mangaflux.engine.analysis.detections import NOTHING_DETECTED, DetectedBox, Detections
from mangaflux.engine.analysis.lettering import PageText
from mangaflux.engine.analysis.metadata import Balloon, BalloonKind, Mask, Panel, ReadingDirection
from mangaflux.engine.analysis.open_balloons import grow_open
from mangaflux.engine.analysis.place_order import order_in_panels, overlap, panel_of
from mangaflux.engine.analysis.reading_sheet import reading_unit
from mangaflux.engine.analysis.sheet import Sheet
from mangaflux.engine.analysis.text_blocks import TextBlock, make_blocks
from mangaflux.engine.analysis.text_lines import TextLine
from mangaflux.engine.analysis.unread_balloons import find_unread_balloons

#: Part of its contour that ink must bound for a balloon to count as closed.
_CLOSED = 0.93

#: A balloon of more areas of its text than this may have leaked through a gap: if an open one of less than this part of
#: its area is found, it has.
_ROOMY, _LEAKED = 2.5, 0.7

#: Intersection over union from which another detector's box is taken for the same balloon.
_AGREES = 0.6


@dataclass(frozen=True, slots=True, eq=False)
class BalloonShape:
    """A balloon and the text in it."""

    #: (N, 2) int32.
    contour: NDArray[np.int32]
    lines: tuple[TextLine, ...]
    #: Levels of the ground and of the letters, 0–255; both of the inverted page where `is_inverted`.
    paper: float
    ink: float
    kind: BalloonKind
    is_inverted: bool
    is_open: bool


def find_balloons(text: PageText, seen: Detections = NOTHING_DETECTED) -> list[BalloonShape]:
    """The balloons around the lettering, from top to bottom; several blocks in one balloon give one shape."""
    gray = text.sheet.gray
    maps = [map_text(gray.shape, text.blocks, inverted=inverted) for inverted in (False, True)]
    taken = np.zeros(gray.shape, dtype=np.uint8)
    shapes: list[BalloonShape] = []
    waiting = sorted(text.blocks, key=lambda block: -block.region_area)
    while waiting:
        block = waiting.pop(0)
        if taken[block.crop][block.region].mean() > 0.5:
            continue
        shape = _grown(text.sheet, block, maps[block.is_inverted], seen.balloons)
        if shape is None:
            continue
        shapes.append(shape)
        cv2.fillPoly(taken, [shape.contour], (1,))
        waiting += _left_over(gray, block, shape)
    shapes += _unread(text, taken > 0)
    return sorted(shapes, key=lambda shape: (int(shape.contour[:, 1].min()), int(shape.contour[:, 0].min())))


def balloon_area(sheet: Sheet, text: PageText, shapes: Sequence[BalloonShape]) -> Mask:
    """(h, w) at layout size: True inside the balloons."""
    return _at_layout(sheet, _filled(text, shapes))


def balloon_pixels(text: PageText, shapes: Sequence[BalloonShape]) -> Mask:
    """(H, W) at page size: True inside the balloons, up to their outlines."""
    page = text.sheet.page
    inside = np.zeros(page.shape, dtype=np.bool_)
    for shape in shapes:
        part, filled = on_page(text.sheet, shape)
        seen = 255 - page[part] if shape.is_inverted else page[part]
        side = 2 * round(2 * max(text.sheet.scale)) + 1
        core = cv2.erode(filled, np.ones((side, side), np.uint8), borderType=cv2.BORDER_REPLICATE)
        inside[part] |= (filled > 0) & ((core > 0) | (seen > (shape.paper + shape.ink) / 2))
    return inside


def describe_balloons(
    text: PageText, shapes: Sequence[BalloonShape], panels: tuple[Panel, ...], direction: ReadingDirection
) -> tuple[tuple[Balloon, ...], list[int]]:
    """The balloons in pixels of the page, in reading order, and the index that each shape has among them."""
    boxes = [text.sheet.page_box(bounds(shape.contour)) for shape in shapes]
    order = order_in_panels(boxes, panels, direction)
    places = [order.index(number) for number in range(len(shapes))]
    return tuple(_describe(text.sheet, shapes[number], panels) for number in order), places


def bounds(contour: NDArray[np.int32]) -> tuple[int, int, int, int]:
    """x, y, width, height of a contour."""
    x, y, width, height = cv2.boundingRect(contour)
    return x, y, width, height


def _describe(sheet: Sheet, shape: BalloonShape, panels: tuple[Panel, ...]) -> Balloon:
    box = sheet.page_box(bounds(shape.contour))
    tail = tail_tip(shape.contour) if shape.kind in ("speech", "shout") else None
    simple = cv2.approxPolyDP(shape.contour, 1.0, closed=True).reshape(-1, 2)
    return Balloon(
        bbox=box,
        polygon=sheet.page_polygon(simple.astype(np.int32)),
        panel=panel_of(box, panels),
        kind=shape.kind,
        is_inverted=shape.is_inverted,
        is_open=shape.is_open,
        tail=None if tail is None else sheet.page_polygon(np.array([tail], dtype=np.int32))[0],
    )


def _grown(sheet: Sheet, block: TextBlock, known: TextMap, expected: tuple[DetectedBox, ...]) -> BalloonShape | None:
    unit = reading_unit(sheet)
    around = surroundings(sheet.gray, block, known)
    measured = ((growth, measure_shape(growth, around, block)) for growth in growths(around, unit))
    found = next(
        (
            (growth, facts)
            for growth, facts in measured
            if is_balloon(facts, block, unit, expected=_is_expected(sheet, growth, around, expected))
        ),
        None,
    )
    carried_on = grow_open(around) if found is None or found[1].area > _ROOMY * found[1].text_area else None
    if carried_on is not None:
        facts = measure_shape(carried_on, around, block)
        if is_open_balloon(facts, block, unit) and (found is None or facts.area < _LEAKED * found[1].area):
            found = carried_on, facts
    return None if found is None else _shape(*found, around, block)


def _is_expected(sheet: Sheet, growth: Growth, around: Surroundings, boxes: tuple[DetectedBox, ...]) -> bool:
    """Whether another detector sees a balloon where this ground is."""
    corner = (around.crop[1].start, around.crop[0].start)
    own = sheet.page_box(bounds(np.add(growth.contour, corner, dtype=np.int32)))
    return any(overlap(own, box.bbox) > _AGREES for box in boxes)


def _shape(growth: Growth, facts: ShapeFacts, around: Surroundings, block: TextBlock) -> BalloonShape:
    contour = np.add(growth.contour, (around.crop[1].start, around.crop[0].start), dtype=np.int32)
    return BalloonShape(
        contour=contour,
        lines=tuple(line for line in block.lines if line_inside(line, contour)),
        paper=block.paper,
        ink=block.ink,
        kind=balloon_kind(growth.contour, is_box=facts.is_box) if facts.outlined >= _CLOSED else "speech",
        is_inverted=block.is_inverted,
        is_open=facts.outlined < _CLOSED,
    )


def line_inside(line: TextLine, contour: NDArray[np.int32]) -> bool:
    """Whether most of a line is inside a contour."""
    x, y, width, height = cv2.boundingRect(np.rint(line.corners).astype(np.int32))
    own, shape = np.zeros((height, width), dtype=np.uint8), np.zeros((height, width), dtype=np.uint8)
    cv2.fillPoly(own, [np.rint(line.corners).astype(np.int32) - (x, y)], (1,))
    cv2.fillPoly(shape, [contour - (x, y)], (1,))
    return bool(shape[own > 0].mean() > LINE_INSIDE)


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


def _filled(text: PageText, shapes: Sequence[BalloonShape]) -> Mask:
    inside = np.zeros(text.sheet.gray.shape, dtype=np.uint8)
    for shape in shapes:
        cv2.fillPoly(inside, [shape.contour], (1,))
    return inside > 0


def on_page(sheet: Sheet, shape: BalloonShape) -> tuple[tuple[slice, slice], NDArray[np.uint8]]:
    """The rectangle of the page that holds a balloon, and the balloon in it; 1 inside."""
    x, y, width, height = sheet.page_box(bounds(shape.contour))
    across, down = sheet.scale
    # The middle of a pixel of the layout is the middle of the pixels of the page under it.
    points = (shape.contour + 0.5) * (across, down) - 0.5 - (x, y)
    filled = np.zeros((height, width), dtype=np.uint8)
    cv2.fillPoly(filled, [np.rint(points).astype(np.int32)], (1,))
    return (slice(y, y + height), slice(x, x + width)), filled


def _at_layout(sheet: Sheet, mask: Mask) -> Mask:
    height, width = sheet.gray.shape
    return np.asarray(cv2.resize(mask.astype(np.uint8), (width, height), interpolation=cv2.INTER_AREA) > 0)
