"""Smooths a picture along the edges of another one. Pure functions; any thread.

The guided filter of He, Sun and Tang (2010) from box filters; the coefficients may be enlarged before they are applied
(He and Sun, "Fast Guided Filter", arXiv:1505.00996, 2015).
"""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from mangaflux.engine.finishing.tiles import Tile, bands_of, side_by_side

FloatImage = NDArray[np.float32]

#: Pixels of a band.
_BAND_PIXELS = 100_000


@dataclass(frozen=True, slots=True)
class GuidedCoefficients:
    """A picture as a linear function of its guide around each pixel: slope × guide + offset."""

    #: (C, h, w) float32 each.
    slope: FloatImage
    offset: FloatImage


def fit_to_guide(picture: FloatImage, guide: FloatImage, radius: int, epsilon: float) -> GuidedCoefficients:
    """The picture, (C, h, w), fitted to its guide, (h, w), in windows of 2 × radius + 1 pixels.

    Args:
        picture: what is smoothed; any range.
        guide: 0–1, the same size.
        radius: in pixels, 1 or more.
        epsilon: variance of the guide below which its edges are smoothed over.
    """
    window = (2 * radius + 1, 2 * radius + 1)
    coefficients = GuidedCoefficients(np.empty_like(picture), np.empty_like(picture))

    def fit(band: Tile) -> None:
        around = guide[band.surroundings]
        mean_guide = _box(around, window)
        variance = np.maximum(_box(around * around, window) - mean_guide * mean_guide, np.float32(0.0))
        variance += np.float32(epsilon)
        for channel, plane in enumerate(picture):
            mean, slope = _box(plane[band.surroundings], window), _box(plane[band.surroundings] * around, window)
            slope -= mean * mean_guide
            slope /= variance
            mean -= slope * mean_guide
            coefficients.slope[channel][band.place] = _box(slope, window)[band.within]
            coefficients.offset[channel][band.place] = _box(mean, window)[band.within]

    side_by_side(fit, bands_of(guide.shape, _BAND_PIXELS, overlap=2 * radius))
    return coefficients


def _box(values: FloatImage, window: tuple[int, int]) -> FloatImage:
    return np.asarray(cv2.blur(values, window, borderType=cv2.BORDER_REFLECT), np.float32)
