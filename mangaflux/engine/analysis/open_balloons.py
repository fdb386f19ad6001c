"""Where would the outline of an open balloon run? Pure functions; any thread. Pixels of the reading layout.

A balloon whose outline has a wide gap leaks at any wear. From the middle of its text, though, most rays hit the outline
at distances that change little from one ray to the next; where they miss it, the outline is carried on between.
"""

import cv2
import numpy as np
from numpy.typing import NDArray

from mangaflux.engine.analysis.balloon_growth import Growth, Surroundings, outlined_growth
from mangaflux.engine.analysis.metadata import Mask

#: So many rays, and how many on each side a ray is compared with.
_RAYS, _BESIDE = 120, 5
#: Where rays begin and end, in half sides of the box of the text, and the steps between.
_BEGIN, _END, _STEPS = 0.7, 2.8, 170
#: A ray fits its neighbours if it is within this part of their distance.
_FITS = 0.07
#: Part of the rays that must hit and fit, and part of the circle that may be missing in one piece.
_HITS, _GAP = 0.66, 0.3


def grow_open(around: Surroundings) -> Growth | None:
    """The ground around a block inside an outline that most rays hit; None where they do not agree."""
    rows, columns = np.nonzero(around.region)
    if not len(rows):
        return None
    middle = np.array([columns.min() + columns.max(), rows.min() + rows.max()]) / 2
    half = np.array([np.ptp(columns) + 1, np.ptp(rows) + 1]) / 2
    # Long lines: balloons around them are rounder than they are.
    half = np.maximum(half, 0.5 * half[::-1])
    distances = _first_hits(~around.light, middle, half)
    usual = _median_of_neighbours(distances)
    fits = np.abs(distances - usual) < _FITS * usual
    if fits.mean() < _HITS or _longest_run(~fits) > _GAP * _RAYS:
        return None
    places = np.flatnonzero(fits)
    carried_on = np.interp(np.arange(_RAYS), places, distances[places], period=_RAYS)
    points = middle + carried_on[:, None] * half * _directions()
    contour = np.asarray(np.clip(np.rint(points), 0, np.array(around.light.shape)[::-1] - 1), dtype=np.int32)
    filled = np.zeros(around.light.shape, dtype=np.uint8)
    cv2.fillPoly(filled, [contour], (1,))
    # Rays end on the outline, which is no part of the balloon; as dense as other contours, for what is measured on it.
    return outlined_growth(around, np.asarray(cv2.erode(filled, np.ones((3, 3), np.uint8)), dtype=np.uint8))


def _directions() -> NDArray[np.float64]:
    angles = np.arange(_RAYS) * 2 * np.pi / _RAYS
    return np.stack([np.cos(angles), np.sin(angles)], axis=1)


def _first_hits(barrier: Mask, middle: NDArray[np.float64], half: NDArray[np.float64]) -> NDArray[np.float64]:
    """(rays,) in half sides: where each ray first meets the barrier; NaN where it never does."""
    steps = np.linspace(_BEGIN, _END, _STEPS)
    points = np.rint(middle + steps[None, :, None] * half * _directions()[:, None]).astype(np.intp)
    x, y = points[..., 0], points[..., 1]
    inside = (x >= 0) & (y >= 0) & (x < barrier.shape[1]) & (y < barrier.shape[0])
    met = np.zeros(inside.shape, dtype=np.bool_)
    met[inside] = barrier[y[inside], x[inside]]
    return np.where(met.any(axis=1), steps[met.argmax(axis=1)], np.nan)


def _median_of_neighbours(distances: NDArray[np.float64]) -> NDArray[np.float64]:
    around = np.stack([np.roll(distances, shift) for shift in range(-_BESIDE, _BESIDE + 1)])
    known = np.isfinite(around).sum(axis=0) > _BESIDE
    usual = np.full(len(distances), np.nan)
    usual[known] = np.nanmedian(around[:, known], axis=0)
    return usual


def _longest_run(mask: Mask) -> int:
    """The most neighbours in a circle that are all True."""
    if mask.all():
        return len(mask)
    ends = np.flatnonzero(~np.concatenate([mask, mask]))
    return int(np.diff(ends).max(initial=1)) - 1
