"""Which colours of a reference lie at places that are like a patch of a page?

Every patch asks the places of the reference that are like it in one respect after another, and each of them votes for
its palette entry; entries of one hue vote together, since a colour of the right hue is seldom wrong (the nearest
neighbours of Welsh et al., 2002, and Gupta et al., 2012, with patches in place of pixels). The answers multiply, each
with a weight. Where nothing tells, what the reference has most of wins. Pure functions; any thread.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mangaflux.engine.lite.traits import AROUND, HEIGHT, LIGHTNESS, RANK, SIZE

FloatArray = NDArray[np.float32]
IntArray = NDArray[np.intp]

#: Places of a reference that are asked.
MOST_PLACES = 1600
#: Degrees within which entries vote together, and CIE C* from which an entry has a hue.
_ONE_HUE = 30.0
_HAS_HUE = 8.0
#: Share of the votes, and of the palette, below which all entries are alike.
_FEWEST_VOTES = 0.02


@dataclass(frozen=True, slots=True)
class _Respect:
    """One respect in which a patch and a place may be alike."""

    #: Of each trait that counts, the difference that is one standard deviation.
    widths: dict[int, float]
    #: What its answer counts for on scenery and on figures.
    scenery: float
    figure: float


#: Weights by gradient and random search on 24 pages of sample chapters (seeds 31–42) and 32 of the licensed comic that
#: the benchmark does not have, chosen by hand between hue hit and palette distance; the search is not kept. Place and
#: size tell scenery apart, figures less.
_RESPECTS = (
    _Respect({LIGHTNESS: 0.08, AROUND: 0.2}, scenery=0.45, figure=0.5),
    _Respect({RANK: 0.07}, scenery=1.9, figure=0.75),
    _Respect({HEIGHT: 0.15}, scenery=0.7, figure=0.5),
    _Respect({SIZE: 1.2}, scenery=2.15, figure=0.7),
    _Respect({LIGHTNESS: 0.12, HEIGHT: 0.2, SIZE: 1.5}, scenery=1.0, figure=0.0),
)
#: The same for the entry's share of the reference.
_SHARE_ON_SCENERY, _SHARE_ON_FIGURES = 1.2, 1.0


@dataclass(frozen=True, slots=True, eq=False)
class Places:
    """Places of the references and what is painted there."""

    #: (P, 5) float32 as of `traits.place_traits`.
    traits: FloatArray
    #: (P,) number of the palette entry.
    entry: IntArray


def log_votes(
    traits: FloatArray, scenery: FloatArray, places: Places, entries: FloatArray, shares: FloatArray
) -> FloatArray:
    """(N, K) float32: how likely each entry is for each patch, as a logarithm up to a constant of the patch.

    Args:
        traits: (N, 5) of the patches, as of `traits.patch_traits`.
        scenery: (N,) 0 (part of a figure) … 1 (scenery).
        places: at least one.
        entries: (K, 3) Lab.
        shares: (K,) of the entries in the reference.
    """
    ballots = np.eye(len(entries), dtype=np.float32)[places.entry]
    mates = _hue_mates(entries)
    total = _weights(scenery, _SHARE_ON_SCENERY, _SHARE_ON_FIGURES) * np.log(shares + _FEWEST_VOTES)
    for respect in _RESPECTS:
        votes = _likeness(traits, places.traits, respect) @ ballots @ mates
        votes = votes / votes.sum(axis=1, keepdims=True)
        total = total + _weights(scenery, respect.scenery, respect.figure) * np.log(votes + _FEWEST_VOTES)
    return np.asarray(total, np.float32)


def _weights(scenery: FloatArray, on_scenery: float, on_figures: float) -> FloatArray:
    return np.asarray((scenery * on_scenery + (1.0 - scenery) * on_figures)[:, None], np.float32)


def _likeness(traits: FloatArray, asked: FloatArray, respect: _Respect) -> FloatArray:
    """(N, P): 1 for the most alike … 0."""
    columns = list(respect.widths)
    widths = np.array(list(respect.widths.values()), np.float32)
    own, other = traits[:, columns] / widths, asked[:, columns] / widths
    apart = (own**2).sum(axis=1)[:, None] + (other**2).sum(axis=1)[None, :] - 2.0 * own @ other.T
    return np.asarray(np.exp(-(apart - apart.min(axis=1, keepdims=True)) / 2.0), np.float32)


def _hue_mates(entries: FloatArray) -> FloatArray:
    """(K, K): 1 where two entries are of one hue."""
    hue = np.degrees(np.arctan2(entries[:, 2], entries[:, 1]))
    apart = np.abs((hue[:, None] - hue[None, :] + 180.0) % 360.0 - 180.0)
    coloured = np.hypot(entries[:, 1], entries[:, 2]) > _HAS_HUE
    mates = (apart < _ONE_HUE) & coloured[:, None] & coloured[None, :]
    return np.asarray(mates | np.eye(len(entries), dtype=np.bool_), np.float32)
