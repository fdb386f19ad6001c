"""A page at the size that the lite engine works at: its lines, its tone, and what stays paper. Pure functions; any
thread.
"""

from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.typing import NDArray

from mangaflux.engine.analysis.line_art import LineArt, extract_line_art
from mangaflux.engine.analysis.metadata import Mask, PageAnalysis
from mangaflux.engine.base import RgbImage
from mangaflux.engine.finishing.descreening import without_screentone
from mangaflux.engine.finishing.screentone import even_tone

GrayImage = NDArray[np.uint8]

#: Dots are taken off a page so many times larger than the one that is worked at, where they can still be told apart.
_DOTS_SCALE = 4 / 3


@dataclass(frozen=True, slots=True, eq=False)
class Drawing:
    """A page at working size, (h, w)."""

    art: LineArt
    #: True where nothing may be painted.
    paper: Mask


def read_drawing(page: RgbImage, analysis: PageAnalysis, side: int) -> Drawing:
    """The drawing of a page, (H, W, 3) uint8 sRGB, whose long side becomes `side` pixels at most."""
    size = _size_within(page, side)
    gray = np.asarray(cv2.cvtColor(page, cv2.COLOR_RGB2GRAY), np.uint8)
    art = extract_line_art(_resized(gray, size))
    larger = _resized(gray, _size_within(page, _DOTS_SCALE * side))
    pen = without_screentone(larger)
    if pen is not larger:
        # The tone is the page's own: where dots go they leave less shade than was printed.
        art = replace(art, ink=extract_line_art(_resized(pen, size)).ink | art.solid)
    paper = ~analysis.panel_mask | analysis.balloon_mask
    scaled = _resized(paper.astype(np.uint8) * np.uint8(255), size)
    return Drawing(replace(art, tone=even_tone(art.tone)), np.asarray(scaled > 127))


def _size_within(page: RgbImage, side: float) -> tuple[int, int]:
    height, width = page.shape[:2]
    shrink = min(1.0, side / max(height, width))
    return max(1, round(width * shrink)), max(1, round(height * shrink))


def _resized(image: GrayImage, size: tuple[int, int]) -> GrayImage:
    return np.asarray(cv2.resize(image, size, interpolation=cv2.INTER_AREA), np.uint8)
