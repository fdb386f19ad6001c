"""Long strips: cut at blank rows, coloured slice by slice, joined without a seam. Pure functions; any thread.

A webtoon of 800 × 12 000 pixels scaled to one megapixel would be 264 pixels wide. It is cut into slices of a page's
shape instead, at rows where nothing is drawn; neighbours share a few rows, in which one fades into the other.
"""

import math
from dataclasses import dataclass

import numpy as np

from mangaflux.engine.base import RgbImage
from mangaflux.engine.flux.fitting import SHORTEST_SIDE

#: Long side over short side from which on a picture is a strip; pages and spreads stay below 1.8.
STRIP_ASPECT = 3.0

#: Long side over short side from which on a strip is cut although it would fit one canvas: no page has such a shape.
LONG_ASPECT = 8.0

#: Long side over short side of a slice, and how far from it a cut may move to a blank row, as a share.
_SLICE_ASPECT, _SEARCH_SHARE = 1.5, 0.25

#: Rows that two neighbours share, in pixels of the scaled strip.
OVERLAP = 32


@dataclass(frozen=True, slots=True)
class Slice:
    """Rows `top` … `bottom` − 1 of a scaled strip."""

    top: int
    bottom: int


def is_cut(width: int, height: int, max_pixels: int) -> bool:
    """True where a picture is cut before it is coloured: a strip that does not fit one canvas, or a very long one; but
    none that is narrower than any canvas.
    """
    long_side, short_side = max(width, height), min(width, height)
    if width * height > max_pixels:
        return long_side >= STRIP_ASPECT * short_side
    return long_side > LONG_ASPECT * short_side and short_side >= SHORTEST_SIDE


def slice_scale(short_side: int, min_pixels: int, max_pixels: int) -> float:
    """The scale at which a usual slice has at least `min_pixels` pixels and the longest at most `max_pixels`.
    It is 1 where both are so already.
    """
    longest = _SLICE_ASPECT * (1 + 2 * _SEARCH_SHARE)
    widest = (math.sqrt(OVERLAP**2 + 4 * longest * max_pixels) - OVERLAP) / (2 * longest)
    narrowest = math.sqrt(min_pixels / _SLICE_ASPECT)
    return min(max(1.0, narrowest / short_side), widest / short_side)


def cut(strip: RgbImage) -> list[Slice]:
    """The slices of an upright strip, from top to bottom, each sharing OVERLAP rows with the next."""
    height, width = strip.shape[:2]
    busy = _drawn_share(strip)
    target, search = round(width * _SLICE_ASPECT), round(width * _SLICE_ASPECT * _SEARCH_SHARE)
    cuts = [0]
    while height - cuts[-1] > target + search:
        cuts.append(_blank_row(busy, cuts[-1] + target - search, min(cuts[-1] + target + search, height - OVERLAP)))
    half = OVERLAP // 2
    tops = [0, *(row - half for row in cuts[1:])]
    bottoms = [*(row + half for row in cuts[1:]), height]
    return [Slice(top, bottom) for top, bottom in zip(tops, bottoms, strict=True)]


def join(slices: list[Slice], pictures: list[RgbImage]) -> RgbImage:
    """The strip again: where two neighbours overlap, the upper one fades into the lower one."""
    strip = np.empty((slices[-1].bottom, *pictures[0].shape[1:]), dtype=np.uint8)
    shared_until = 0
    for piece, picture in zip(slices, pictures, strict=True):
        shared = max(0, shared_until - piece.top)
        strip[piece.top + shared : piece.bottom] = picture[shared:]
        if shared:
            above = strip[piece.top : piece.top + shared].astype(np.float32)
            weight = (np.arange(1, shared + 1, dtype=np.float32) / (shared + 1))[:, None, None]
            mixed = above + weight * (picture[:shared].astype(np.float32) - above)
            strip[piece.top : piece.top + shared] = np.rint(mixed).astype(np.uint8)
        shared_until = piece.bottom
    return strip


def _drawn_share(strip: RgbImage) -> np.ndarray[tuple[int, ...], np.dtype[np.float32]]:
    """How much is drawn around each row: the spread of its levels, averaged over the rows that a cut there shares."""
    spread = strip.mean(axis=2).std(axis=1).astype(np.float32)
    padded = np.pad(spread, OVERLAP // 2, mode="edge")
    sums = np.concatenate([[0.0], np.cumsum(padded)])
    window = (sums[OVERLAP:] - sums[:-OVERLAP]) / OVERLAP
    return np.asarray(window[: len(spread)], dtype=np.float32)


def _blank_row(busy: np.ndarray[tuple[int, ...], np.dtype[np.float32]], first: int, last: int) -> int:
    """The emptiest row of a range; the one nearest to its middle where several are equal."""
    rows = np.arange(first, max(first + 1, last))
    middle = (first + last) / 2
    return int(rows[np.lexsort((np.abs(rows - middle), np.round(busy[rows], 1)))[0]])
