"""Where on the page is lettering? Pure functions; any thread.

Glyphs are small dark shapes with thin strokes on light ground; lettering is where several of them of like size stand
close together, in lines or in columns. Layout pixels, where not said otherwise.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components
from scipy.spatial import cKDTree

from mangaflux.engine.analysis.detections import NOTHING_DETECTED, Detections
from mangaflux.engine.analysis.metadata import BoundingBox, Lettering, LetteringKind, Mask
from mangaflux.engine.analysis.sheet import Sheet

#: Ink is darker than this part of the brightest level around it, which also holds on grey and yellowed paper.
_INK_LEVEL = 0.66
#: Smallest and largest side of a glyph or of a part of one, in thousandths of the long side.
_SMALLEST, _LARGEST = 3.5, 48.0
#: Smallest usual size of the glyphs of a block, in the same unit: smaller ones cannot be read.
_READABLE = 7.0
#: More candidates than this are a texture; the smallest are left out.
_MOST_GLYPHS = 4000
#: Gap between neighbours in a block, as a part of the larger one's side.
_REACH = 0.85
#: Darker than this, 0–255, is ink on the paper of a balloon.
_BALLOON_INK = 170
#: A block has at least so many glyphs (or parts of glyphs).
_FEWEST = 2
#: Largest block, as a part of the page: more is a texture.
_LARGEST_BLOCK = 0.05
#: The paper of lettering is at least so light, 0–255; its shades are at most so much darker.
_DARKEST_PAPER, SHADE = 130, 35
#: Part of the ground between the letters that must be light.
_CLEAN_GROUND = 0.86


@dataclass(frozen=True, slots=True)
class Glyphs:
    """Shapes that may be letters."""

    #: (N, 4) int32: x, y, width, height.
    boxes: NDArray[np.int32]
    #: (h, w) int32: the number of the glyph, counted from 1, that a pixel belongs to; 0 elsewhere.
    labels: NDArray[np.int32]
    #: (N,) int32: which connected piece of ground a glyph stands on; lettering does not reach across an outline.
    grounds: NDArray[np.int32]


@dataclass(frozen=True, slots=True)
class TextBlock:
    """Glyphs that stand together."""

    bbox: BoundingBox
    #: The usual larger side of a glyph.
    glyph_size: float
    #: Numbers of its glyphs in `Glyphs.labels`.
    glyphs: NDArray[np.intp]
    #: Part of the block, 0–1, that its glyphs take, each with half the gap to the next: text fills its block evenly.
    density: float
    #: Level of the paper between its letters, 0–255.
    paper: float


@dataclass(frozen=True, slots=True)
class LetteringCandidates:
    """Everything on a page that may be lettering; drawings come in among it, and balloons tell them apart."""

    #: (h, w) True on every pixel that is dark against its surroundings.
    ink: Mask
    glyphs: Glyphs
    blocks: list[TextBlock]


@dataclass(frozen=True, slots=True)
class LetteringBlock:
    """A block that is lettering."""

    block: TextBlock
    kind: LetteringKind


def find_lettering(sheet: Sheet, seen: Detections = NOTHING_DETECTED) -> LetteringCandidates:
    """What may be lettering on a page."""
    del seen
    ink = _dark_pixels(sheet)
    glyphs = _find_glyphs(ink, sheet.unit)
    return LetteringCandidates(ink, glyphs, _group_glyphs(sheet, glyphs))


def is_free_lettering(block: TextBlock) -> bool:
    """True where a block reads as lettering by itself, without a balloon around it: several even glyphs in a line."""
    longer, shorter = max(block.bbox[2:]), min(block.bbox[2:])
    in_line = longer > 2.2 * shorter and shorter < 2.5 * block.glyph_size
    return in_line and len(block.glyphs) >= 5 and block.density > 0.6


def lettering_area(sheet: Sheet, blocks: Sequence[LetteringBlock]) -> Mask:
    """(h, w) at layout size: True inside the boxes of the blocks; sound effects may lie across gutters."""
    inside = np.zeros(sheet.gray.shape, dtype=np.bool_)
    for found in blocks:
        x, y, width, height = found.block.bbox
        inside[y : y + height, x : x + width] = True
    return inside


def describe_lettering(sheet: Sheet, blocks: Sequence[LetteringBlock]) -> tuple[Lettering, ...]:
    """The blocks in pixels of the page."""
    return tuple(Lettering(bbox=sheet.page_box(found.block.bbox), kind=found.kind) for found in blocks)


def lettering_pixels(
    sheet: Sheet, candidates: LetteringCandidates, blocks: Sequence[LetteringBlock], balloon_mask: Mask
) -> Mask:
    """(H, W) at page size: True on the ink of the blocks and on all ink inside balloons, and a few pixels around it.

    Args:
        sheet: the page.
        candidates: what `find_lettering` found on it.
        blocks: those that are lettering.
        balloon_mask: (H, W) True inside balloons.
    """
    near = np.zeros(candidates.ink.shape, dtype=np.uint8)
    for found in blocks:
        x, y, width, height = found.block.bbox
        # Full stops and accents lie outside of the glyphs' box.
        margin = round(0.3 * found.block.glyph_size)
        near[max(0, y - margin) : y + height + margin, max(0, x - margin) : x + width + margin] = 1
    ink = sheet.page_mask((near > 0) & candidates.ink) | (balloon_mask & (sheet.page < _BALLOON_INK))
    side = max(3, round(3 * sheet.unit * max(sheet.scale))) | 1
    return np.asarray(cv2.dilate(ink.astype(np.uint8), np.ones((side, side), np.uint8)) > 0)


def _dark_pixels(sheet: Sheet) -> Mask:
    side = max(3, round(40 * sheet.unit)) | 1
    around = cv2.blur(cv2.dilate(sheet.gray, np.ones((side, side), np.uint8)), (side, side))
    return np.asarray(sheet.gray < _INK_LEVEL * around)


def _find_glyphs(ink: Mask, unit: float) -> Glyphs:
    """The shapes in `ink` that have the size, the stroke and the light ground of a letter."""
    count, found, found_stats, _ = cv2.connectedComponentsWithStats(ink.astype(np.uint8), connectivity=8)
    labels, stats = np.asarray(found, dtype=np.int32), np.asarray(found_stats, dtype=np.int32)
    sides = stats[:, 2:4].max(axis=1)
    possible = (sides >= _SMALLEST * unit) & (sides <= _LARGEST * unit)
    possible[0] = False
    possible &= _thin_strokes(ink, labels, count, sides) & ~_round_dots(stats, unit)
    chosen = np.flatnonzero(possible)
    if len(chosen) > _MOST_GLYPHS:
        chosen = np.sort(chosen[np.argsort(-sides[chosen], kind="stable")[:_MOST_GLYPHS]])
    numbers = np.zeros(count, dtype=np.int32)
    numbers[chosen] = np.arange(1, len(chosen) + 1)
    boxes = np.asarray(stats[chosen, :4], dtype=np.int32)
    return Glyphs(boxes, numbers[labels], _grounds(ink, labels, count)[chosen])


def _group_glyphs(sheet: Sheet, glyphs: Glyphs) -> list[TextBlock]:
    """The blocks that the glyphs form, from top to bottom."""
    boxes = glyphs.boxes
    if len(boxes) < _FEWEST:
        return []
    pairs = _neighbours(boxes)
    pairs = pairs[glyphs.grounds[pairs[:, 0]] == glyphs.grounds[pairs[:, 1]]]
    links = coo_matrix((np.ones(len(pairs)), (pairs[:, 0], pairs[:, 1])), shape=(len(boxes),) * 2)
    count, group = connected_components(links, directed=False)
    sizes = np.bincount(group, minlength=count)
    found = (_block(sheet, glyphs, np.flatnonzero(group == number)) for number in np.flatnonzero(sizes >= _FEWEST))
    blocks = [block for block in found if block is not None]
    return sorted(blocks, key=lambda block: (block.bbox[1], block.bbox[0]))


def _thin_strokes(ink: Mask, labels: NDArray[np.int32], count: int, sides: NDArray[np.int32]) -> Mask:
    depth = cv2.distanceTransform(ink.astype(np.uint8), cv2.DIST_L2, 3)
    deepest = np.zeros(count, dtype=np.float32)
    np.maximum.at(deepest, labels[ink], depth[ink])
    return np.asarray(2 * deepest - 1 < np.maximum(4.0, 0.55 * sides))


def _grounds(ink: Mask, labels: NDArray[np.int32], count: int) -> NDArray[np.int32]:
    """The ground above the first pixel, in raster order, of every shape: what lies outside of it."""
    _, pieces = cv2.connectedComponents((~ink).astype(np.uint8), connectivity=4)
    places = np.flatnonzero(ink)[::-1]
    first = np.zeros(count, dtype=np.intp)
    first[labels.ravel()[places]] = places
    above = np.maximum(0, first - ink.shape[1])
    return np.asarray(pieces.ravel()[above], dtype=np.int32)


def _round_dots(stats: NDArray[np.int32], unit: float) -> Mask:
    width, height, area = stats[:, 2], stats[:, 3], stats[:, 4]
    filled = area > 0.68 * width * height
    even = np.maximum(width, height) < 1.4 * np.minimum(width, height)
    return np.asarray(filled & even & (np.maximum(width, height) < 12 * unit))


def _neighbours(boxes: NDArray[np.int32]) -> NDArray[np.intp]:
    """(M, 2) pairs of glyphs of like size that stand close together."""
    sides = boxes[:, 2:4].max(axis=1).astype(float)
    centres = boxes[:, :2] + boxes[:, 2:4] / 2
    pairs = cKDTree(centres).query_pairs(float(sides.max() * (1 + _REACH)), output_type="ndarray")
    first, second = boxes[pairs[:, 0]], boxes[pairs[:, 1]]
    gaps = np.maximum(first[:, :2], second[:, :2]) - np.minimum(
        first[:, :2] + first[:, 2:4], second[:, :2] + second[:, 2:4]
    )
    gap = np.hypot(*np.maximum(0, gaps).T)
    larger = np.maximum(sides[pairs[:, 0]], sides[pairs[:, 1]])
    smaller = np.minimum(sides[pairs[:, 0]], sides[pairs[:, 1]])
    return np.asarray(pairs[(gap <= _REACH * larger) & (larger <= 4 * smaller)], dtype=np.intp)


def _block(sheet: Sheet, glyphs: Glyphs, members: NDArray[np.intp]) -> TextBlock | None:
    """The block that these glyphs form; None where they are too small to read or stand on a drawing."""
    boxes = glyphs.boxes[members]
    left, top = boxes[:, :2].min(axis=0)
    right, bottom = (boxes[:, :2] + boxes[:, 2:4]).max(axis=0)
    size = float(np.percentile(boxes[:, 2:4].max(axis=1), 70))
    place = np.s_[top:bottom, left:right]
    letters = np.isin(glyphs.labels[place], members + 1).astype(np.uint8)
    # Beside a letter lies its soft edge.
    paper = _paper(sheet.gray[place][cv2.dilate(letters, np.ones((3, 3), np.uint8)) == 0])
    too_large = (right - left) * (bottom - top) > _LARGEST_BLOCK * sheet.gray.size
    if size < _READABLE * sheet.unit or too_large or paper is None or _are_boxes(glyphs, members):
        return None
    box = (int(left), int(top), int(right - left), int(bottom - top))
    return TextBlock(box, size, members + 1, _density(boxes - (left, top, 0, 0), box, size), paper)


def _are_boxes(glyphs: Glyphs, members: NDArray[np.intp]) -> bool:
    """True where most of the shapes are drawn boxes, as windows and books are: they fill their borders."""
    boxed = 0
    for number in members.tolist():
        x, y, width, height = glyphs.boxes[number].tolist()
        own = glyphs.labels[y : y + height, x : x + width] == number + 1
        ends = (own[:2].any(axis=0), own[-2:].any(axis=0), own[:, :2].any(axis=1), own[:, -2:].any(axis=1))
        boxed += min(float(end.mean()) for end in ends) > 0.9 and float(own.mean()) < 0.85
    return boxed > 0.4 * len(members)


def _paper(ground: NDArray[np.uint8]) -> float | None:
    """The level of the ground between letters; None where it is a drawing or screentone."""
    paper = float(np.percentile(ground, 75)) if len(ground) else 0.0
    clean = paper >= _DARKEST_PAPER and np.mean(ground > paper - SHADE) >= _CLEAN_GROUND
    return paper if clean else None


def _density(boxes: NDArray[np.int32], bbox: BoundingBox, size: float) -> float:
    cells = np.zeros((bbox[3], bbox[2]), dtype=np.uint8)
    half_gap = round(0.35 * size)
    for x, y, width, height in boxes.tolist():
        cells[max(0, y - half_gap) : y + height + half_gap, max(0, x - half_gap) : x + width + half_gap] = 1
    return float(cells.mean())
