"""The planes of CIE Lab of an 8-bit picture. Pure functions; any thread."""

import cv2
import numpy as np
from numpy.typing import NDArray

from mangaflux.engine.base import RgbImage

FloatImage = NDArray[np.float32]

#: (256,) float32: 8-bit levels as 0–1.
UNIT_LEVELS: FloatImage = np.arange(256, dtype=np.float32) / np.float32(255.0)


def lab_planes(image: RgbImage) -> FloatImage:
    """(3, h, w) float32: L* 0–100, a* and b* of an (h, w, 3) sRGB picture."""
    return np.asarray(cv2.split(cv2.cvtColor(cv2.LUT(image, UNIT_LEVELS), cv2.COLOR_RGB2LAB)), np.float32)
