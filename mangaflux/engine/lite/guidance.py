"""What the colour prior says of each patch, and how far it is believed. Pure functions; any thread."""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from mangaflux.engine.lite.borders import as_float
from mangaflux.engine.lite.prior import PriorColours
from mangaflux.engine.lite.regions import Regions

FloatArray = NDArray[np.float32]

#: a*, b* units within which a palette entry is what the prior means.
_MEANT = 11.0
#: Spread of the prior's colours within a patch, in a*, b* units, from which one colour for all of it is a guess.
_UNDECIDED = 25.0


@dataclass(frozen=True, slots=True, eq=False)
class Guidance:
    """The prior's colours for a page of N patches."""

    #: (N, 2) float32 a*, b*: the mean over each patch, by confidence.
    ab: FloatArray
    #: (N,) float32 0–1: how far it is believed for the patch as a whole.
    confidence: FloatArray
    #: (h, w, 2) float32 a*, b* and (h, w) float32 0–1 at the size of the patches' labels.
    picture: FloatArray
    belief: FloatArray


def guide(regions: Regions, prior: PriorColours) -> Guidance:
    """The prior's grid, brought to the page's size and gathered by patch."""
    size = regions.labels.shape[::-1]
    picture = np.asarray(cv2.resize(prior.ab, size, interpolation=cv2.INTER_LINEAR), np.float32)
    belief = np.asarray(cv2.resize(prior.confidence, size, interpolation=cv2.INTER_LINEAR), np.float32)
    painted = regions.labels >= 0
    owner, count = regions.labels[painted], len(regions.area)
    weight = belief[painted] + np.float32(1e-4)
    total = np.bincount(owner, weights=weight, minlength=count)

    def mean(values: FloatArray) -> FloatArray:
        return as_float(np.bincount(owner, weights=values * weight, minlength=count) / total)

    channels = [picture[..., axis][painted] for axis in (0, 1)]
    ab = np.stack([mean(channel) for channel in channels], axis=1)
    spread = sum(mean(channel**2) for channel in channels) - (ab**2).sum(axis=1)
    decided = np.exp(-np.maximum(spread, 0.0) / (2 * _UNDECIDED**2))
    confidence = as_float(total / np.maximum(regions.area, 1.0) * decided)
    return Guidance(ab, np.clip(confidence, 0.0, 1.0), picture, np.clip(belief, 0.0, 1.0))


def blend_votes(votes: FloatArray, guidance: Guidance, entries: FloatArray) -> FloatArray:
    """(N, K) votes of which the prior's share is as large as its confidence; rows sum to 1."""
    apart = ((guidance.ab[:, None, :] - entries[None, :, 1:]) ** 2).sum(axis=2)
    meant = np.exp(-(apart - apart.min(axis=1, keepdims=True)) / (2 * _MEANT**2))
    meant = meant / meant.sum(axis=1, keepdims=True)
    share = guidance.confidence[:, None]
    return np.asarray(votes * (1.0 - share) + meant * share, np.float32)
