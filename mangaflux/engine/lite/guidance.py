"""What the colour prior says of each patch, and what comes of it together with the renderer's own choice.

The two err differently: the network knows like places by their drawing, the renderer knows greys, heads and how much of
each colour a page takes. So neither is taken alone: their shares are multiplied, a logarithmic opinion pool (Genest and
Zidek 1986), and the hue that most is left of wins. Pure functions; any thread.
"""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_array, csr_array

from mangaflux.engine.analysis.metadata import PageAnalysis
from mangaflux.engine.base import RgbImage
from mangaflux.engine.lite.borders import as_float
from mangaflux.engine.lite.prior import PriorColours
from mangaflux.engine.lite.prior_values import settle_colours
from mangaflux.engine.lite.regions import Regions

FloatArray = NDArray[np.float32]

#: a*, b* units within which a colour of the references is what the renderer means.
_MEANT = 11.0
#: What is left of a colour that the renderer does not mean, and of one that the prior did not look at.
_NOT_MEANT, _NOT_SEEN = 0.1, 1e-3
#: How much the hue that most speaks for wins.
_DECISIVENESS = 3.0
#: Confidence below which the prior is not asked for a patch.
_LEAST_CONFIDENCE = 0.2
#: Grey levels that are neither ink nor paper, and the share of the drawing from which they are true greys and no edges
#: of dots: 0.05–0.15 of an inked page, 0.5–0.8 of a grey one.
_MID_GREYS = (51, 204)
_TRULY_GREY = 0.3


@dataclass(frozen=True, slots=True, eq=False)
class Guidance:
    """The prior's colours for a page of N patches."""

    #: (K, 2) float32 a*, b*: colours of the references; (N, K) float32, how far each patch has them, rows sum to 1.
    centres: FloatArray
    shares: FloatArray
    #: (N,) float32 0–1: the mean confidence over each patch.
    confidence: FloatArray
    #: (h, w, 2) float32 a*, b* and (h, w) float32 0–1 at the size of the patches' labels.
    picture: FloatArray
    belief: FloatArray


def can_guide(page: RgbImage, analysis: PageAnalysis) -> bool:
    """Whether the prior has more to say of a page than its greys do: on a scan of greys, they say most of a colour."""
    drawn = analysis.panel_mask & ~analysis.balloon_mask
    levels = cv2.cvtColor(page, cv2.COLOR_RGB2GRAY)[drawn]
    if levels.size == 0:
        return False
    middle = (levels > _MID_GREYS[0]) & (levels < _MID_GREYS[1])
    return float(middle.mean()) < _TRULY_GREY


def guide(regions: Regions, prior: PriorColours) -> Guidance:
    """The prior's grid, brought to the page's size and gathered by patch."""
    size = regions.labels.shape[::-1]
    belief = np.asarray(cv2.resize(prior.confidence, size, interpolation=cv2.INTER_LINEAR), np.float32)
    picture = np.asarray(cv2.resize(prior.ab, size, interpolation=cv2.INTER_LINEAR), np.float32)
    covered = _covered_cells(regions, prior.confidence.shape)
    confidence = as_float(covered @ prior.confidence.ravel() / np.maximum(regions.area, 1.0))
    # Sure cells say more of a patch than unsure ones.
    weight = prior.confidence.ravel()[:, None] + np.float32(1e-4)
    shares = covered @ (prior.shares.reshape(len(prior.shares), -1).T * weight)
    shares = as_float(shares / np.maximum(shares.sum(axis=1, keepdims=True), 1e-12))
    return Guidance(prior.centres, shares, np.clip(confidence, 0.0, 1.0), picture, np.clip(belief, 0.0, 1.0))


def agreed_colours(guidance: Guidance, ab: FloatArray) -> FloatArray:
    """(N, 2) a*, b* of each patch, from what the prior and the renderer say.

    Args:
        guidance: the prior's part.
        ab: (N, 2) the renderer's.
    """
    apart = ((ab[:, None, :] - guidance.centres[None, :, :]) ** 2).sum(axis=2)
    meant = np.exp(-(apart - apart.min(axis=1, keepdims=True)) / (2 * _MEANT**2))
    meant = meant / meant.sum(axis=1, keepdims=True)
    pooled = (guidance.shares + _NOT_SEEN) * (meant + _NOT_MEANT)
    pooled = as_float(pooled / pooled.sum(axis=1, keepdims=True))
    settled = settle_colours(pooled.T[:, :, None], guidance.centres, _DECISIVENESS)[:, 0]
    return np.where(guidance.confidence[:, None] > _LEAST_CONFIDENCE, settled, ab)


def _covered_cells(regions: Regions, grid: tuple[int, ...]) -> csr_array:
    """(N, h·w) how many pixels of each patch lie in each cell of the grid."""
    cells = np.arange(grid[0] * grid[1], dtype=np.float32).reshape(grid)
    under = cv2.resize(cells, regions.labels.shape[::-1], interpolation=cv2.INTER_NEAREST).astype(np.intp)
    painted = regions.labels >= 0
    owner = regions.labels[painted]
    shape = (len(regions.area), cells.size)
    return coo_array((np.ones(len(owner), np.float32), (owner, under[painted])), shape=shape).tocsr()
