"""Which pixels of a page are drawn lines and solid blacks, and how grey is the page between them?

Screentone is what makes this hard: its dots are as dark and as thin as lines. Dots that stand by themselves are filled
in first. Where there were such, and where the detail is still too dense for lines, lines are looked for at a coarser
scale: a difference of Gaussians that knows of halftones. Constants were measured on drawn pages whose lines are known
(`benchmarks/line_art.py`). Pure functions; any thread.
"""

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from mangaflux.engine.analysis.metadata import Mask
from mangaflux.engine.analysis.specks import find_specks

GrayImage = NDArray[np.uint8]
FloatImage = NDArray[np.float32]

#: Long side, in pixels, at which the constants of this module are in force.
_REFERENCE_SIDE = 1600
#: Larger pages are searched at this long side: lines stay several pixels wide and the time stays bounded.
_LARGEST_SIDE = 2000
#: Darker than this, 0–1, is ink.
_BLACK = 0.28
#: Blurs of a larger deviation than this, in pixels, are made on a page so many times smaller.
_NARROW, _SHRINK = 1.5, 2
#: Mean square of the detail, 0–1, from which on an area is too dense for single lines.
_DENSE_ENERGY = 0.028


@dataclass(frozen=True, slots=True)
class LineArt:
    """A page taken apart into what the pen drew and what lies between; all at page size."""

    #: (H, W) True on lines and solid blacks, False on paper, greys and the dots of screentone.
    ink: Mask
    #: (H, W) float32, 0 (black) … 1 (paper): the grey a reader sees, dots averaged away, lines filled in from beside.
    tone: FloatImage
    #: (H, W) True inside large black fills; a part of `ink`.
    solid: Mask
    #: (H, W) True where the greys are made of dots, lines or grains.
    screened: Mask


@dataclass(frozen=True, slots=True)
class _LineScale:
    """How dark a line must be against its surroundings, which are blurred by two widths in pixels."""

    base_sigma: float
    #: Of the blur that tells black areas; wide enough to mix dark dots with the paper between them.
    black_sigma: float
    sigmas: tuple[float, float]
    contrasts: tuple[float, float]
    #: Darker than this is ink whatever lies around it.
    black: float


