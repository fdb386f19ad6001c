"""At which size a picture is generated, and how it lies on that canvas: exact both ways. Pure functions; any thread.

The stock pipeline shrinks a page to one megapixel and crops its middle, so that the result misses the page by up to
18 pixels. Here the page is scaled once, filled up to whole latent cells at the right and the bottom, and what was
filled up is cut off again.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from mangaflux.engine.base import RgbImage

#: Pixels of the canvas behind one token: the VAE shrinks by 8, and 2 × 2 latents make a token.
CELL = 16

#: Shortest side of a canvas in pixels: the shortest that the stock pipeline takes.
SHORTEST_SIDE = 64

#: Share of a bucket that a page must fill, and of its own width that it must keep, to be laid there.
_LEAST_FILLED, _LEAST_SCALE = 0.9, 0.94

#: How much a scale is taken back each time its canvas came out too large.
_SCALE_STEP = 0.997


@dataclass(frozen=True, slots=True)
class Fit:
    """A picture of `width` × `height` pixels in the upper left corner of a canvas."""

    width: int
    height: int
    #: Multiples of CELL.
    canvas_width: int
    canvas_height: int


@dataclass(frozen=True, slots=True)
class Limits:
    """What decides the size of a canvas."""

    #: Pages with fewer pixels are scaled up; the models were not trained on less.
    min_pixels: int
    #: No canvas has more, unless SHORTEST_SIDE asks for it.
    max_pixels: int
    #: Canvases, (width, height), that are preferred where a page nearly fills them.
    buckets: Sequence[tuple[int, int]] = ()


def fit_page(width: int, height: int, limits: Limits) -> Fit:
    """The fit of a page of this size: at its own size where that is between the limits, else scaled to the nearer one;
    on a bucket where it fills one, else on the smallest canvas of whole cells.
    """
    own = _own_fit(width, height, limits)
    on_buckets = [_on_bucket(width, height, own.width / width, bucket) for bucket in limits.buckets]
    near = [fit for fit in on_buckets if _is_near(fit, own, limits.max_pixels)]
    return max(near, key=_filled_share, default=own)


def _own_fit(width: int, height: int, limits: Limits) -> Fit:
    min_pixels, max_pixels = limits.min_pixels, limits.max_pixels
    area = width * height
    scale = math.sqrt(min(max(area, min_pixels), max_pixels) / area)
    scale = max(scale, SHORTEST_SIDE / (4 * min(width, height)))
    fit = _scaled(width, height, scale)
    while fit.canvas_width * fit.canvas_height > max_pixels and min(fit.width, fit.height) > SHORTEST_SIDE:
        scale *= _SCALE_STEP
        fit = _scaled(width, height, scale)
    return fit


def _on_bucket(width: int, height: int, own_scale: float, bucket: tuple[int, int]) -> Fit:
    scale = min(own_scale, bucket[0] / width, bucket[1] / height)
    scaled_width, scaled_height = max(1, round(width * scale)), max(1, round(height * scale))
    return Fit(min(scaled_width, bucket[0]), min(scaled_height, bucket[1]), *bucket)


def _is_near(fit: Fit, own: Fit, max_pixels: int) -> bool:
    is_allowed = fit.canvas_width * fit.canvas_height <= max_pixels
    return is_allowed and _filled_share(fit) >= _LEAST_FILLED and fit.width >= _LEAST_SCALE * own.width


def _filled_share(fit: Fit) -> float:
    return fit.width * fit.height / (fit.canvas_width * fit.canvas_height)


def fit_slice(width: int, height: int) -> Fit:
    """The fit of a picture that is scaled already."""
    return Fit(width, height, _whole_cells(width), _whole_cells(height))


def lay(picture: RgbImage, fit: Fit) -> RgbImage:
    """The (canvas_height, canvas_width, 3) canvas of a picture; its last column and row are repeated to the edges."""
    scaled = resize(picture, fit.width, fit.height)
    right, bottom = fit.canvas_width - fit.width, fit.canvas_height - fit.height
    return np.asarray(cv2.copyMakeBorder(scaled, 0, bottom, 0, right, cv2.BORDER_REPLICATE), dtype=np.uint8)


def lift(canvas: RgbImage, fit: Fit) -> RgbImage:
    """The picture of a canvas, (height, width, 3): what `lay` added is gone, every other pixel is untouched."""
    return np.ascontiguousarray(canvas[: fit.height, : fit.width])


def fit_reference(picture: RgbImage, long_side: int) -> RgbImage:
    """A style reference at most `long_side` pixels long. Each side is stretched or shrunk to the nearest whole cell, by
    half a cell at most, and a side that would be shorter than SHORTEST_SIDE is stretched to it, whatever becomes of the
    aspect. Pictures are not scaled up otherwise.
    """
    height, width = picture.shape[:2]
    scale = min(1.0, long_side / max(height, width))
    return resize(picture, _nearest_cells(width * scale), _nearest_cells(height * scale))


def resize(picture: RgbImage, width: int, height: int) -> RgbImage:
    """The picture at this size, whole-picture to whole-picture; itself where it has that size."""
    if picture.shape[:2] == (height, width):
        return picture
    is_smaller = width * height < picture.shape[0] * picture.shape[1]
    kernel = cv2.INTER_AREA if is_smaller else cv2.INTER_CUBIC
    return np.asarray(cv2.resize(picture, (width, height), interpolation=kernel), dtype=np.uint8)


def _scaled(width: int, height: int, scale: float) -> Fit:
    return fit_slice(max(1, round(width * scale)), max(1, round(height * scale)))


def _whole_cells(pixels: int) -> int:
    return max(SHORTEST_SIDE, math.ceil(pixels / CELL) * CELL)


def _nearest_cells(pixels: float) -> int:
    return max(SHORTEST_SIDE, round(pixels / CELL) * CELL)
