"""Which light shapes of the page are balloons? Pure functions; any thread. Layout pixels, where not said otherwise.

A balloon is found from its text: the light ground around a block of text is taken as far as the outline lets it, and
where the outline has a gap the ground is worn down until the gap closes. What comes out is a balloon only if it is
compact, bounded by ink, and holds little but its text.
"""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from mangaflux.engine.analysis.detections import NOTHING_DETECTED, Detections
from mangaflux.engine.analysis.lettering import (
    SHADE,
    Glyphs,
    LetteringBlock,
    LetteringCandidates,
    TextBlock,
    is_free_lettering,
)
from mangaflux.engine.analysis.metadata import Balloon, Mask, Panel
from mangaflux.engine.analysis.sheet import Sheet

#: Darker than this, 0–255, is the outline and not the balloon.
_OUTLINE_LEVEL = 150
#: Radii, in layout pixels, by which the ground is worn down until it no longer leaks.
_EROSIONS = (0, 1, 2, 3, 5, 7)
#: Largest balloon: as a part of the page, and in areas of its text.
_LARGEST_SHARE, _LARGEST_OF_TEXT = 0.12, 16.0
#: Part of a convex hull that a balloon fills; tails and spikes take the rest.
_SOLIDITY = 0.62
#: Glyphs larger than this, in thousandths of the long side, are sound effects unless their balloon is a plain one.
_LARGE_GLYPHS = 28.0
#: Part of the contour that ink must bound.
_OUTLINED = 0.7
#: Part of the ground, away from the text, that may be ink or screentone: faces have features, balloons do not.
_CLUTTER = 0.035
#: A block of fewer glyphs may be the features of a face.
_FEW = 12


@dataclass(frozen=True, slots=True)
class BalloonShape:
    """A balloon in layout pixels."""

    #: (N, 2) int32.
    contour: NDArray[np.int32]
    block: TextBlock
    #: Boxes with square corners are captions.
    is_box: bool


@dataclass(frozen=True, slots=True)
class _Surroundings:
    """A part of the page around one block; all (h, w) uint8, 0 or 1."""

    #: Paper, and the letters on it.
    light: NDArray[np.uint8]
    #: The boxes of all blocks.
    text: NDArray[np.uint8]
    #: The box of this block.
    block: NDArray[np.uint8]
    #: The letters of all blocks.
    letters: NDArray[np.uint8]


def find_balloons(
    sheet: Sheet, candidates: LetteringCandidates, seen: Detections = NOTHING_DETECTED
) -> list[BalloonShape]:
    """The balloons around the lettering, from top to bottom; several blocks in one balloon give one shape."""
    del seen
    glyphs, blocks = candidates.glyphs, candidates.blocks
    shapes: list[BalloonShape] = []
    taken = np.zeros(sheet.gray.shape, dtype=np.uint8)
    for block in sorted(blocks, key=lambda block: -len(block.glyphs)):
        x, y, width, height = block.bbox
        if taken[y : y + height, x : x + width].mean() > 0.5:
            continue
        contour = _grow(sheet, glyphs, block, blocks)
        if contour is not None:
            cv2.fillPoly(taken, [contour], (1,))
            shapes.append(BalloonShape(contour, block, _is_box(contour)))
    return sorted(shapes, key=lambda shape: (int(shape.contour[:, 1].min()), int(shape.contour[:, 0].min())))


def balloon_area(sheet: Sheet, shapes: list[BalloonShape]) -> Mask:
    """(h, w) at layout size: True inside the balloons."""
    inside = np.zeros(sheet.gray.shape, dtype=np.uint8)
    for shape in shapes:
        cv2.fillPoly(inside, [shape.contour], (1,))
    return inside > 0


def balloon_pixels(sheet: Sheet, shapes: list[BalloonShape]) -> Mask:
    """(H, W) at page size: True inside the balloons, up to their outlines."""
    inside = balloon_area(sheet, shapes)
    core = cv2.erode(inside.astype(np.uint8), np.ones((5, 5), np.uint8)) > 0
    whole = sheet.page_mask(inside)
    return np.asarray(whole & (sheet.page_mask(core) | (sheet.page > _OUTLINE_LEVEL)))


