"""What of a page goes on top of the colour: its grey levels, with the screentone softened or as it was printed."""

from typing import Literal

import cv2
import numpy as np
from numpy.typing import NDArray

from mangaflux.engine.base import RgbImage
from mangaflux.engine.finishing.descreening import without_screentone
from mangaflux.engine.finishing.enlarging import enlarged_rows
from mangaflux.engine.finishing.tiles import Tile, bands_of, side_by_side

GrayImage = NDArray[np.uint8]
#: soften: dots become even shade; keep: dots stay dots.
Screentone = Literal["soften", "keep"]

#: Dots of larger pages are looked for at so many pixels: those of print are wide enough there to be told from lines.
_LARGEST_PAGE = 3_000_000
#: Change of level, 0–255, from which softening takes the place of the page's own pixels.
_SOFTENED = 20.0
#: Pixels of a band.
_BAND_PIXELS = 200_000


def read_drawing(page: RgbImage, screentone: Screentone) -> GrayImage:
    """The drawing of a page, (H, W, 3) uint8, as grey levels, (H, W) uint8."""
    gray = np.asarray(cv2.cvtColor(page, cv2.COLOR_RGB2GRAY), dtype=np.uint8)
    if screentone == "keep":
        return gray
    shrink = (_LARGEST_PAGE / gray.size) ** 0.5
    if shrink >= 1.0:
        return without_screentone(gray)
    size = (max(1, round(gray.shape[1] * shrink)), max(1, round(gray.shape[0] * shrink)))
    return _softened_like(gray, np.asarray(cv2.resize(gray, size, interpolation=cv2.INTER_AREA), np.uint8))


def _softened_like(gray: GrayImage, small: GrayImage) -> GrayImage:
    """A large page, softened where its small version was; its lines are its own pixels."""
    softened = without_screentone(small).astype(np.float32)
    share = np.clip(np.abs(softened - small) / _SOFTENED, 0.0, 1.0)
    # The rim of a dot is as grey as the shade that takes its place, and would stay.
    share = np.asarray(cv2.dilate(share, np.ones((3, 3), np.uint8)), np.float32)
    drawing = np.empty_like(gray)

    def soften(band: Tile) -> None:
        level, weight = (enlarged_rows(plane, gray.shape, band.place[0]) for plane in (softened, share))
        drawing[band.place] = np.rint(gray[band.place] + (level - gray[band.place]) * weight).astype(np.uint8)

    side_by_side(soften, bands_of(gray.shape, _BAND_PIXELS))
    return drawing
