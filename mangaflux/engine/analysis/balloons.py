"""What is a balloon, and what does it cover of the page? Pure functions; any thread.

Pixels of the reading layout, where not said otherwise.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from mangaflux.engine.analysis.balloon_growth import LINE_INSIDE
from mangaflux.engine.analysis.balloon_kinds import tail_tip
from mangaflux.engine.analysis.lettering import PageText
from mangaflux.engine.analysis.metadata import Balloon, BalloonKind, Mask, Panel, ReadingDirection
from mangaflux.engine.analysis.place_order import order_in_panels, panel_of
from mangaflux.engine.analysis.sheet import Sheet
from mangaflux.engine.analysis.text_lines import TextLine


@dataclass(frozen=True, slots=True, eq=False)
class BalloonShape:
    """A balloon and the text that it was found by."""

    #: (N, 2) int32.
    contour: NDArray[np.int32]
    #: Of the block that it was grown from; other blocks may stand in it too.
    lines: tuple[TextLine, ...]
    #: Levels of the ground and of the letters, 0–255; both of the inverted page where `is_inverted`.
    paper: float
    ink: float
    kind: BalloonKind
    is_inverted: bool
    is_open: bool


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


def line_inside(line: TextLine, contour: NDArray[np.int32]) -> bool:
    """Whether most of a line is inside a contour."""
    x, y, width, height = cv2.boundingRect(np.rint(line.corners).astype(np.int32))
    own, shape = np.zeros((height, width), dtype=np.uint8), np.zeros((height, width), dtype=np.uint8)
    cv2.fillPoly(own, [np.rint(line.corners).astype(np.int32) - (x, y)], (1,))
    cv2.fillPoly(shape, [contour - (x, y)], (1,))
    return bool(shape[own > 0].mean() > LINE_INSIDE)


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
