"""Smooths a picture along the edges of another one. Pure functions; any thread.

The guided filter of He, Sun and Tang (2010) from box filters; the coefficients may be enlarged before they are applied
(He and Sun, "Fast Guided Filter", arXiv:1505.00996, 2015).
"""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

FloatImage = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class GuidedCoefficients:
    """A picture as a linear function of its guide around each pixel: slope × guide + offset."""

    #: (h, w, C) float32 each.
    slope: FloatImage
    offset: FloatImage


def fit_to_guide(picture: FloatImage, guide: FloatImage, radius: int, epsilon: float) -> GuidedCoefficients:
    """The picture, (h, w, C), fitted to its guide, (h, w), in windows of 2 × radius + 1 pixels.

    Args:
        picture: what is smoothed; any range.
        guide: 0–1, the same size.
        radius: in pixels, 1 or more.
        epsilon: variance of the guide below which its edges are smoothed over.
    """
    window = (2 * radius + 1, 2 * radius + 1)
    mean_guide, mean_picture = _box(guide, window), _box(picture, window)
    variance = np.maximum(_box(guide * guide, window) - mean_guide * mean_guide, np.float32(0.0))
    covariance = _box(picture * guide[..., None], window) - mean_picture * mean_guide[..., None]
    slope = np.asarray(covariance / (variance + np.float32(epsilon))[..., None], np.float32)
    offset = np.asarray(mean_picture - slope * mean_guide[..., None], np.float32)
    return GuidedCoefficients(_box(slope, window), _box(offset, window))


def _box(values: FloatImage, window: tuple[int, int]) -> FloatImage:
    return np.asarray(cv2.blur(values, window, borderType=cv2.BORDER_REFLECT), np.float32)
