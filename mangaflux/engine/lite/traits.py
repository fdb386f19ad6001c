"""What can be told of a place without knowing what it shows, on a page and in a reference alike?

How light it is, how light its surroundings are, its rank by lightness, how far down its picture it lies, and how much
of the picture its patch takes. Pure functions; any thread.
"""

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from mangaflux.engine.lite.borders import as_float
from mangaflux.engine.lite.pixels import Pixels
from mangaflux.engine.lite.regions import Regions
from mangaflux.engine.lite.surroundings import surroundings

FloatArray = NDArray[np.float32]
IntArray = NDArray[np.intp]

#: Columns of traits. All are 0–1 but for the size: the natural logarithm of a share of the picture.
LIGHTNESS, AROUND, RANK, HEIGHT, SIZE = range(5)
#: Smallest share of a picture that is told apart.
_LEAST_SHARE = 1e-4


def patch_traits(regions: Regions) -> FloatArray:
    """(N, 5) float32 of the patches of a page; its pictures are the panels, touching ones taken together."""
    low, high = rank_range(np.round(regions.tone, 1), regions.area)
    height, share = _in_panels(regions)
    return _stack(regions.tone, _around(regions), as_float((low + high) / 2), height, share)


def place_traits(pictures: Sequence[Pixels], entry: IntArray) -> FloatArray:
    """(P, 5) float32 of all pixels of the references, one picture after the other.

    Args:
        pictures: the references.
        entry: (P,) number of the colour of each pixel; pixels of one number that touch are a patch.
    """
    lightness, around, height = (
        np.concatenate([getattr(picture, name) for picture in pictures]) for name in ("lightness", "around", "height")
    )
    ranks = np.empty(len(lightness), np.float32)
    ranks[np.argsort(lightness, kind="stable")] = np.arange(len(lightness)) / len(lightness)
    ends = np.cumsum([len(picture.lab) for picture in pictures])[:-1]
    parts = zip(pictures, np.split(entry, ends), strict=True)
    share = np.concatenate([_patch_sizes(picture, own) / picture.picture_area for picture, own in parts])
    return _stack(lightness, around, ranks, height, share)


def rank_range(values: FloatArray, mass: FloatArray) -> tuple[FloatArray, FloatArray]:
    """(N,) each: the lowest and the highest rank, 0–1 of all the mass, of those with the same value."""
    levels, place = np.unique(values, return_inverse=True)
    per_level = np.bincount(place, weights=mass, minlength=len(levels))
    upper = np.cumsum(per_level) / per_level.sum()
    lower = upper - per_level / per_level.sum()
    return as_float(lower[place]), as_float(upper[place])


def largeness(regions: Regions) -> FloatArray:
    """(N,) 0 … 1 for a twenty-fifth of the page and more."""
    return as_float(np.clip(page_share(regions) / 0.04, 0.0, 1.0))


def page_share(regions: Regions) -> FloatArray:
    """(N,) how much of the page each patch takes, 0–1."""
    return as_float(regions.area / regions.labels.size)


def _stack(
    lightness: FloatArray, around: FloatArray, rank: FloatArray, height: FloatArray, share: FloatArray
) -> FloatArray:
    size = np.log(np.maximum(share, _LEAST_SHARE))
    return np.stack([lightness, around, rank, height, size], axis=1).astype(np.float32)


def _around(regions: Regions) -> FloatArray:
    """(N,) the mean lightness around each patch, 0–1."""
    painted = regions.labels >= 0
    count = len(regions.area)
    light = np.where(painted, regions.tone[np.maximum(regions.labels, 0)], np.float32(0.0)).astype(np.float32)
    around = surroundings(light, painted)[painted]
    return as_float(np.bincount(regions.labels[painted], weights=around, minlength=count) / regions.area)


def _in_panels(regions: Regions) -> tuple[FloatArray, FloatArray]:
    """(N,) each: how far down its panel the middle of a patch lies, 0–1, and its share of the box around the panel."""
    painted = (regions.labels >= 0).astype(np.uint8)
    # They come in the order of `regions.panel`.
    _, _, boxes, _ = cv2.connectedComponentsWithStats(painted, connectivity=4)
    top, width, height = (boxes[regions.panel, column] for column in (1, 2, 3))
    middle = regions.centre[:, 1] * regions.labels.shape[0]
    return as_float(np.clip((middle - top) / height, 0.0, 1.0)), as_float(regions.area / (width * height))


def _patch_sizes(picture: Pixels, entry: IntArray) -> FloatArray:
    """(P,) pixels of the patch that each pixel belongs to."""
    numbered = np.full(picture.where.shape, -1, np.intp)
    numbered[picture.where] = entry
    sizes = np.zeros(picture.where.shape, np.float32)
    for number in np.unique(entry).tolist():
        alike = numbered == number
        _, patches, measures, _ = cv2.connectedComponentsWithStats(alike.astype(np.uint8), connectivity=8)
        sizes[alike] = measures[patches[alike], cv2.CC_STAT_AREA]
    return sizes[picture.where]
