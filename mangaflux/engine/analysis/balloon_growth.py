"""Where does the ground around a block of text end? Pure functions; any thread. Pixels of the reading layout.

The ground around the letters is taken as far as the outline lets it; where the outline has a gap, the ground is worn
down until the gap closes. That is done for all blocks of a page at once, as one labelling of the page serves them all.
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
#: Blocks share a ground whose papers are within so many levels, 0–255.
_SAME_PAPER = 16
#: Largest area of a part that is grown, in square thousandths of what a reader sees at once: more is no balloon.
LARGEST = 140_000
#: Part of the pixels of a line that must be inside a shape for the line to be in it.
LINE_INSIDE = 0.7
#: The edge of a crop is so many pixels away from what is in it.
_MARGIN = 3


@dataclass(frozen=True, slots=True, eq=False)
class Ground:
    """What of a page is as light as the paper of some blocks; (h, w) bool, inverted where their letters are light."""

    blocks: tuple[TextBlock, ...]
    #: The ground, and the letters on it.
    light: Mask
    #: Letters of all blocks of this polarity; inside the lines of all of them.
    letters: Mask
    text: Mask


@dataclass(frozen=True, slots=True, eq=False)
class WornGround:
    """A ground, worn down by a radius, in its connected parts."""

    radius: float
    #: (h, w) the number of the part, 0 outside of all.
    labels: NDArray[np.int32]
    #: (parts, 5) as OpenCV tells them: x, y, width, height, area.
    stats: NDArray[np.int32]

    def part_around(self, block: TextBlock) -> int | None:
        """The number of the part that holds most of the text; None where none holds any."""
        inside = self.labels[block.crop][block.region]
        inside = inside[inside > 0]
        return int(np.bincount(inside).argmax()) if len(inside) else None


@dataclass(frozen=True, slots=True, eq=False)
class Surroundings:
    """A part of a ground around one block; all (h, w) bool."""

    crop: Crop
    light: Mask
    letters: Mask
    text: Mask
    #: Inside the lines of this block.
    region: Mask
    #: Whether left, top, right and bottom of the crop are edges of the page.
    page_edges: tuple[bool, bool, bool, bool]


@dataclass(frozen=True, slots=True, eq=False)
class Growth:
    """A shape that may be a balloon."""

    around: Surroundings
    #: (N, 2) int32, in pixels of the crop.
    contour: NDArray[np.int32]
    #: (h, w) uint8: 1 inside the contour.
    filled: NDArray[np.uint8]

    @property
    def page_contour(self) -> NDArray[np.int32]:
        """(N, 2) int32, in pixels of the page."""
        rows, columns = self.around.crop
        return np.add(self.contour, (columns.start, rows.start), dtype=np.int32)


def find_grounds(gray: NDArray[np.uint8], blocks: Sequence[TextBlock]) -> Iterator[Ground]:
    """The grounds of a page, dark letters first."""
    for inverted in (False, True):
        members = [block for block in blocks if block.is_inverted == inverted]
        letters, text = np.zeros(gray.shape, dtype=np.bool_), np.zeros(gray.shape, dtype=np.bool_)
        for block in members:
            letters[block.crop] |= block.apart
            text[block.crop] |= block.region
        # Beside a letter lies its soft edge.
        around = cv2.dilate(letters.astype(np.uint8), np.ones((3, 3), np.uint8)) > 0
        seen = 255 - gray if inverted else gray
        for paper in sorted({_rounded(block.paper) for block in members}, reverse=True):
            alike = tuple(block for block in members if _rounded(block.paper) == paper)
            level = float(np.median([block.paper for block in alike])) - SHADE
            yield Ground(alike, (seen > level) | around, letters, text)


def wear(ground: Ground, unit: float) -> Iterator[WornGround]:
    """A ground, worn down more and more."""
    depth = np.asarray(cv2.distanceTransform(ground.light.astype(np.uint8), cv2.DIST_L2, 3), dtype=np.float32)
    for radius in (erosion * unit for erosion in _EROSIONS):
        left = (depth > radius).astype(np.uint8)
        _, labels, stats, _ = cv2.connectedComponentsWithStats(left, connectivity=4)
        yield WornGround(radius, np.asarray(labels, dtype=np.int32), np.asarray(stats, dtype=np.int32))


def grow(ground: Ground, worn: WornGround, number: int, block: TextBlock, unit: float) -> Growth | None:
    """A part of the worn ground around a block, as far as it was before; None where it is too large for a balloon."""
    x, y, width, height, area = worn.stats[number].tolist()
    if area > LARGEST * unit**2:
        return None
    reach = _MARGIN + int(worn.radius)
    rows = slice(min(y - reach, block.crop[0].start), max(y + height + reach, block.crop[0].stop))
    columns = slice(min(x - reach, block.crop[1].start), max(x + width + reach, block.crop[1].stop))
    around = _surroundings(ground, block, rows, columns)
    held = worn.labels[around.crop] == number
    if worn.radius > 0:
        away = cv2.distanceTransform((~held).astype(np.uint8), cv2.DIST_L2, 3)
        held = (away <= worn.radius) & around.light
    return outlined_growth(around, held.astype(np.uint8))


def surroundings(ground: Ground, block: TextBlock) -> Surroundings:
    """The ground around a block, as far as a balloon may reach."""
    x, y, width, height = block.bbox
    margin = round(1.6 * max(width, height) + 4 * block.height)
    rows = slice(min(block.crop[0].start, y - margin), max(block.crop[0].stop, y + height + margin))
    columns = slice(min(block.crop[1].start, x - margin), max(block.crop[1].stop, x + width + margin))
    return _surroundings(ground, block, rows, columns)


def outlined_growth(around: Surroundings, held: NDArray[np.uint8]) -> Growth | None:
    """The largest shape of a mask, its holes filled; None where it is empty."""
    contours, _ = cv2.findContours(held, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    if not contours:
        return None
    contour = np.asarray(max(contours, key=cv2.contourArea).reshape(-1, 2), dtype=np.int32)
    filled = np.zeros(held.shape, dtype=np.uint8)
    cv2.fillPoly(filled, [contour], (1,))
    return Growth(around, contour, filled)


def _rounded(paper: float) -> int:
    return round(paper / _SAME_PAPER)


def _surroundings(ground: Ground, block: TextBlock, rows: slice, columns: slice) -> Surroundings:
    """The rows and columns of a ground, which may reach beyond the page."""
    height, width = ground.light.shape
    crop = slice(max(0, rows.start), min(height, rows.stop)), slice(max(0, columns.start), min(width, columns.stop))
    region = np.zeros((crop[0].stop - crop[0].start, crop[1].stop - crop[1].start), dtype=np.bool_)
    region[_within(block.crop, crop)] = block.region
    edges = (crop[1].start == 0, crop[0].start == 0, crop[1].stop == width, crop[0].stop == height)
    return Surroundings(crop, ground.light[crop], ground.letters[crop], ground.text[crop], region, edges)


def _within(inner: Crop, outer: Crop) -> Crop:
    rows, columns = inner
    top, left = outer[0].start, outer[1].start
    return slice(rows.start - top, rows.stop - top), slice(columns.start - left, columns.stop - left)
