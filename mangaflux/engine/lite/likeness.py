"""Which colours of a reference lie where it is as light as a patch, and among as light surroundings?

A drawing says most of a colour by its grey. Every patch asks the places of the reference that look like it, and each of
them votes for its palette entry; entries of one hue vote together, since a colour of the right hue is seldom wrong (the
nearest neighbours of Welsh et al., 2002, and Gupta et al., 2012, with patches in place of pixels). Greys are taken as
they are and not by their rank on the page, so that one thing gets one colour on every page. Pure functions; any thread.
"""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from mangaflux.engine.lite.regions import Regions

FloatArray = NDArray[np.float32]
IntArray = NDArray[np.intp]

#: Places of a reference that are asked.
MOST_PLACES = 1600
#: Width of the surroundings, as a share of the long side.
_SURROUNDINGS = 0.04
#: Differences of lightness, and of the surroundings' lightness, 0–1, that count as one standard deviation.
_WIDTHS = np.array([0.08, 0.2], dtype=np.float32)
#: Degrees within which entries vote together, and CIE C* from which an entry has a hue.
_ONE_HUE = 30.0
_HAS_HUE = 8.0


@dataclass(frozen=True, slots=True, eq=False)
class Places:
    """Places of the references and what is painted there."""

    #: (P, 2) float32: lightness and the surroundings' lightness, 0–1.
    greys: FloatArray
    #: (P,) number of the palette entry.
    entry: IntArray


def surroundings(lightness: FloatArray, known: NDArray[np.bool_]) -> FloatArray:
    """The mean lightness around each pixel, (h, w) float32, of what is known."""
    weight = known.astype(np.float32)
    sigma = max(1.0, _SURROUNDINGS * max(lightness.shape))
    total = cv2.GaussianBlur(weight, (0, 0), sigma)
    return np.asarray(cv2.GaussianBlur(lightness * weight, (0, 0), sigma) / np.maximum(total, 1e-3), np.float32)


def vote(regions: Regions, tones: FloatArray, places: Places, entries: FloatArray) -> FloatArray:
    """(N, K) float32: the share of the votes that each entry has for each patch; rows sum to 1.

    Args:
        regions: N patches.
        tones: (N,) how light the surroundings of each patch are, 0–1.
        places: at least one.
        entries: (K, 3) Lab.
    """
    own = np.column_stack([regions.tone, tones]) / _WIDTHS
    asked = places.greys / _WIDTHS
    apart = (own**2).sum(axis=1)[:, None] + (asked**2).sum(axis=1)[None, :] - 2.0 * own @ asked.T
    weights = np.exp(-(apart - apart.min(axis=1, keepdims=True)) / 2.0).astype(np.float32)
    votes = weights @ np.eye(len(entries), dtype=np.float32)[places.entry] @ _hue_mates(entries)
    return np.asarray(votes / np.maximum(votes.sum(axis=1, keepdims=True), 1e-9), np.float32)


def _hue_mates(entries: FloatArray) -> FloatArray:
    """(K, K): 1 where two entries are of one hue."""
    hue = np.degrees(np.arctan2(entries[:, 2], entries[:, 1]))
    apart = np.abs((hue[:, None] - hue[None, :] + 180.0) % 360.0 - 180.0)
    coloured = np.hypot(entries[:, 1], entries[:, 2]) > _HAS_HUE
    mates = (apart < _ONE_HUE) & coloured[:, None] & coloured[None, :]
    return np.asarray(mates | np.eye(len(entries), dtype=np.bool_), np.float32)
