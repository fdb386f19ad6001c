"""A page at the size that the lite engine works at: its lines, its tone, and what stays paper. Pure functions; any
thread.
"""

from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.typing import NDArray

from mangaflux.engine.analysis.line_art import LineArt, extract_line_art
from mangaflux.engine.analysis.metadata import Mask
from mangaflux.engine.base import ColorizeRequest
from mangaflux.engine.finishing.screentone import even_tone

GrayImage = NDArray[np.uint8]


@dataclass(frozen=True, slots=True, eq=False)
class Drawing:
    """A page at working size, (h, w)."""

    art: LineArt
    #: True where nothing may be painted.
    paper: Mask


def read_drawing(request: ColorizeRequest, side: int) -> Drawing:
    """The drawing of a requested page, whose long side becomes `side` pixels at most."""
    height, width = request.page.shape[:2]
    shrink = min(1.0, side / max(height, width))
    size = (max(1, round(width * shrink)), max(1, round(height * shrink)))
    gray = np.asarray(cv2.cvtColor(request.page, cv2.COLOR_RGB2GRAY), np.uint8)
    art = extract_line_art(_resized(gray, size))
    if not np.array_equal(request.drawing, gray):
        # Lines are those beneath the dots; the tone is the page's own, since where dots go they leave less shade.
        art = replace(art, ink=extract_line_art(_resized(request.drawing, size)).ink | art.solid)
    paper = ~request.analysis.panel_mask | request.analysis.balloon_mask
    scaled = _resized(paper.astype(np.uint8) * np.uint8(255), size)
    return Drawing(replace(art, tone=even_tone(art.tone)), np.asarray(scaled > 127))


def _resized(image: GrayImage, size: tuple[int, int]) -> GrayImage:
    return np.asarray(cv2.resize(image, size, interpolation=cv2.INTER_AREA), np.uint8)