def lettering_blocks(candidates: LetteringCandidates, shapes: list[BalloonShape]) -> list[LetteringBlock]:
    """The lettering among the candidates: what stands in balloons, and lines of text beside them."""
    found = []
    for block in candidates.blocks:
        x, y = block.bbox[0] + block.bbox[2] / 2, block.bbox[1] + block.bbox[3] / 2
        holder = next((shape for shape in shapes if cv2.pointPolygonTest(shape.contour, (x, y), False) >= 0), None)
        if holder is not None:
            found.append(LetteringBlock(block, "caption" if holder.is_box else "speech"))
        elif is_free_lettering(block):
            found.append(LetteringBlock(block, "caption"))
    return found


def describe_balloons(sheet: Sheet, shapes: list[BalloonShape], panels: tuple[Panel, ...]) -> tuple[Balloon, ...]:
    """The balloons in pixels of the page, each with the panel that holds most of it."""
    return tuple(_describe(sheet, shape, panels) for shape in shapes)


def _describe(sheet: Sheet, shape: BalloonShape, panels: tuple[Panel, ...]) -> Balloon:
    box = sheet.page_box(_bounds(shape.contour))
    simple = cv2.approxPolyDP(shape.contour, 1.0, closed=True).reshape(-1, 2)
    shared = [(_shared_area(box, panel.bbox), -panel.order) for panel in panels]
    most, order = max(shared, default=(0, 0))
    return Balloon(bbox=box, polygon=sheet.page_polygon(simple.astype(np.int32)), panel=-order if most else None)


def _shared_area(first: tuple[int, int, int, int], second: tuple[int, int, int, int]) -> int:
    width = min(first[0] + first[2], second[0] + second[2]) - max(first[0], second[0])
    height = min(first[1] + first[3], second[1] + second[3]) - max(first[1], second[1])
    return max(0, width) * max(0, height)


def _bounds(contour: NDArray[np.int32]) -> tuple[int, int, int, int]:
    x, y, width, height = cv2.boundingRect(contour)
    return x, y, width, height


def _grow(sheet: Sheet, glyphs: Glyphs, block: TextBlock, blocks: list[TextBlock]) -> NDArray[np.int32] | None:
    left, top, right, bottom = _crop(block, sheet.gray.shape)
    part = np.s_[top:bottom, left:right]
    letters = np.isin(glyphs.labels[part], np.concatenate([other.glyphs for other in blocks])).astype(np.uint8)
    light = (sheet.gray[part] > block.paper - SHADE) | (cv2.dilate(letters, np.ones((3, 3), np.uint8)) > 0)
    text = _boxes_mask(blocks, sheet.gray.shape)[part]
    around = _Surroundings(light.astype(np.uint8), text, _boxes_mask([block], sheet.gray.shape)[part], letters)
    for radius in _EROSIONS:
        contour = _outer_contour(_ground(around.light, around.block, radius))
        if contour is not None and _is_balloon(contour, around, block, sheet):
            return np.add(contour, (left, top), dtype=np.int32)
    return None


def _crop(block: TextBlock, shape: tuple[int, ...]) -> tuple[int, int, int, int]:
    x, y, width, height = block.bbox
    margin = round(1.6 * max(width, height) + 4 * block.glyph_size)
    return max(0, x - margin), max(0, y - margin), min(shape[1], x + width + margin), min(shape[0], y + height + margin)


def _boxes_mask(blocks: list[TextBlock], shape: tuple[int, ...]) -> NDArray[np.uint8]:
    area = np.zeros(shape, dtype=np.uint8)
    for x, y, width, height in (block.bbox for block in blocks):
        area[y : y + height, x : x + width] = 1
    return area


