"""Evens out what averaging leaves of screentone: the slow beat of its dots against the pixel grid."""

import cv2
import numpy as np
from numpy.typing import NDArray

FloatImage = NDArray[np.float32]

#: Half the window, as a share of the long side: 11 pixels at 900, wider than the beat of any dots worth softening.
_RADIUS_SHARE = 0.012
#: Variance of tone below which a change is a beat, and above which it is drawn: (0.07)².
_EDGE_VARIANCE = 0.005


def even_tone(tone: FloatImage) -> FloatImage:
    """The tone, (H, W) float32 0–1, flat where it wavered and with its edges in place.

    The guided filter of He, Sun and Tang (2010) with the image as its own guide.
    """
    side = 2 * max(1, round(max(tone.shape) * _RADIUS_SHARE)) + 1
    mean = _window_mean(tone, side)
    variance = np.maximum(_window_mean(tone * tone, side) - mean * mean, np.float32(0.0))
    slope = variance / (variance + _EDGE_VARIANCE)
    offset = mean - slope * mean
    return np.asarray(_window_mean(slope, side) * tone + _window_mean(offset, side), dtype=np.float32)


def _window_mean(values: NDArray[np.floating], side: int) -> FloatImage:
    return np.asarray(cv2.blur(values, (side, side), borderType=cv2.BORDER_REFLECT), dtype=np.float32)
