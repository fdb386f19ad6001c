"""How near are the colours of a page to the true ones, and to those of a reference? Pure functions on arrays.

All of it at 512 × 800, the size at which a reader sees a page: dots of screentone are mixed with what lies between.
No single figure tells: a grey page wins PSNR, a page in one warm brown wins the hue of warm pages, and the luminance
curve wins neither palette nor place. Hue hit, palette distance and colourfulness are read together.
"""

from dataclasses import dataclass

import cv2
import numpy as np
from finishing_bench.scores import psnr, ssim
from numpy.typing import NDArray

RgbImage = NDArray[np.uint8]
LabImage = NDArray[np.float32]
Mask = NDArray[np.bool_]

#: Width and height at which pages are compared.
SIZE = (512, 800)
#: CIE C* from which a true pixel has a colour, and from which a painted one shows its hue.
_TRULY_COLOURED, _SHOWS_HUE = 10.0, 5.0
#: Degrees within which a hue is right.
_HUE_TOLERANCE = 30.0
#: Directions in the a*b* plane, and quantiles along each, of the sliced palette distance.
_DIRECTIONS, _QUANTILES = 32, 128


@dataclass(frozen=True, slots=True)
class ColourScores:
    """One page against its true colours, where it is drawn."""

    #: Share of truly coloured pixels whose hue is within 30° and whose C* is above 5.
    hue_hit: float
    #: Mean distance in a*b*.
    ab_error: float
    #: Distance of the palettes: mean distance in a*b* between equally frequent colours (sliced Wasserstein).
    palette: float
    #: Mean C* against the true page's.
    colourfulness: float
    psnr: float
    ssim: float


def score(image: RgbImage, truth: RgbImage, inside: Mask) -> ColourScores:
    """A coloured page against the true one.

    Args:
        image: (H, W, 3) uint8 sRGB of any size.
        truth: the same page in its true colours, of any size.
        inside: True where the page is drawn, balloons and lettering left out, of any size.
    """
    small, true, drawn = shrink(image), shrink(truth), shrink_mask(inside)
    ab, true_ab = to_lab(small)[drawn, 1:], to_lab(true)[drawn, 1:]
    return ColourScores(
        hue_hit=hue_hit(ab, true_ab),
        ab_error=float(np.linalg.norm(ab - true_ab, axis=1).mean()),
        palette=palette_distance(ab, true_ab),
        colourfulness=float(_chroma(ab).mean() / max(1e-6, _chroma(true_ab).mean())),
        psnr=psnr(small[drawn], true[drawn]),
        ssim=ssim(small, true, drawn),
    )


def hue_hit(ab: NDArray[np.float32], true_ab: NDArray[np.float32]) -> float:
    """Share of truly coloured pixels of the right hue; 1 where nothing is truly coloured.

    Args:
        ab: (N, 2) a* and b*.
        true_ab: the true ones.
    """
    coloured = _chroma(true_ab) > _TRULY_COLOURED
    if not coloured.any():
        return 1.0
    mine, true = ab[coloured], true_ab[coloured]
    cosine = (mine * true).sum(axis=1) / np.maximum(_chroma(mine) * _chroma(true), 1e-6)
    hit = (cosine > np.cos(np.radians(_HUE_TOLERANCE))) & (_chroma(mine) > _SHOWS_HUE)
    return float(hit.mean())


def palette_distance(ab: NDArray[np.float32], other_ab: NDArray[np.float32]) -> float:
    """Sliced Wasserstein-1 distance of two sets of colours, (N, 2) and (M, 2), times π/2, so that moving all colours by
    a distance in a*b* gives that distance.
    """
    angles = np.pi * np.arange(_DIRECTIONS) / _DIRECTIONS
    directions = np.stack([np.cos(angles), np.sin(angles)]).astype(np.float32)
    shares = (np.arange(_QUANTILES) + 0.5) / _QUANTILES
    one, other = (np.quantile(colours @ directions, shares, axis=0) for colours in (ab, other_ab))
    return float(np.abs(one - other).mean() * np.pi / 2)


def reference_colours(reference: RgbImage) -> NDArray[np.float32]:
    """(N, 2) a* and b* of a reference where it is neither paper nor ink."""
    lab = to_lab(shrink(reference)).reshape(-1, 3)
    chroma = _chroma(lab[:, 1:])
    kept = (chroma > 6) | ((lab[:, 0] > 25) & (lab[:, 0] < 92))
    return lab[kept, 1:] if kept.any() else lab[:, 1:]


def to_lab(image: RgbImage) -> LabImage:
    """CIE Lab of an sRGB image."""
    return np.asarray(cv2.cvtColor(image.astype(np.float32) / 255.0, cv2.COLOR_RGB2LAB), np.float32)


def shrink(image: RgbImage) -> RgbImage:
    """The image at 512 × 800."""
    return np.asarray(cv2.resize(image, SIZE, interpolation=cv2.INTER_AREA), np.uint8)


def shrink_mask(mask: Mask) -> Mask:
    """The mask at 512 × 800: True where all of it is."""
    return np.asarray(cv2.resize(mask.astype(np.uint8) * 255, SIZE, interpolation=cv2.INTER_AREA) > 250)


def _chroma(ab: NDArray[np.float32]) -> NDArray[np.float32]:
    return np.asarray(np.hypot(ab[:, 0], ab[:, 1]), np.float32)
