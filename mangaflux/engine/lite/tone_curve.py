"""Which colour do the references usually have where they are as dark, among themselves, as a place is on its page?

The luminance curve of Welsh et al. (2002), but with one hue at each rank: a mean over all hues is mud. Pure functions;
any thread.
"""

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float32]

#: Steps of the curve: one per hundredth of the rank, both ends included.
STEPS = 101
#: Standard deviation, in steps, of the ranks that are asked.
_REACH = 7.0
#: Sectors of the hue circle, and how many neighbours on either side of the most usual one count with it: ±35°.
_SECTORS, _BESIDE = 36, 3
#: CIE C* from which a pixel has a hue; greys count with every hue.
_HAS_HUE = 8.0
#: Weight of all other ranks, so that none is without an answer.
_LEAST = 1e-6


def read_tone_curve(lab: FloatArray) -> FloatArray:
    """(101, 2) float32: a* and b* usual at rank 0 (darkest), 0.01, … 1 of the (P, 3) Lab pixels."""
    rank = np.empty(len(lab), np.float64)
    rank[np.argsort(lab[:, 0], kind="stable")] = (np.arange(len(lab)) + 0.5) / len(lab)
    step = np.rint(rank * (STEPS - 1)).astype(np.intp)
    sector = (
        np.floor((np.degrees(np.arctan2(lab[:, 2], lab[:, 1])) % 360.0) * _SECTORS / 360.0).astype(np.intp) % _SECTORS
    )
    sector[np.hypot(lab[:, 1], lab[:, 2]) < _HAS_HUE] = _SECTORS
    count, total_a, total_b = (_around(step, sector, weight) for weight in (np.ones(len(lab)), lab[:, 1], lab[:, 2]))
    members = _usual_sectors(count)
    weight = np.maximum((count * members).sum(axis=1), 1e-12)
    return np.stack([(total * members).sum(axis=1) / weight for total in (total_a, total_b)], axis=1).astype(np.float32)


def _around(step: NDArray[np.intp], sector: NDArray[np.intp], weight: NDArray[np.floating]) -> NDArray[np.float64]:
    """(101, 37) sums of the weights near each step and in each sector, greys last."""
    columns = _SECTORS + 1
    sums = np.bincount(step * columns + sector, weights=weight, minlength=STEPS * columns).reshape(STEPS, columns)
    steps = np.arange(STEPS)
    return np.asarray((np.exp(-(((steps[:, None] - steps[None, :]) / _REACH) ** 2) / 2) + _LEAST) @ sums)


def _usual_sectors(count: NDArray[np.float64]) -> NDArray[np.float64]:
    """(101, 37) 1 on the sectors around the most usual hue of each step, and on the greys."""
    circle = np.arange(_SECTORS)
    apart = np.abs((circle[:, None] - circle[None, :] + _SECTORS // 2) % _SECTORS - _SECTORS // 2)
    near = (apart <= _BESIDE).astype(np.float64)
    chosen = near[(count[:, :_SECTORS] @ near).argmax(axis=1)]
    return np.concatenate([chosen, np.ones((STEPS, 1))], axis=1)
