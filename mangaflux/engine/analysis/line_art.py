"""Which pixels of a page are drawn lines and solid blacks, and how grey is the page between them?

Screentone is what makes this hard: its dots are as dark and as thin as lines. The page is therefore split into zones
with and without dots, and lines are looked for at a coarser scale where there are dots: a difference of Gaussians that
knows of halftones. Constants were measured on synthetic pages whose lines are known. Pure functions; any thread.
"""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from mangaflux.engine.analysis.metadata import Mask

GrayImage = NDArray[np.uint8]
FloatImage = NDArray[np.float32]

#: Long side, in pixels, at which the constants of this module are in force.
_REFERENCE_SIDE = 1600
#: Larger pages are searched at this long side: lines stay several pixels wide and the time stays bounded.
_LARGEST_SIDE = 2000
#: Darker than this, 0–1, is ink.
_BLACK = 0.28


@dataclass(frozen=True, slots=True)
class LineArt:
    """A page taken apart into what the pen drew and what lies between; all at page size."""

    #: (H, W) True on lines and solid blacks, False on paper, greys and the dots of screentone.
    ink: Mask
    #: (H, W) float32, 0 (black) … 1 (paper): the grey a reader sees, dots averaged away, lines filled in from beside.
    tone: FloatImage
    #: (H, W) True inside large black fills; a part of `ink`.
    solid: Mask


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
    level = gray.astype(np.float32) / 255.0
    dots = _screentone_zone(level, scale)
    ink = np.where(dots, _dark_lines(level, _dotted(scale)), _dark_lines(level, _plain(scale)))
    ink = _without_specks(ink, dots, scale)
    solid = _open(_blur(level, 0.7) < _BLACK, 18 * scale)
    tone = _tone_between_lines(level, ink, dots, scale)
    tone[solid] = 0.0
    return LineArt(ink | solid, tone, solid)


def _screentone_zone(level: FloatImage, scale: float) -> Mask:
    """Areas of high local contrast that are wider than any line."""
    detail = level - _blur(level, max(1.5, 2 * scale))
    energy = _blur(detail * detail, max(3.0, 4 * scale))
    return _open(_close(energy > 0.018, 9 * scale), 13 * scale)


def _plain(scale: float) -> _LineScale:
    sigma = 0.7 * min(1.0, scale)
    return _LineScale(sigma, sigma, (3 * scale, 7 * scale), (0.07, 0.13), _BLACK)


def _dotted(scale: float) -> _LineScale:
    return _LineScale(max(1.6, 1.8 * scale), max(2.5, 3.5 * scale), (5 * scale, 9 * scale), (0.10, 0.13), 0.12)


def _dark_lines(level: FloatImage, lines: _LineScale) -> Mask:
    base = _blur(level, lines.base_sigma)
    ink = _blur(level, lines.black_sigma) < lines.black
    for sigma, contrast in zip(lines.sigmas, lines.contrasts, strict=True):
        ink |= _blur(level, sigma) - base > contrast
    return ink


def _without_specks(ink: Mask, dots: Mask, scale: float) -> Mask:
    """Without what is too short for a line; among dots more is."""
    _, labels, stats, _ = cv2.connectedComponentsWithStats(ink.astype(np.uint8), connectivity=8)
    spans = np.hypot(stats[:, cv2.CC_STAT_WIDTH], stats[:, cv2.CC_STAT_HEIGHT])
    among_dots = np.bincount(labels[dots], minlength=len(spans)) > 0.5 * stats[:, cv2.CC_STAT_AREA]
    keep = spans >= np.where(among_dots, 22 * scale, 9 * scale)
    keep[0] = False
    return np.asarray(keep[labels])


def _tone_between_lines(level: FloatImage, ink: Mask, dots: Mask, scale: float) -> FloatImage:
    """Normalised convolution of the levels beside the lines; wider where dots need it or where lines crowd."""
    visible = (~_dilate(ink, 3 * scale)).astype(np.float32)
    narrow, narrow_weight = _weighted_blur(level, visible, 3.5 * scale)
    wide, wide_weight = _weighted_blur(level, visible, max(2.5, 5 * scale))
    tone = np.where(dots | (narrow_weight < 0.2), wide, narrow)
    starved = np.where(dots | (narrow_weight < 0.2), wide_weight, narrow_weight) < 0.1
    far, far_weight = _weighted_blur(level, visible, 12 * scale)
    tone = np.where(starved, np.where(far_weight < 0.01, level, far), tone)
    return np.clip(tone, 0.0, 1.0).astype(np.float32)


def _weighted_blur(level: FloatImage, weight: FloatImage, sigma: float) -> tuple[FloatImage, FloatImage]:
    total = _blur(weight, sigma)
    mean = _blur(np.asarray(level * weight, dtype=np.float32), sigma) / np.maximum(total, 1e-4)
    return np.asarray(mean, dtype=np.float32), total


def _enlarge(small: LineArt, size: tuple[int, int]) -> LineArt:
    tone = cv2.resize(small.tone, size, interpolation=cv2.INTER_LINEAR)
    return LineArt(_enlarge_mask(small.ink, size), np.asarray(tone, np.float32), _enlarge_mask(small.solid, size))


def _enlarge_mask(mask: Mask, size: tuple[int, int]) -> Mask:
    grown = cv2.resize(mask.astype(np.uint8) * 255, size, interpolation=cv2.INTER_LINEAR)
    return np.asarray(grown > 127)


def _blur(image: FloatImage, sigma: float) -> FloatImage:
    if sigma < 0.3:
        return image
    return np.asarray(cv2.GaussianBlur(image, (0, 0), sigma, borderType=cv2.BORDER_REPLICATE), dtype=np.float32)


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