def _ground(light: NDArray[np.uint8], text: NDArray[np.uint8], radius: int) -> NDArray[np.uint8]:
    """The light ground that holds most of the text, leaks narrower than twice the radius closed."""
    disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * radius + 1, 2 * radius + 1))
    _, labels = cv2.connectedComponents(cv2.erode(light, disc), connectivity=4)
    inside = labels[(text > 0) & (labels > 0)]
    if not len(inside):
        return np.zeros_like(light)
    held = np.asarray(labels == np.bincount(inside).argmax(), dtype=np.uint8)
    return np.asarray((cv2.dilate(held, disc) > 0) & (light > 0), dtype=np.uint8)


def _outer_contour(ground: NDArray[np.uint8]) -> NDArray[np.int32] | None:
    contours, _ = cv2.findContours(ground, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    if not contours:
        return None
    return np.asarray(max(contours, key=cv2.contourArea).reshape(-1, 2), dtype=np.int32)


def _is_balloon(contour: NDArray[np.int32], around: _Surroundings, block: TextBlock, sheet: Sheet) -> bool:
    filled = np.zeros_like(around.light)
    cv2.fillPoly(filled, [contour], (1,))
    area, text_area = float(filled.sum()), float((filled & around.text).sum())
    if area > min(_LARGEST_OF_TEXT * text_area, _LARGEST_SHARE * sheet.gray.size) or _touches_edge(filled):
        return False
    solidity = area / max(1.0, cv2.contourArea(cv2.convexHull(contour)))
    if solidity < _SOLIDITY or filled[around.block > 0].mean() < 0.8:
        return False
    large = block.glyph_size > _LARGE_GLYPHS * sheet.unit
    if (solidity < 0.9 and text_area < 0.15 * area) or (solidity < 0.85 and large):
        return False
    ink = float((filled & around.letters).sum()) / max(1.0, text_area)
    outlined = _outlined(filled, around.light)
    if outlined < _OUTLINED or not _reads_as_text(block, ink, solidity, outlined):
        return False
    return _clutter(filled, around.light, around.text, block.glyph_size) < _CLUTTER


def _reads_as_text(block: TextBlock, ink: float, solidity: float, outlined: float) -> bool:
    """False where few glyphs are more likely the features of a face: a vague balloon needs sure text."""
    count = len(block.glyphs)
    if count < 3 and (solidity < 0.95 or outlined < 0.9):
        return False
    if count < _FEW:
        return outlined > 0.75 and block.density > 0.72 and ink > (0.14 if solidity > 0.93 else 0.25)
    return block.density > 0.45 and ink > 0.1


def _touches_edge(filled: NDArray[np.uint8]) -> bool:
    return bool(filled[0].any() or filled[-1].any() or filled[:, 0].any() or filled[:, -1].any())


def _clutter(filled: NDArray[np.uint8], light: NDArray[np.uint8], text: NDArray[np.uint8], reach: float) -> float:
    """The part of a shape that is neither light nor within reach of the text, where letters may have been missed."""
    side = max(9, 2 * round(0.6 * reach) + 1)
    near_text = cv2.dilate(text, np.ones((side, side), np.uint8))
    elsewhere = (cv2.erode(filled, np.ones((3, 3), np.uint8)) > 0) & (near_text == 0)
    return float(np.mean(light[elsewhere] == 0)) if elsewhere.any() else 0.0


def _outlined(filled: NDArray[np.uint8], light: NDArray[np.uint8]) -> float:
    """The part of the rim just outside of a shape that is not light; the border of the crop counts as light."""
    padded = np.pad(filled, 2)
    rim = (cv2.dilate(padded, np.ones((3, 3), np.uint8)) > 0) & (padded == 0)
    return float(np.mean(np.pad(light, 2, constant_values=1)[rim] == 0))


def _is_box(contour: NDArray[np.int32]) -> bool:
    _, (width, height), _ = cv2.minAreaRect(contour)
    return bool(cv2.contourArea(contour) > 0.93 * width * height)
