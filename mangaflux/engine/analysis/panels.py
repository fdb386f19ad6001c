"""Where are the panels of the page? Pure functions; any thread. Layout pixels, where not said otherwise.

Whatever the gutter, flooding in from the border, does not reach is drawing. Empty strips across the page cut the
drawing into parts, a part whose shapes lie apart (slanted gutters) is taken shape by shape, and a large part is divided
where a narrow gutter between two frame lines crosses it from edge to edge.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from mangaflux.engine.analysis.detections import NOTHING_DETECTED, Detections
from mangaflux.engine.analysis.frames import frame_of
from mangaflux.engine.analysis.gutters import Drawing, cut_at_gutters, find_drawing, narrow_gutter
from mangaflux.engine.analysis.metadata import BoundingBox, Mask, Panel
from mangaflux.engine.analysis.sheet import Sheet

#: Smallest panel, as a part of the page.
_SMALLEST = 0.006
#: Shapes are panels of their own where together they fill this part of their common box.
_SHAPES_FILL = 0.72
#: A single shape is the panel where at most this part of the box is drawn on outside of it.
_LEFT_OUT = 0.0012
#: Only panels larger than this part of the page are searched for such lines.
_DIVIDED_SHARE = 0.12


@dataclass(frozen=True, slots=True)
class PanelShape:
    """A panel before it has a place in the reading order."""

    #: (N, 2) int32, a convex outline.
    outline: NDArray[np.int32]
    #: 0–1: how surely it is a panel.
    confidence: float

    @property
    def bbox(self) -> BoundingBox:
        """x, y, width, height."""
        x, y, width, height = cv2.boundingRect(self.outline)
        return x, y, width, height


def find_panels(
    sheet: Sheet, gutter: int, balloons: Mask, lettering: Mask | None = None, seen: Detections = NOTHING_DETECTED
) -> list[PanelShape]:
    """The panels; one that is the whole page, with low confidence, where nothing is certain.

    Args:
        sheet: the page.
        gutter: level of the gutter, 0–255.
        balloons: (h, w) at layout size; balloons may lie across gutters and never join two panels.
        lettering: (h, w) at layout size; sound effects may lie across gutters too. None for no lettering.
        seen: what optional detectors saw on the page.
    """
    del lettering, seen
    drawing = find_drawing(sheet, gutter, balloons)
    shapes = [shape for part in cut_at_gutters(drawing, sheet.unit) for shape in _shapes_in(drawing, part)]
    shapes = [piece for shape in shapes for piece in _divide(sheet, shape)]
    kept = _without_contained(shapes)
    return kept or [PanelShape(_corners((0, 0, sheet.gray.shape[1], sheet.gray.shape[0])), 0.2)]


def describe_panels(sheet: Sheet, shapes: Sequence[PanelShape], order: Sequence[int]) -> tuple[Panel, ...]:
    """The panels in pixels of the page, in reading order."""
    return tuple(
        Panel(
            order=place,
            bbox=sheet.page_box(shapes[index].bbox),
            polygon=sheet.page_polygon(shapes[index].outline),
            confidence=shapes[index].confidence,
        )
        for place, index in enumerate(order, start=1)
    )


def panel_pixels(sheet: Sheet, panels: Sequence[Panel]) -> Mask:
    """(H, W) at page size: True inside the panels."""
    inside = np.zeros(sheet.page.shape, dtype=np.uint8)
    for panel in panels:
        cv2.fillPoly(inside, [np.array(panel.polygon, dtype=np.int32)], (1,))
    return inside > 0


def _shapes_in(drawing: Drawing, part: BoundingBox) -> list[PanelShape]:
    """The panels of one part: its shapes where they fill it, else the part as a whole."""
    x, y, width, height = part
    place = np.s_[y : y + height, x : x + width]
    inside = drawing.closed[place].astype(np.uint8)
    page_area = drawing.closed.size
    if width * height < _SMALLEST * page_area:
        return []
    contours, _ = cv2.findContours(inside, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE)
    hulls = [np.asarray(cv2.convexHull(contour).reshape(-1, 2), dtype=np.int32) for contour in contours]
    large = [hull for hull in hulls if cv2.contourArea(hull) > max(_SMALLEST * page_area, 0.04 * width * height)]
    filled = sum(cv2.contourArea(hull) for hull in large) / (width * height)
    confidence = round(min(1.0, 0.3 + 0.7 * float(inside.mean())), 2)
    several = len(large) > 1 and _SHAPES_FILL < filled < 1.1
    if several or (large and _share_outside(drawing.bare[place], large) < _LEFT_OUT):
        return [PanelShape(_moved(frame_of(hull, inside > 0), part), confidence) for hull in large]
    return [PanelShape(_corners(part), confidence)]


def _moved(outline: NDArray[np.int32], part: BoundingBox) -> NDArray[np.int32]:
    """An outline within a part of the page, in pixels of the layout."""
    return np.add(outline, part[:2], dtype=np.int32)


def _share_outside(drawn: Mask, hulls: list[NDArray[np.int32]]) -> float:
    """The part of the box that is drawn on and lies outside of all hulls: frames that are open, figures without one."""
    outside = drawn.astype(np.uint8)
    for hull in hulls:
        cv2.fillPoly(outside, [hull], (0,))
    return float(outside.mean())


def _divide(sheet: Sheet, shape: PanelShape) -> list[PanelShape]:
    """A panel cut along the narrow gutters that cross it from edge to edge."""
    x, y, width, height = shape.bbox
    if width * height < _DIVIDED_SHARE * sheet.gray.size:
        return [shape]
    gray = sheet.gray[y : y + height, x : x + width]
    for axis in (0, 1):
        line = narrow_gutter(gray.T if axis else gray, max(3, round(5 * sheet.unit)))
        if line is None:
            continue
        first = (x, y, line, height) if axis else (x, y, width, line)
        rest = (x + line, y, width - line, height) if axis else (x, y + line, width, height - line)
        return [piece for box in (first, rest) for piece in _divide(sheet, PanelShape(_corners(box), 0.5))]
    return [shape]


def _without_contained(shapes: list[PanelShape]) -> list[PanelShape]:
    by_size = sorted(shapes, key=lambda shape: -cv2.contourArea(shape.outline))
    kept: list[PanelShape] = []
    for shape in by_size:
        if not any(_contains(larger.bbox, shape.bbox) for larger in kept):
            kept.append(shape)
    return kept


def _contains(outer: BoundingBox, inner: BoundingBox) -> bool:
    across = min(outer[0] + outer[2], inner[0] + inner[2]) - max(outer[0], inner[0])
    down = min(outer[1] + outer[3], inner[1] + inner[3]) - max(outer[1], inner[1])
    return max(0, across) * max(0, down) > 0.9 * inner[2] * inner[3]


def _corners(box: BoundingBox) -> NDArray[np.int32]:
    x, y, width, height = box
    right, bottom = x + width - 1, y + height - 1
    return np.array([(x, y), (right, y), (right, bottom), (x, bottom)], dtype=np.int32)
