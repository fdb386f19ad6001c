"""A page, the layer an engine painted of it and the finished page, side by side at one small size.

Everything that asks whether the drawing survived looks at these maps: a picture of 4000 × 6000 costs no more than one
of 1200 × 1700, and a pixel is the width of a line. Pure functions; any thread.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from mangaflux.engine.analysis.metadata import BoundingBox, Mask, PageAnalysis
from mangaflux.engine.base import RgbImage
from mangaflux.engine.finishing.lab_planes import lab_planes
from mangaflux.engine.finishing.merging import LIGHTNESS
from mangaflux.engine.finishing.tiles import Area, side_by_side

GrayImage = NDArray[np.uint8]
FloatImage = NDArray[np.float32]

#: Width, in pixels, at which pages are compared, strips too; and height of those that are wider than high.
_COMPARED_WIDTH, _COMPARED_HEIGHT = 720, 1024
#: Pixels at which they are compared at most.
_LARGEST_AREA = 4_000_000
#: Smaller pages are enlarged so far at most, that lines have the same width.
_LARGEST_SCALE = 2.0
#: Standard deviation of the blur that melts the dots of fine screens and keeps lines, in pixels.
_MELT = 1.5
#: Radius of the closing that finds strokes, in pixels, and how much darker than its surroundings a stroke is, CIE L*.
_STROKE_RADIUS, _STROKE_DEPTH = 6, 7.0
#: Steps of 8 bits for one of CIE L*.
_LEVELS = 2.55
#: Distance to a stroke, in pixels, where there is none.
LONGEST_DISTANCE = 10.0
#: Gradient, CIE Lab units a pixel, above which an edge counts no more: one black line is worth no more than one hue.
_STRONGEST_EDGE = 12.0
#: Share of a small pixel under the lettering mask from which it is lettering.
_LETTERED = 60


@dataclass(frozen=True, slots=True)
class Strokes:
    """The lightness of one picture and its thin dark strokes; all (h, w)."""

    #: float32, CIE L* 0–100.
    lightness: FloatImage
    #: True on thin dark strokes.
    strokes: Mask
    #: float32: to the nearest stroke, in pixels; see `distance_to`.
    distance: FloatImage


@dataclass(frozen=True, slots=True)
class Picture(Strokes):
    """What is compared of one picture that is judged for its edges too."""

    #: (h, w) float32, 0–12: how fast lightness and colour change.
    edges: FloatImage


@dataclass(frozen=True, slots=True)
class Comparison:
    """One page and what was made of it; all maps are of one size."""

    #: Pixels of the maps for one pixel of the page.
    scale: float
    page: Picture
    #: The page as it was printed: what is left of dots is no invention where an engine repeats them.
    printed: Picture
    layer: Picture
    finished: Strokes
    #: (h, w) float32 each: a* and b* of the layer.
    chroma: tuple[FloatImage, FloatImage]
    balloons: Mask
    lettering: Mask

    def area(self, bbox: BoundingBox, margin: int = 0) -> Area:
        """Rows and columns of a box of the page, without so many pixels at each edge."""
        x, y, width, height = (round(value * self.scale) for value in bbox)
        return slice(y + margin, max(y + margin, y + height - margin)), slice(
            x + margin, max(x + margin, x + width - margin)
        )


def compare(
    page: RgbImage, drawing: GrayImage, layer: RgbImage, finished: RgbImage, analysis: PageAnalysis
) -> Comparison:
    """The three pictures at one size.

    Args:
        page: (H, W, 3) uint8 sRGB, the original.
        drawing: (H, W) uint8, the page's levels without screentone.
        layer: (h, w, 3) uint8 sRGB, what the engine painted of the whole page.
        finished: (H, W, 3) uint8 sRGB.
        analysis: of the page.
    """
    height, width = drawing.shape
    scale = _scale(height, width)
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    gray = np.asarray(cv2.cvtColor(page, cv2.COLOR_RGB2GRAY), np.uint8)
    pictures = side_by_side(lambda image: _small(image, size), (finished, layer, gray, drawing))
    levels, layer_lab = _to_levels(pictures[0]), list(lab_planes(pictures[1]))
    printed, drawn = ([_to_lightness(picture)] for picture in pictures[2:])
    judged = (layer_lab, printed, drawn)
    in_levels = [(planes[0], _in_levels(planes[0])) for planes in judged]
    in_levels.append((np.asarray(levels * np.float32(1 / _LEVELS), np.float32), levels))
    *strokes, of_finished = side_by_side(lambda each: _strokes(*each), in_levels)
    of_layer, of_printed, of_drawing = map(_picture, strokes, side_by_side(_edges, judged))
    return Comparison(
        scale=scale,
        page=of_drawing,
        printed=of_printed,
        layer=of_layer,
        finished=of_finished,
        chroma=(layer_lab[1], layer_lab[2]),
        balloons=_share(analysis.balloon_mask, size) > 127,
        lettering=_share(analysis.lettering_mask, size) > _LETTERED,
    )


def _scale(height: int, width: int) -> float:
    wanted = _COMPARED_HEIGHT / height if width > height else _COMPARED_WIDTH / width
    return float(min(wanted, _LARGEST_SCALE, (_LARGEST_AREA / (height * width)) ** 0.5))


def distance_to(mask: Mask) -> FloatImage:
    """(h, w) float32: pixels to the nearest True one; 10 where there is none."""
    if not mask.any():
        return np.full(mask.shape, LONGEST_DISTANCE, np.float32)
    return np.asarray(cv2.distanceTransform((~mask).view(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_5), np.float32)


def _picture(strokes: Strokes, edges: FloatImage) -> Picture:
    return Picture(strokes.lightness, strokes.strokes, strokes.distance, edges)


def _in_levels(lightness: FloatImage) -> GrayImage:
    return np.asarray(cv2.convertScaleAbs(lightness, alpha=_LEVELS), np.uint8)


def _edges(planes: Sequence[FloatImage]) -> FloatImage:
    squares = np.zeros_like(planes[0])
    for plane in planes:
        smooth = cv2.GaussianBlur(plane, (0, 0), 1.0)
        cv2.accumulateSquare(cv2.Sobel(smooth, cv2.CV_32F, 1, 0, scale=0.25), squares)
        cv2.accumulateSquare(cv2.Sobel(smooth, cv2.CV_32F, 0, 1, scale=0.25), squares)
    return np.asarray(np.minimum(cv2.sqrt(squares), _STRONGEST_EDGE), np.float32)


def _strokes(lightness: FloatImage, levels: GrayImage) -> Strokes:
    """Of a picture's lightness, and of the same in 8 bits, in which a closing is several times faster."""
    side = 2 * _STROKE_RADIUS + 1
    disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (side, side))
    melted = cv2.GaussianBlur(levels, (0, 0), _MELT)
    strokes = np.asarray(cv2.morphologyEx(melted, cv2.MORPH_BLACKHAT, disc) > _STROKE_DEPTH * _LEVELS)
    return Strokes(lightness, strokes, distance_to(strokes))


def _to_levels(image: RgbImage) -> GrayImage:
    """CIE L* in 8 bits."""
    return np.asarray(cv2.extractChannel(cv2.cvtColor(image, cv2.COLOR_RGB2LAB), 0), np.uint8)


def _to_lightness(gray: GrayImage) -> FloatImage:
    return np.asarray(cv2.LUT(gray, LIGHTNESS), np.float32)


def _small(image: NDArray[np.uint8], size: tuple[int, int]) -> NDArray[np.uint8]:
    shrinks = image.shape[0] > size[1]
    return np.asarray(
        cv2.resize(image, size, interpolation=cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR), dtype=np.uint8
    )


def _share(mask: Mask, size: tuple[int, int]) -> GrayImage:
    """How much of each small pixel is under a mask, 0–255."""
    return _small(mask.view(np.uint8) * np.uint8(255), size)
