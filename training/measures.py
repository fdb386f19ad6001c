"""What the issue of a coloured page is judged by: hue hit, a*b* error, palette distance, colourfulness.

All on grids of a*, b* cells; pure functions, any thread.
"""

from dataclasses import astuple, dataclass

import numpy as np

from mangaflux.engine.lite.prior_values import FloatArray

#: Chroma from which a place is truly coloured, and chroma that its colour then must have.
_COLOURED, _LEAST_CHROMA = 10.0, 5.0
#: Degrees within which a hue is right.
_HUE_WINDOW = 30.0
#: Directions and quantiles of the sliced Wasserstein distance.
_DIRECTIONS, _QUANTILES = 32, 256
#: Steps of the luminance curve, and how many neighbours each is averaged with.
_STEPS, _SMOOTH = 128, 9


@dataclass(frozen=True, slots=True)
class Measures:
    """Of one page, or the mean of several."""

    #: Share of truly coloured places with the right hue; NaN where nothing is coloured.
    hue_hit: float
    #: Mean distance in a*, b* units.
    ab_error: float
    #: Sliced Wasserstein distance of the a*, b* to the true ones.
    palette: float
    #: Mean chroma divided by the true one.
    colourfulness: float


def measure(colours: FloatArray, truth: FloatArray) -> Measures:
    """Compares (N, 2) a*, b* with the true ones of the same places."""
    chroma, true_chroma = np.hypot(*colours.T), np.hypot(*truth.T)
    turn = np.degrees(np.arctan2(colours[:, 1], colours[:, 0]) - np.arctan2(truth[:, 1], truth[:, 0]))
    near = np.abs((turn + 180) % 360 - 180) <= _HUE_WINDOW
    coloured = true_chroma > _COLOURED
    hit = (near & (chroma > _LEAST_CHROMA))[coloured].mean() if coloured.any() else np.nan
    return Measures(
        hue_hit=float(hit),
        ab_error=float(np.hypot(*(colours - truth).T).mean()),
        palette=palette_distance(colours, truth),
        colourfulness=float(chroma.mean() / max(float(true_chroma.mean()), 1e-6)),
    )


def mean_measures(several: list[Measures]) -> Measures:
    """The mean of each measure, over the pages that have it."""
    return Measures(*(float(value) for value in np.nanmean(np.array([astuple(each) for each in several]), axis=0)))


def palette_distance(colours: FloatArray, other: FloatArray) -> float:
    """Sliced Wasserstein distance between two sets of a*, b*, in their units."""
    angles = np.arange(_DIRECTIONS) * np.pi / _DIRECTIONS
    directions = np.stack([np.cos(angles), np.sin(angles)])
    shares = (np.arange(_QUANTILES) + 0.5) / _QUANTILES
    one, two = (np.quantile(each @ directions, shares, axis=0) for each in (colours, other))
    return float(np.abs(one - two).mean())


def luminance_curve(greys: FloatArray, reference_greys: FloatArray, reference_colours: FloatArray) -> FloatArray:
    """(N, 2): for each grey the usual colour of the reference's places that are as grey; what there is to beat."""
    order = np.argsort(reference_greys, kind="stable")
    parts = [part for part in np.array_split(order, _STEPS) if len(part)]
    levels = np.array([reference_greys[part].mean() for part in parts])
    means = np.array([reference_colours[part].mean(axis=0) for part in parts])
    padded = np.pad(means, ((_SMOOTH // 2, _SMOOTH // 2), (0, 0)), mode="edge")
    kernel = np.full(_SMOOTH, 1 / _SMOOTH)
    smooth = np.stack([np.convolve(padded[:, axis], kernel, "valid") for axis in (0, 1)], axis=1)
    return np.stack([np.interp(greys, levels, smooth[:, axis]) for axis in (0, 1)], axis=1).astype(np.float32)
