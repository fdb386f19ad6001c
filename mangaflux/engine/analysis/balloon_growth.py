"""Where does the ground around a block of text end? Pure functions; any thread. Pixels of the reading layout.

The ground around the letters is taken as far as the outline lets it; where the outline has a gap, the ground is worn
down until the gap closes.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from mangaflux.engine.analysis.metadata import Mask
from mangaflux.engine.analysis.text_blocks import SHADE, Crop, TextBlock

#: Radii, in thousandths of what a reader sees at once, by which the ground is worn down until it no longer leaks.
_EROSIONS = (0.0, 0.8, 1.6, 2.4, 4.0, 5.6)
#: Part of the pixels of a line that must be inside a shape for the line to be in it.
LINE_INSIDE = 0.7


@dataclass(frozen=True, slots=True, eq=False)
class Surroundings:
    """A part of the page around one block; all (h, w) bool, of the inverted page where its letters are light."""

    crop: Crop
    #: The ground, and the letters on it.
    light: Mask
    #: Letters of all blocks of this polarity; inside the lines of all of them.
    letters: Mask
    text: Mask
    #: Inside the lines of this block.
    region: Mask
    #: Whether left, top, right and bottom of the crop are edges of the page.
    page_edges: tuple[bool, bool, bool, bool]


@dataclass(frozen=True, slots=True, eq=False)
class Growth:
    """The ground around a block, worn down by one of the radii."""

    #: (N, 2) int32, in pixels of the crop.
    contour: NDArray[np.int32]
    #: (h, w) uint8: 1 inside the contour.
    filled: NDArray[np.uint8]


@dataclass(frozen=True, slots=True, eq=False)
class TextMap:
    """The lettering of a page for one polarity; (h, w) bool."""

    letters: Mask
    text: Mask


def map_text(shape: tuple[int, ...], blocks: Sequence[TextBlock], *, inverted: bool) -> TextMap:
    """Where the letters and the lines of the blocks of one polarity are."""
    letters, text = np.zeros(shape, dtype=np.bool_), np.zeros(shape, dtype=np.bool_)
    for block in blocks:
        if block.is_inverted == inverted:
            letters[block.crop] |= block.apart
            text[block.crop] |= block.region
    return TextMap(letters, text)


def surroundings(gray: NDArray[np.uint8], block: TextBlock, known: TextMap) -> Surroundings:
    """The page around a block, as far as a balloon may reach."""
    crop = _crop(block, gray.shape)
    seen = 255 - gray[crop] if block.is_inverted else gray[crop]
    letters = known.letters[crop]
    # Beside a letter lies its soft edge.
    light = (seen > block.paper - SHADE) | (cv2.dilate(letters.astype(np.uint8), np.ones((3, 3), np.uint8)) > 0)
    region = np.zeros(seen.shape, dtype=np.bool_)
    region[_within(block.crop, crop)] = block.region
    rows, columns = crop
    edges = (columns.start == 0, rows.start == 0, columns.stop == gray.shape[1], rows.stop == gray.shape[0])
    return Surroundings(crop, light, letters, known.text[crop], region, edges)


def growths(around: Surroundings, unit: float) -> Iterator[Growth]:
    """The ground around a block, worn down more and more; none where nothing of it holds the text."""
    depth = np.asarray(cv2.distanceTransform(around.light.astype(np.uint8), cv2.DIST_L2, 3), dtype=np.float32)
    for radius in (erosion * unit for erosion in _EROSIONS):
        ground = _ground(around, depth, radius)
        contour = _outer_contour(ground)
        if contour is not None:
            filled = np.zeros(ground.shape, dtype=np.uint8)
            cv2.fillPoly(filled, [contour], (1,))
            yield Growth(contour, filled)


def _crop(block: TextBlock, shape: tuple[int, ...]) -> Crop:
    x, y, width, height = block.bbox
    margin = round(1.6 * max(width, height) + 4 * block.height)
    top, bottom = (
        min(block.crop[0].start, max(0, y - margin)),
        max(block.crop[0].stop, min(shape[0], y + height + margin)),
    )
    left, right = (
        min(block.crop[1].start, max(0, x - margin)),
        max(block.crop[1].stop, min(shape[1], x + width + margin)),
    )
    return slice(top, bottom), slice(left, right)


def _within(inner: Crop, outer: Crop) -> Crop:
    rows, columns = inner
    top, left = outer[0].start, outer[1].start
    return slice(rows.start - top, rows.stop - top), slice(columns.start - left, columns.stop - left)


def _ground(around: Surroundings, depth: NDArray[np.float32], radius: float) -> NDArray[np.uint8]:
    """The ground that holds most of the text, leaks narrower than twice the radius closed."""
    _, labels = cv2.connectedComponents((depth > radius).astype(np.uint8), connectivity=4)
    inside = labels[around.region & (labels > 0)]
    if not len(inside):
        return np.zeros(labels.shape, dtype=np.uint8)
    held = labels == np.bincount(inside).argmax()
    if radius > 0:
        away = cv2.distanceTransform((~held).astype(np.uint8), cv2.DIST_L2, 3)
        held = (away <= radius) & around.light
    return np.asarray(held, dtype=np.uint8)


def _outer_contour(ground: NDArray[np.uint8]) -> NDArray[np.int32] | None:
    contours, _ = cv2.findContours(ground, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    if not contours:
        return None
    return np.asarray(max(contours, key=cv2.contourArea).reshape(-1, 2), dtype=np.int32)
