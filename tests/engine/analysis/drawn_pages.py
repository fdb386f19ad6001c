"""Small pages drawn stroke by stroke, so that every test knows what is on them."""

from dataclasses import replace
from functools import lru_cache

import cv2
import numpy as np
from numpy.typing import NDArray

from mangaflux.engine.analysis.detections import NOTHING_DETECTED, Detections
from mangaflux.engine.analysis.facts import measure_facts
from mangaflux.engine.analysis.line_art import extract_line_art
from mangaflux.engine.analysis.metadata import PageAnalysis, ReadingDirection
from mangaflux.engine.analysis.page import analyze_page
from mangaflux.engine.analysis.panels import describe_panels, find_panels, panel_pixels
from mangaflux.engine.analysis.reading_order import reading_order
from mangaflux.engine.analysis.sheet import make_sheet
from mangaflux.engine.analysis.tone import is_blank, is_color, measure_tone

Gray = NDArray[np.uint8]


def blank(width: int = 600, height: int = 850) -> Gray:
    return np.full((height, width), 255, dtype=np.uint8)


def rgb(gray: Gray) -> NDArray[np.uint8]:
    return np.repeat(gray[:, :, None], 3, axis=2)


def analysed(
    page: Gray, reading_direction: ReadingDirection = "rtl", seen: Detections = NOTHING_DETECTED
) -> PageAnalysis:
    """What is said of a page, to look at only: pages that several tests draw are analysed once."""
    return _analysed(page.tobytes(), page.shape, reading_direction, seen)


@lru_cache(maxsize=24)
def _analysed(
    data: bytes, shape: tuple[int, ...], reading_direction: ReadingDirection, seen: Detections
) -> PageAnalysis:
    page = np.frombuffer(data, dtype=np.uint8).reshape(shape)
    found = analyze_page(rgb(page), reading_direction=reading_direction, seen=seen)
    for mask in (found.lettering_mask, found.balloon_mask, found.panel_mask):
        mask.flags.writeable = False
    return found


def unlettered(
    page: NDArray[np.uint8], reading_direction: ReadingDirection = "rtl", seen: Detections = NOTHING_DETECTED
) -> PageAnalysis:
    """What is said of a page without letters, grey or in colour, if none are looked for; test_page.py compares.

    The search for letters takes most of the time of an analysis.
    """
    pixels = rgb(page) if page.ndim == 2 else page
    sheet, nothing = make_sheet(pixels), np.zeros(page.shape[:2], dtype=np.bool_)
    art, hidden = extract_line_art(sheet.gray), np.zeros(sheet.gray.shape, dtype=np.bool_)
    tone = measure_tone(sheet.gray, art)
    shapes = find_panels(sheet, tone.gutter_level, hidden, hidden, seen)
    order = reading_order([shape.bbox for shape in shapes], reading_direction, sheet.gray.shape[::-1])
    panels = describe_panels(sheet, shapes, order)
    found = PageAnalysis(
        is_color=is_color(pixels),
        is_blank=is_blank(sheet.gray),
        tone=tone,
        reading_direction=reading_direction,
        panels=panels,
        balloons=(),
        lettering=(),
        prompt="",
        lettering_mask=nothing,
        balloon_mask=nothing,
        panel_mask=panel_pixels(sheet, panels),
    )
    return replace(found, facts=measure_facts(found, sheet, art, seen))


def panel(page: Gray, left: int, top: int, right: int, bottom: int) -> None:
    """A framed panel with a hill, a cloud and some grass in it."""
    cv2.rectangle(page, (left, top), (right, bottom), (0,), 3)
    middle, ground = (left + right) // 2, bottom - (bottom - top) // 3
    cv2.line(page, (left, ground), (middle, ground - 30), (0,), 2)
    cv2.line(page, (middle, ground - 30), (right, ground), (0,), 2)
    for x in range(left + 15, right - 10, 37):
        cv2.line(page, (x, bottom - 12), (x + 4, bottom - 25), (0,), 2)


def balloon(page: Gray, x: int, y: int, words: str = "HELLO THERE") -> None:
    """A balloon with two lines of text, 150 by 90 pixels around (x, y)."""
    cv2.ellipse(page, (x, y), (75, 45), 0, 0, 360, (255,), -1)
    cv2.ellipse(page, (x, y), (75, 45), 0, 0, 360, (0,), 2)
    for line, text in enumerate(words.split()):
        cv2.putText(page, text, (x - 45, y - 5 + 25 * line), cv2.FONT_HERSHEY_SIMPLEX, 0.6, (0,), 2)


def screentone(page: Gray, left: int, top: int, right: int, bottom: int, period: int = 6) -> None:
    """Round dots on a square grid that cover about a quarter of the area."""
    for y in range(top, bottom, period):
        for x in range(left, right, period):
            cv2.circle(page, (x, y), 1, (0,), -1)


def four_panels() -> Gray:
    page = blank()
    for left, right in ((30, 290), (310, 570)):
        for top, bottom in ((30, 415), (435, 820)):
            panel(page, left, top, right, bottom)
    return page
