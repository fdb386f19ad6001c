"""Small pages drawn stroke by stroke, so that every test knows what is on them."""

from functools import lru_cache

import cv2
import numpy as np
from numpy.typing import NDArray

from mangaflux.engine.analysis.detections import NOTHING_DETECTED, Detections
from mangaflux.engine.analysis.metadata import PageAnalysis, ReadingDirection
from mangaflux.engine.analysis.page import analyze_page

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
