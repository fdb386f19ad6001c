"""What is measured of one finished page against the truth."""

from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.typing import NDArray

from finishing_bench.pages import KnownPage
from mangaflux.engine.analysis.metadata import Mask, PageAnalysis
from mangaflux.engine.base import ColourLayer
from mangaflux.engine.finishing.compositing import FinishingRecipe, composite
from mangaflux.engine.finishing.fidelity import measure_fidelity
from mangaflux.engine.finishing.finished_page import PageKept, measure_kept

#: Constants of SSIM for a range of 255 (Wang et al., 2004), and the deviation of its Gaussian window.
_MEANS, _DEVIATIONS, _SIGMA = (0.01 * 255) ** 2, (0.03 * 255) ** 2, 1.5

#: Level, 0–255, of the darkest channel below which a page in colour is not bare paper, and height and width in pixels
#: of the smallest such area that counts.
_PAPER_IN_COLOUR, _LEAST_DRAWN = 250, (5, 5)


@dataclass(frozen=True, slots=True)
class Kept:
    """What a finished page kept, under the masks of Pass 1 and under the true ones."""

    own: PageKept
    truth: PageKept
    raw_iou: float
    finished_iou: float


def judge_kept(known: KnownPage, drawing: NDArray[np.uint8], layer: NDArray[np.uint8], analysis: PageAnalysis) -> Kept:
    """Finishes a page with the default recipe and holds it against both sets of masks."""
    finished = composite(known.page, ColourLayer(image=layer), analysis, drawing=drawing)
    fidelity = measure_fidelity(known.page, drawing, layer, finished, analysis)
    lines = fidelity.page.measures
    truth = measure_kept(known.page, drawing, finished, known)
    return Kept(fidelity.kept, truth, lines.raw_lines.iou, lines.finished_lines.iou)


def coloured_whites(known: KnownPage, finished: NDArray[np.uint8]) -> tuple[float, float]:
    """Shares of the true gutters and balloons that a finished page, (H, W, 3), shows in colour: of all, and of those
    that are no drawing on the page in colour. True panels that a machine told from gutters end where a cloud is white.
    """
    tinted = (known.colour.min(axis=2) < _PAPER_IN_COLOUR) & ~known.panel_mask & ~known.balloon_mask
    # The rims of what is drawn are tinted by the compression; areas are not.
    drawn = cv2.morphologyEx(tinted.view(np.uint8), cv2.MORPH_OPEN, np.ones(_LEAST_DRAWN, np.uint8)) > 0
    bare = replace(known, panel_mask=known.panel_mask | drawn)
    gray = np.asarray(cv2.cvtColor(known.page, cv2.COLOR_RGB2GRAY), np.uint8)
    of_all, of_bare = (measure_kept(known.page, gray, finished, masks).coloured_whites for masks in (known, bare))
    return of_all, of_bare


def judge_colours(
    known: KnownPage,
    drawing: NDArray[np.uint8],
    layer: NDArray[np.uint8],
    analysis: PageAnalysis,
    recipe: FinishingRecipe,
) -> tuple[float, float]:
    """PSNR in dB and SSIM of the finished page against the true colours, inside panels and outside balloons."""
    finished = composite(known.page, ColourLayer(image=layer), analysis, recipe=recipe, drawing=drawing)
    inside = known.panel_mask & ~known.balloon_mask
    return psnr(finished[inside], known.colour[inside]), ssim(finished, known.colour, inside)


def psnr(image: NDArray[np.uint8], truth: NDArray[np.uint8]) -> float:
    """Peak signal-to-noise ratio of 8-bit levels, in dB."""
    error = float(np.mean((image.astype(np.float32) - truth.astype(np.float32)) ** 2))
    return 10 * float(np.log10(255**2 / max(error, 1e-6)))


def ssim(image: NDArray[np.uint8], truth: NDArray[np.uint8], inside: Mask) -> float:
    """Mean structural similarity of the three channels over a mask (Wang, Bovik, Sheikh and Simoncelli, 2004)."""
    return float(np.mean([_ssim(image[..., channel], truth[..., channel])[inside].mean() for channel in range(3)]))


def _ssim(image: NDArray[np.uint8], truth: NDArray[np.uint8]) -> NDArray[np.float32]:
    one, other = image.astype(np.float32), truth.astype(np.float32)
    mean, other_mean = _window(one), _window(other)
    variance, other_variance = _window(one * one) - mean**2, _window(other * other) - other_mean**2
    covariance = _window(one * other) - mean * other_mean
    means = (2 * mean * other_mean + _MEANS) / (mean**2 + other_mean**2 + _MEANS)
    return np.asarray(means * (2 * covariance + _DEVIATIONS) / (variance + other_variance + _DEVIATIONS), np.float32)


def _window(values: NDArray[np.float32]) -> NDArray[np.float32]:
    return np.asarray(cv2.GaussianBlur(values, (0, 0), _SIGMA), np.float32)
