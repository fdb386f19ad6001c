"""What goes into the colour prior's network and what comes out of it, as plain arrays.

Pure functions of NumPy alone; any thread. Training uses them too, so that both see the same.
"""

import math

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float32]

#: Pixels that a page is scaled to, and all references together.
PAGE_AREA, REFERENCES_AREA = 352 * 512, 2 * 256 * 256
#: Sides are multiples of this many pixels, and the grid's cells so many pixels wide.
MULTIPLE, CELL = 32, 8
#: a* and b* are divided by this for the network.
CHROMA_SCALE = 50.0
#: Shortest side in pixels.
_SHORTEST = 64
#: Colours that a reference is told apart by, and rounds of k-means that find them.
_GROUPS, _ROUNDS = 24, 8
#: a*, b* units within which two colours of a reference support each other.
_ALIKE = 9.0
#: How much a colour that many alike ones support wins over the others; 0 is the plain mean, which is mud.
DECISIVENESS = 1.0
#: Below the first L* a pixel is ink and says nothing of colour; one of the first and the second together says all.
INK, FULL = 12.0, 20.0
#: What ink counts, so that cells of ink alone have a colour too.
LEAST_WEIGHT = 0.02


def fitted_size(height: float, width: float, area: int) -> tuple[int, int]:
    """Height and width near the same shape with about `area` pixels, in multiples of 32."""
    scale = math.sqrt(area / (height * width))
    longest = area // _SHORTEST // MULTIPLE * MULTIPLE
    sides = (round(side * scale / MULTIPLE) * MULTIPLE for side in (height, width))
    fitted_height, fitted_width = (min(max(side, _SHORTEST), longest) for side in sides)
    return fitted_height, fitted_width


def colour_weight(lightness: FloatArray) -> FloatArray:
    """How much a pixel says of the colour of its cell, 0.02–1, by its L*."""
    return np.asarray(np.clip((lightness - INK) / FULL, LEAST_WEIGHT, 1.0), np.float32)


def group_colours(colours: FloatArray) -> tuple[FloatArray, FloatArray]:
    """k-means over a* and b* from farthest points; equal colours give equal groups.

    Args:
        colours: (N, 2) a*, b*; N ≥ 1.

    Returns:
        (K, 2) float32 middles of the groups, K ≤ 24, and (N, K) float32: 1 where a colour is of a group.
    """
    centres = _far_apart(colours)
    labels = _nearest(colours, centres)
    for _ in range(_ROUNDS):
        sizes = np.bincount(labels, minlength=len(centres))
        sums = np.stack([np.bincount(labels, colours[:, axis], len(centres)) for axis in (0, 1)], axis=1)
        centres = np.where(sizes[:, None] > 0, sums / np.maximum(sizes, 1)[:, None], centres).astype(np.float32)
        labels = _nearest(colours, centres)
    return centres, np.eye(len(centres), dtype=np.float32)[labels]


def settle_colours(shares: FloatArray, centres: FloatArray, decisiveness: float = DECISIVENESS) -> FloatArray:
    """One colour for each place out of what its attention fell on: the mean, with alike colours outvoting others.

    Args:
        shares: (K, h, w) attention on each group, sum 1.
        centres: (K, 2) a*, b*.
        decisiveness: 0 for the plain mean; larger leans to the colours that most attention agrees on.

    Returns:
        (h, w, 2) float32 a*, b*, always within the hull of the centres.
    """
    apart = ((centres[:, None] - centres[None]) ** 2).sum(-1)
    alike = np.exp(-apart / (2 * _ALIKE**2)).astype(np.float32)
    shares = np.maximum(shares, 0.0)
    weights = shares * np.tensordot(alike, shares, axes=1) ** decisiveness
    weights = weights / np.maximum(weights.sum(axis=0), 1e-12)
    return np.asarray(np.tensordot(weights, centres, axes=(0, 0)), np.float32)


def _far_apart(colours: FloatArray) -> FloatArray:
    """Up to 24 of the colours, each the farthest from those before; the first is the most colourful."""
    chosen = [int((colours**2).sum(-1).argmax())]
    distance = ((colours - colours[chosen[0]]) ** 2).sum(-1)
    while len(chosen) < _GROUPS and distance.max() > 1.0:
        chosen.append(int(distance.argmax()))
        distance = np.minimum(distance, ((colours - colours[chosen[-1]]) ** 2).sum(-1))
    return colours[chosen].astype(np.float32)


def _nearest(colours: FloatArray, centres: FloatArray) -> NDArray[np.intp]:
    squares = (centres**2).sum(-1)[None] - 2.0 * colours @ centres.T
    return np.asarray(squares.argmin(axis=1), np.intp)