class _Views:
    """A page at its own size and at half of it, where wide blurs cost a quarter."""

    def __init__(self, gray: GrayImage) -> None:
        self.gray = gray

    @cached_property
    def coarse(self) -> GrayImage:
        """The page at the smaller size."""
        return np.asarray(self.shrunk(self.gray), dtype=np.uint8)

    def shrunk(self, image: Any) -> Any:
        """An image of the page's size at the smaller one."""
        size = tuple(-(-length // _SHRINK) for length in self.gray.shape[::-1])
        return cv2.resize(image, size, interpolation=cv2.INTER_AREA)

    def grown(self, image: Any) -> Any:
        """An image of the smaller size at the page's."""
        return cv2.resize(image, self.gray.shape[::-1], interpolation=cv2.INTER_LINEAR)

    def grown_mask(self, mask: Mask) -> Mask:
        return np.asarray(self.grown(mask.astype(np.uint8) * 255) > 127)

    def blurred(self, sigma: float) -> GrayImage:
        """The page blurred by so many of its pixels."""
        if sigma <= _NARROW:
            return np.asarray(_blur(self.gray, sigma), dtype=np.uint8)
        return np.asarray(self.grown(_blur(self.coarse, sigma / _SHRINK)), dtype=np.uint8)


def extract_line_art(gray: GrayImage) -> LineArt:
    """The lines, the tone and the solid blacks of a page, (H, W) uint8, of any size."""
    height, width = gray.shape
    shrink = min(1.0, _LARGEST_SIDE / max(height, width))
    if shrink == 1.0:
        return _extract(gray)
    size = (max(1, round(width * shrink)), max(1, round(height * shrink)))
    small = _extract(np.asarray(cv2.resize(gray, size, interpolation=cv2.INTER_AREA), dtype=np.uint8))
    return _enlarge(small, (width, height))


def _extract(gray: GrayImage) -> LineArt:
    scale = max(gray.shape) / _REFERENCE_SIDE
    page = _Views(gray)
    specks = find_specks(gray, scale)
    filled = _Views(_without_dots(page, specks.mask, scale))
    screened = specks.zone | _dense_areas(filled, scale)
    ink = _dark_lines(filled, _plain(scale))
    if screened.any():
        ink = np.where(screened, _dark_lines(filled, _dotted(scale)), ink)
    ink = _without_short(ink, screened, scale)
    solid = _solid(page, scale)
    tone = _tone_between_lines(page, ink, screened, scale)
    tone[solid] = 0.0
    return LineArt(ink | solid, tone, solid, screened)


def _without_dots(page: _Views, dots: NDArray[np.uint8], scale: float) -> GrayImage:
    """The page with the mean of the surroundings in the place of dots, soft edges included."""
    side = 2 * round(14 * scale / _SHRINK) + 1
    mean = page.grown(cv2.blur(page.coarse, (side, side), borderType=cv2.BORDER_REPLICATE))
    return np.where(cv2.dilate(dots, np.ones((3, 3), dtype=np.uint8)) > 0, mean, page.gray)


def _dense_areas(page: _Views, scale: float) -> Mask:
    """Areas of high local contrast, wider than any line with its surroundings."""
    detail = cv2.absdiff(page.gray, page.blurred(max(1.5, 2 * scale)))
    square = page.shrunk(cv2.multiply(detail, detail, scale=1 / 255).astype(np.float32)) / 255
    dense = _blur(square, max(3.0, 4 * scale) / _SHRINK) > _DENSE_ENERGY
    closed = _close(dense, 9 * scale / _SHRINK)
    return page.grown_mask(_open(closed, max(30.0, 36 * scale) / _SHRINK))


def _plain(scale: float) -> _LineScale:
    sigma = 0.7 * min(1.0, scale)
    return _LineScale(sigma, sigma, (3 * scale, 7 * scale), (0.07, 0.13), _BLACK)


def _dotted(scale: float) -> _LineScale:
    return _LineScale(max(1.2, 1.8 * scale), max(2.0, 3.5 * scale), (5 * scale, 9 * scale), (0.10, 0.13), 0.12)


def _dark_lines(page: _Views, lines: _LineScale) -> Mask:
    base = page.blurred(lines.base_sigma)
    ink = page.blurred(lines.black_sigma) < round(255 * lines.black)
    for sigma, contrast in zip(lines.sigmas, lines.contrasts, strict=True):
        ink |= cv2.subtract(page.blurred(sigma), base) > round(255 * contrast)
    return np.asarray(ink)


def _without_short(ink: Mask, screened: Mask, scale: float) -> Mask:
    """Without what is too short for a line; among dots more is."""
    _, labels, stats, _ = cv2.connectedComponentsWithStats(ink.astype(np.uint8), connectivity=8)
    spans = np.hypot(stats[:, cv2.CC_STAT_WIDTH], stats[:, cv2.CC_STAT_HEIGHT])
    among_dots = np.bincount(labels[screened & ink], minlength=len(spans)) > 0.5 * stats[:, cv2.CC_STAT_AREA]
    keep = spans >= np.where(among_dots, 22 * scale, 9 * scale)
    keep[0] = False
    return np.asarray(keep[labels])


def _solid(page: _Views, scale: float) -> Mask:
    """Blacks that hold a square; a square, since OpenCV is much faster with it than with a disc."""
    dark = page.blurred(0.7) < round(255 * _BLACK)
    side = max(1, round(16 * scale)) | 1
    return np.asarray(cv2.morphologyEx(dark.astype(np.uint8), cv2.MORPH_OPEN, np.ones((side, side), np.uint8)) > 0)


def _tone_between_lines(page: _Views, ink: Mask, screened: Mask, scale: float) -> FloatImage:
    """Normalised convolution of the levels beside the lines; wider where dots need it or where lines crowd."""
    beside = ~_dilate(ink, 3 * scale)
    weight = page.shrunk(beside.astype(np.float32))
    level = page.shrunk(np.where(beside, page.gray, np.uint8(0)).astype(np.float32)) / 255
    tone, total = _normalised(level, weight, max(2.5, 3.5 * scale) / _SHRINK)
    wider = (page.shrunk(screened.astype(np.uint8) * 255) > 0) | (total < 0.2)
    wide, wide_total = _normalised(level, weight, max(2.8, 5 * scale) / _SHRINK)
    tone, total = np.where(wider, wide, tone), np.where(wider, wide_total, total)
    far, far_total = _normalised(level, weight, 12 * scale / _SHRINK)
    far = np.where(far_total < 0.01, page.coarse / np.float32(255), far)
    tone = np.where(total < 0.1, far, tone).astype(np.float32)
    return np.asarray(np.clip(page.grown(tone), 0.0, 1.0), dtype=np.float32)


def _normalised(level: FloatImage, weight: FloatImage, sigma: float) -> tuple[FloatImage, FloatImage]:
    """The weighted mean of the levels around each pixel, and the mean weight."""
    total = _blur(weight, sigma)
    return np.asarray(_blur(level, sigma) / np.maximum(total, 1e-4), dtype=np.float32), total


def _enlarge(small: LineArt, size: tuple[int, int]) -> LineArt:
    tone = cv2.resize(small.tone, size, interpolation=cv2.INTER_LINEAR)
    ink, solid, screened = (_enlarge_mask(mask, size) for mask in (small.ink, small.solid, small.screened))
    return LineArt(ink, np.asarray(tone, np.float32), solid, screened)


def _enlarge_mask(mask: Mask, size: tuple[int, int]) -> Mask:
    grown = cv2.resize(mask.astype(np.uint8) * 255, size, interpolation=cv2.INTER_LINEAR)
    return np.asarray(grown > 127)


def _blur(image: Any, sigma: float) -> Any:
    if sigma < 0.3:
        return image
    return cv2.GaussianBlur(image, (0, 0), sigma, borderType=cv2.BORDER_REPLICATE)


def _open(mask: Mask, diameter: float) -> Mask:
    opened = cv2.morphologyEx(mask.astype(np.uint8), cv2.MORPH_OPEN, _disc(diameter))
    return np.asarray(opened > 0)


def _close(mask: Mask, diameter: float) -> Mask:
    closed = cv2.morphologyEx(mask.astype(np.uint8), cv2.MORPH_CLOSE, _disc(diameter))
    return np.asarray(closed > 0)


def _dilate(mask: Mask, diameter: float) -> Mask:
    return np.asarray(cv2.dilate(mask.astype(np.uint8), _disc(diameter)) > 0)


def _disc(diameter: float) -> NDArray[np.uint8]:
    side = max(1, round(diameter)) | 1
    return np.asarray(cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (side, side)), dtype=np.uint8)
