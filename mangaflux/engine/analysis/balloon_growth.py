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
_EROSIONS = (0.0, 1.6, 2.4, 4.0, 5.6)
#: Blocks share a ground whose papers are within so many levels, 0–255.
_SAME_PAPER = 16
#: Less surely text than this is in no balloon.
_SCORE = 0.45
#: Largest area of a part that is grown, in square thousandths of what a reader sees at once: more is no balloon.
LARGEST = 140_000
#: Part of the pixels of a line that must be inside a shape for the line to be in it.
LINE_INSIDE = 0.7
#: How far a balloon reaches beyond the box of its text at most, in the same thousandths.
_REACH = 400.0
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
    def whole_contour(self) -> NDArray[np.int32]:
        """(N, 2) int32, in pixels of the whole reading layout."""
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
        likely = [block for block in members if block.score >= _SCORE and not block.is_scene]
        for paper in sorted({_rounded(block.paper) for block in likely}, reverse=True):
            alike = tuple(block for block in likely if _rounded(block.paper) == paper)
            level = float(np.median([block.paper for block in alike])) - SHADE
            yield Ground(alike, (seen > level) | around, letters, text)


def wear(ground: Ground, unit: float) -> Iterator[WornGround]:
    """A ground, worn down more and more."""
    depth = np.asarray(cv2.distanceTransform(ground.light.astype(np.uint8), cv2.DIST_L2, 3), dtype=np.float32)
    for radius in (erosion * unit for erosion in _EROSIONS):
        left = (depth > radius).astype(np.uint8)
        _, labels = cv2.connectedComponents(left, connectivity=4)
        yield WornGround(radius, np.asarray(labels, dtype=np.int32))


def grow(ground: Ground, worn: WornGround, number: int, block: TextBlock, unit: float) -> Growth | None:
    """A part of the worn ground around a block, as far as it was before; None where it is too large for a balloon."""
    place = _place(worn, number, block, unit)
    if place is None:
        return None
    around = _surroundings(ground, block, place)
    held = worn.labels[around.crop] == number
    if worn.radius > 0:
        away = cv2.distanceTransform((~held).view(np.uint8), cv2.DIST_L2, 3)
        held = (away <= worn.radius) & around.light
    return outlined_growth(around, held.view(np.uint8))


def surroundings(ground: Ground, block: TextBlock) -> Surroundings:
    """The ground around a block, as far as a balloon may reach."""
    _, _, width, height = block.bbox
    margin = round(1.6 * max(width, height) + 4 * block.height)
    return _surroundings(ground, block, _widened(block.crop, margin, ground.light.shape))


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


def _place(worn: WornGround, number: int, block: TextBlock, unit: float) -> Crop | None:
    """Where a part and a block lie, with a margin; None where the part is too large for a balloon."""
    around = _widened(block.crop, round(_REACH * unit), worn.labels.shape)
    held = (worn.labels[around] == number).view(np.uint8)
    if cv2.countNonZero(held) > LARGEST * unit**2:
        return None
    x, y, width, height = cv2.boundingRect(held)
    top, left = around[0].start + y, around[1].start + x
    rows = slice(min(top, block.crop[0].start), max(top + height, block.crop[0].stop))
    columns = slice(min(left, block.crop[1].start), max(left + width, block.crop[1].stop))
    return _widened((rows, columns), _MARGIN + int(worn.radius), worn.labels.shape)


def _widened(crop: Crop, margin: int, shape: tuple[int, ...]) -> Crop:
    """A crop with a margin around it, inside the page."""
    rows, columns = crop
    return (
        slice(max(0, rows.start - margin), min(shape[0], rows.stop + margin)),
        slice(max(0, columns.start - margin), min(shape[1], columns.stop + margin)),
    )


def _surroundings(ground: Ground, block: TextBlock, crop: Crop) -> Surroundings:
    """A part of a ground that holds a block."""
    height, width = ground.light.shape
    region = np.zeros((crop[0].stop - crop[0].start, crop[1].stop - crop[1].start), dtype=np.bool_)
    region[_within(block.crop, crop)] = block.region
    edges = (crop[1].start == 0, crop[0].start == 0, crop[1].stop == width, crop[0].stop == height)
    return Surroundings(crop, ground.light[crop], ground.letters[crop], ground.text[crop], region, edges)


def _within(inner: Crop, outer: Crop) -> Crop:
    rows, columns = inner
    top, left = outer[0].start, outer[1].start
    return slice(rows.start - top, rows.stop - top), slice(columns.start - left, columns.stop - left)
