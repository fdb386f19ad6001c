"""How sure is a panel, and what do optional detectors say of it? Pure; any thread. Layout pixels throughout."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from mangaflux.engine.analysis.detections import DetectedBox
from mangaflux.engine.analysis.frames import framed_share
from mangaflux.engine.analysis.metadata import BoundingBox, Mask, PanelSource
from mangaflux.engine.analysis.outlines import Outline, area_of, box_of, box_outline, share_inside, shared_area
from mangaflux.engine.analysis.page_division import Division
from mangaflux.engine.analysis.sheet import Sheet

#: Confidence of a panel without and with a complete frame around it.
_BARE, _FRAMED = 0.3, 1.0
#: Confidence of the whole page as one panel where nothing is certain.
_WHOLE_PAGE = 0.2
#: What takes up more than this part of the page is the page itself: nothing shows that it is one panel.
_ALL_OF_IT = 0.97
#: Detected boxes below this confidence are left out.
_LEAST_DETECTED = 0.5
#: Intersection over union of two outlines of the same panel; the part of a detected box that lies in no panel where it
#: is one more; the part of a panel that several boxes cover where they replace it; and the part of each of them that
#: must lie inside of it.
_SAME, _NEW, _COVERED, _INSIDE = 0.7, 0.6, 0.7, 0.85


@dataclass(frozen=True, slots=True, eq=False)
class PanelShape:
    """A panel before it has a place in the reading order."""

    #: (N, 2) int32, a convex outline.
    outline: Outline
    #: 0–1: how surely it is a panel.
    confidence: float
    source: PanelSource = "gutter"

    @property
    def bbox(self) -> BoundingBox:
        """x, y, width, height."""
        return box_of(self.outline)


def scored(division: Division, ink: Mask) -> PanelShape:
    """A part of the page as a panel: the more of its outline is drawn, the surer."""
    width, height = box_of(division.outline)[2:]
    if width * height > _ALL_OF_IT * ink.size:
        return PanelShape(division.outline, _WHOLE_PAGE, "page")
    confidence = _BARE + (_FRAMED - _BARE) * framed_share(division.outline, ink)
    return PanelShape(division.outline, round(confidence, 2), division.source)


def whole_page(sheet: Sheet) -> PanelShape:
    """The page as one panel."""
    height, width = sheet.gray.shape
    return PanelShape(box_outline((0, 0, width, height)), _WHOLE_PAGE, "page")


def with_detected(shapes: Sequence[PanelShape], boxes: Sequence[DetectedBox], sheet: Sheet) -> list[PanelShape]:
    """The panels with what a detector saw: confirmed, parted where one holds several, and what is missing."""
    seen = [_as_shape(box, sheet) for box in boxes if box.confidence >= _LEAST_DETECTED]
    kept: list[PanelShape] = []
    used: list[PanelShape] = []
    for shape in shapes:
        same = [box for box in seen if _overlap(box.outline, shape.outline) > _SAME]
        inside = [box for box in seen if share_inside(box.outline, shape.outline) > _INSIDE]
        covered = sum(area_of(box.outline) for box in inside) / max(1.0, area_of(shape.outline))
        if same:
            kept.append(replace(shape, confidence=max(shape.confidence, same[0].confidence)))
        elif len(inside) > 1 and covered > _COVERED:
            kept += inside
            used += inside
        else:
            kept.append(shape)
    missing = [box for box in seen if box not in used and _uncovered(box, kept) > _NEW]
    return kept + missing


def _as_shape(box: DetectedBox, sheet: Sheet) -> PanelShape:
    corners = box_outline(box.bbox) / np.array(sheet.scale)
    return PanelShape(np.rint(corners).astype(np.int32), box.confidence, "detector")


def _overlap(first: Outline, second: Outline) -> float:
    shared = shared_area(first, second)
    return shared / max(1.0, area_of(first) + area_of(second) - shared)


def _uncovered(box: PanelShape, shapes: Sequence[PanelShape]) -> float:
    covered = sum(shared_area(box.outline, shape.outline) for shape in shapes)
    return 1 - covered / max(1.0, area_of(box.outline))
