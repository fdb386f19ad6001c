"""What of a page goes on top of the colour: its grey levels, with the screentone softened or as it was printed."""

from typing import Literal

import cv2
import numpy as np
from numpy.typing import NDArray

from mangaflux.engine.base import RgbImage
from mangaflux.engine.finishing.descreening import without_screentone
from mangaflux.engine.finishing.tiles import bands_of

GrayImage = NDArray[np.uint8]
#: soften: dots become even shade; keep: dots stay dots.
Screentone = Literal["soften", "keep"]

#: Rows beyond a band that its dots are told by: eight rings of the widest lattice.
_OVERLAP = 128
#: Pixels of a band: a page of a usual size is one.
_BAND_PIXELS = 3_000_000


def read_drawing(page: RgbImage, screentone: Screentone) -> GrayImage:
    """The drawing of a page, (H, W, 3) uint8, as grey levels, (H, W) uint8."""
    gray = np.asarray(cv2.cvtColor(page, cv2.COLOR_RGB2GRAY), dtype=np.uint8)
    if screentone == "keep":
        return gray
    drawing = np.empty_like(gray)
    for band in bands_of(gray.shape, _BAND_PIXELS, overlap=_OVERLAP):
        level = without_screentone(gray[band.surroundings])[band.within]
        drawing[band.place] = np.rint(level * 255.0).astype(np.uint8)
    return drawing
