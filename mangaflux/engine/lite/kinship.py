"""Which patches are pieces of one thing although they do not touch: a coat cut by a strap, a sky cut by a head?

Pure functions; any thread.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mangaflux.engine.lite.regions import Regions

FloatArray = NDArray[np.float32]

#: Tones and textures (standard deviations of tone) this near may be one thing.
_SAME_TONE = 0.04
_SAME_BACKDROP = 0.08
_SAME_TEXTURE = 0.05
#: How far apart the pieces of a thing lie, in square roots of the panel's area; a backdrop spans its panel.
_NEAR = 0.25
_ACROSS = 1.5
#: Share of the outline along the frame from which a patch is a backdrop.
_BACKDROP_RIM = 0.06
#: Pull of all kin together against the patch's own choice.
_STRENGTH = 3.0
_BACKDROP_STRENGTH = 4.0


@dataclass(frozen=True, slots=True, eq=False)
class Kinship:
    """Pairs of patches that lean to one colour, and how much, in the units of the square root of an area."""

    first: NDArray[np.intp]
    second: NDArray[np.intp]
    affinity: FloatArray


def find_kin(regions: Regions) -> Kinship:
    """The kin among all patches of a page."""
    first, second = np.nonzero(np.triu(regions.panel[:, None] == regions.panel[None, :], 1))
    backdrop = (regions.rim[first] > _BACKDROP_RIM) & (regions.rim[second] > _BACKDROP_RIM)
    step = np.abs(regions.tone[first] - regions.tone[second]) / np.where(backdrop, _SAME_BACKDROP, _SAME_TONE)
    texture = np.abs(regions.spread[first] - regions.spread[second]) < _SAME_TEXTURE
    near = _gaps(regions, first, second) < np.where(backdrop, _ACROSS, _NEAR)
    kin = (step < 1) & (texture | backdrop) & near
    first, second, step = first[kin], second[kin], step[kin]
    pull = np.where(backdrop[kin], _BACKDROP_STRENGTH, _STRENGTH) * np.exp(-(step**2))
    affinity = pull * np.sqrt(np.minimum(regions.area[first], regions.area[second])) / _crowd(first, second)
    return Kinship(first, second, affinity.astype(np.float32))


def _crowd(first: NDArray[np.intp], second: NDArray[np.intp]) -> FloatArray:
    """How many kin the two of each pair have, by the geometric mean."""
    relatives = np.bincount(np.concatenate([first, second]))
    return np.asarray(np.sqrt(relatives[first] * relatives[second]), np.float32)


def _gaps(regions: Regions, first: NDArray[np.intp], second: NDArray[np.intp]) -> FloatArray:
    """Distances of the pairs' centres in square roots of their panel's area."""
    height, width = regions.labels.shape
    offset = (regions.centre[first] - regions.centre[second]) * np.array([width, height], np.float32)
    panel_area = np.bincount(regions.panel, weights=regions.area)
    size = np.sqrt(np.maximum(panel_area[regions.panel[first]], 1.0))
    return np.asarray(np.hypot(offset[:, 0], offset[:, 1]) / size, np.float32)
