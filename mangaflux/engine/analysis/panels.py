"""Where are the panels of the page? Pure functions; any thread. Layout pixels, where not said otherwise."""

from collections.abc import Sequence

import cv2
import numpy as np

from mangaflux.engine.analysis.detections import NOTHING_DETECTED, Detections
from mangaflux.engine.analysis.frame_lines import find_segments
from mangaflux.engine.analysis.frame_quads import find_frames
from mangaflux.engine.analysis.gutters import find_ink, square
from mangaflux.engine.analysis.metadata import Mask, Panel
from mangaflux.engine.analysis.page_division import Division, divide
from mangaflux.engine.analysis.panel_scoring import PanelShape, scored, whole_page, with_detected
from mangaflux.engine.analysis.shear_cuts import Evidence
from mangaflux.engine.analysis.sheet import Sheet

#: Pixels around balloons and lettering where their outlines are drawn.
_OUTLINE = 3
#: Frames are darker than this part of the gutter.
_DARK = 0.6


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
    ink, segments = find_ink(sheet, gutter), find_segments(sheet)
    divisions: list[Division] = []
    # What divides a page may be taken for a letter: a page in one piece is looked at again without its lettering.
    for hidden in [balloons] if lettering is None else [balloons | lettering, balloons]:
        if len(divisions) < 2:
            evidence = Evidence(
                ink=ink,
                dark=np.asarray(sheet.gray < _DARK * gutter),
                hidden=np.asarray(cv2.dilate(hidden.astype(np.uint8), square(2 * _OUTLINE + 1)) > 0),
                segments=segments,
                unit=sheet.unit,
            )
            frames = () if gutter < 128 else find_frames(evidence.dark, evidence.hidden, segments, sheet.unit)
            divisions = divide(evidence, frames)
    found = [scored(division, ink) for division in divisions]
    return with_detected(found, seen.panels, sheet) or [whole_page(sheet)]


def describe_panels(sheet: Sheet, shapes: Sequence[PanelShape], order: Sequence[int]) -> tuple[Panel, ...]:
    """The panels in pixels of the page, in reading order."""
    return tuple(
        Panel(
            order=place,
            bbox=sheet.page_box(shapes[index].bbox),
            polygon=sheet.page_polygon(shapes[index].outline),
            confidence=shapes[index].confidence,
            source=shapes[index].source,
        )
        for place, index in enumerate(order, start=1)
    )


def panel_pixels(sheet: Sheet, panels: Sequence[Panel]) -> Mask:
    """(H, W) at page size: True inside the panels."""
    inside = np.zeros(sheet.page.shape, dtype=np.uint8)
    for panel in panels:
        cv2.fillPoly(inside, [np.array(panel.polygon, dtype=np.int32)], (1,))
    return inside > 0
