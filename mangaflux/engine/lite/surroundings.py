"""How light is it around each pixel? The same measure for a page's patches and a reference's pixels; any thread."""

import cv2
import numpy as np
from numpy.typing import NDArray

from mangaflux.engine.analysis.metadata import Mask

FloatArray = NDArray[np.float32]

#: Width of the surroundings, as a share of the long side.
_WIDTH = 0.04


def surroundings(lightness: FloatArray, known: Mask) -> FloatArray:
    """The mean lightness around each pixel, (h, w) float32, of what is known."""
    weight = known.astype(np.float32)
    sigma = max(1.0, _WIDTH * max(lightness.shape))
    total = cv2.GaussianBlur(weight, (0, 0), sigma)
    return np.asarray(cv2.GaussianBlur(lightness * weight, (0, 0), sigma) / np.maximum(total, 1e-3), np.float32)
