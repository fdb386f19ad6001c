"""Which lines stand together, and which of their pixels are letters? Pure functions; any thread.

Pixels of the reading layout. Letters are darker than their paper or, inverted, lighter. Which of the two is decided by
shape: whatever of both reaches further is the ground.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components

from mangaflux.engine.analysis.metadata import BoundingBox, LetteringDirection, Mask
from mangaflux.engine.analysis.text_lines import TextLine

#: Lines of a block differ at most so much in height, and are at most so many heights apart.
_ALIKE, _APART = 1.7, 0.9
#: Margins around a line, in its heights: what is looked at, and where furigana and punctuation are looked for.
_AROUND, _BESIDE = 1.0, 0.45
#: Letters take at least this part of their lines, or the second where the score is at least the third: two thin letters
#: alone leave most of their line bare. So do eyes and a mouth, but with a lower score.
_LEAST_INK, _LEAST_THIN_INK, _SURELY = 0.07, 0.05, 0.9
#: Letters take less than this part of their lines; where they seem to take more, they are the ground, and the score of
#: the block is lowered to this part.
_MOST_INK, _UNCLEAR = 0.72, 0.85
#: Less of the letters than this touches nothing else: they may be the ground.
_APART_SHARE = 0.3
#: Margin around the part of a line that has letters and their ground only: less than none.
_CORE = -0.15
#: The ground may be so many levels, 0–255, darker than the paper.
SHADE = 35
#: The part of a shape that must lie in a line to be a letter of it, and the size, in heights, of a shape beside one.
_WITHIN, _SMALL = 0.6, 0.6
#: In heights: shapes smaller than this are dots of screentone, and strokes of letters are thicker than twice that.
_DOT, _STROKE = 0.1, 0.05
#: A line is so much higher than its larger letters, or less where lines run together; more is screentone.
_SPACED, _LETTER = 1.3, 0.25
#: A line is a column where it is so many times as high as wide.
_COLUMN = 1.4
#: Of the pixels of letters, in percent, those are in the thicker strokes that are deeper inside than the others.
_THICKER = 90.0
#: So many shapes, at least, larger than this part of a letter, that fill this part of their boxes are a grid; fewer
#: are where the ink of each takes less than this part of its box.
_PANES, _PANE, _RECTANGULAR, _HOLLOW = 4, 0.3, 0.9, 0.6
#: More light ink than this in dark lines is windows; less of it that touches nothing else is a scene.
_WINDOWS, _APART_IN_INK = 0.62, 0.5

Crop = tuple[slice, slice]


@dataclass(frozen=True, slots=True, eq=False)
class TextBlock:
    """Lines that stand together on one ground."""

    lines: tuple[TextLine, ...]
    #: x, y, width, height of its letters.
    bbox: BoundingBox
    #: The usual height of its lines, and of its letters with the space around them: less where lines run together.
    height: float
    letter_height: float
    #: Level of the ground, 0–255, and of the letters; both of the inverted page where `is_inverted`.
    paper: float
    ink: float
    is_inverted: bool
    #: Where `letters` and `region` lie.
    crop: Crop
    #: (h, w) True on its letters; on those of them that touch nothing else; inside its lines.
    letters: Mask
    apart: Mask
    region: Mask
    #: 0–1: how surely it is text.
    score: float

    @property
    def direction(self) -> LetteringDirection:
        """How its lines run."""
        return _direction(self.lines)

    @property
    def ink_share(self) -> float:
        """The part of its lines, 0–1, that its letters take."""
        return float((self.letters & self.region).sum()) / max(1.0, self.region_area)

    @property
    def apart_share(self) -> float:
        """The part of its letters, 0–1, that touches nothing else."""
        return float(self.apart.sum()) / max(1.0, float(self.letters.sum()))

    @property
    def is_scene(self) -> bool:
        """Whether its light letters are what is seen of paper between the inks of a drawing."""
        return self.is_inverted and (self.ink_share > _WINDOWS or self.apart_share < _APART_IN_INK)

    @property
    def stroke(self) -> float:
        """The width of its thicker strokes."""
        if not self.letters.any():
            return 0.0
        depth = cv2.distanceTransform(np.pad(self.letters.astype(np.uint8), 1), cv2.DIST_L2, 3)[1:-1, 1:-1]
        return 2 * float(np.percentile(depth[self.letters], _THICKER))

    @property
    def is_grid(self) -> bool:
        """Whether its letters are rectangles, most of them: windows, or tiles. A few must be hollow, as an I is not."""
        contours, _ = cv2.findContours(self.letters.astype(np.uint8), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
        boxes = [cv2.boundingRect(contour) for contour in contours]
        large = [number for number, box in enumerate(boxes) if max(box[2:]) > _PANE * self.letter_height]
        if not large:
            return False
        # A contour runs through the middles of its pixels.
        filled = [cv2.contourArea(contours[n]) / max(1, (boxes[n][2] - 1) * (boxes[n][3] - 1)) for n in large]
        inked = [float(self.letters[y : y + height, x : x + width].mean()) for x, y, width, height in boxes]
        are_hollow = max(inked[number] for number in large) < _HOLLOW
        return float(np.median(filled)) > _RECTANGULAR and (len(large) >= _PANES or are_hollow)

    @property
    def region_area(self) -> float:
        """Pixels inside its lines."""
        return float(self.region.sum())


def make_blocks(gray: NDArray[np.uint8], lines: Sequence[TextLine]) -> list[TextBlock]:
    """The blocks that lines form."""
    found = (make_block(gray, members) for members in _together(lines))
    return [block for block in found if block is not None]


def make_block(gray: NDArray[np.uint8], lines: Sequence[TextLine]) -> TextBlock | None:
    """The block of these lines; None where nothing of them is on the page or they have no contrast."""
    height = float(np.median([line.height for line in lines]))
    crop = _crop_around(lines, height, gray.shape)
    part = gray[crop]
    if min(part.shape) < 3:
        return None
    region = _filled(lines, 0.0, crop, part.shape)
    if not region.any():
        return None
    middle = _threshold(part[region])
    core = _filled(lines, _CORE, crop, part.shape)
    is_inverted = _reach(part >= middle, core) < _reach(part < middle, core)
    share = float(np.mean((part[core] >= middle) == is_inverted)) if core.any() else 0.0
    is_inverted ^= share > _MOST_INK
    score = float(np.mean([line.score for line in lines])) * (_UNCLEAR if share > _MOST_INK else 1.0)
    block = _seen_as(is_inverted, part, middle, region, crop, lines, score)
    if block is None or block.apart_share > _APART_SHARE:
        return block
    other = _seen_as(not is_inverted, part, middle, region, crop, lines, score)
    return block if other is None or other.apart_share <= block.apart_share else other


def _seen_as(
    is_inverted: bool,
    part: NDArray[np.uint8],
    middle: float,
    region: Mask,
    crop: Crop,
    lines: Sequence[TextLine],
    score: float,
) -> TextBlock | None:
    """The block, its letters taken as light or as dark; None where they have no contrast."""
    seen = 255 - part if is_inverted else part
    limit = 255 - middle if is_inverted else middle
    dark, light = seen[region & (seen < limit)], seen[region & (seen >= limit)]
    if not len(dark) or not len(light):
        return None
    height = float(np.median([line.height for line in lines]))
    paper, ink = float(np.median(light)), float(np.median(dark))
    marks = seen < paper - max(SHADE, 0.3 * (paper - ink))
    apart = _letters(marks, region, lines, crop, height)
    letters = apart | _thick(marks & region, round(_STROKE * height))
    letter_height = _letter_height(letters, height)
    least_ink = _LEAST_THIN_INK if score >= _SURELY else _LEAST_INK
    if letter_height < _LETTER * height or paper - ink < 2 * SHADE or letters[region].mean() < least_ink:
        return None
    return TextBlock(
        tuple(lines),
        _bounds(letters, crop),
        height,
        _letter_height(apart, height),
        paper,
        ink,
        is_inverted,
        crop,
        letters,
        apart,
        region,
        score,
    )


def _together(lines: Sequence[TextLine]) -> Iterable[list[TextLine]]:
    if not lines:
        return
    pairs = [
        (first, second)
        for first in range(len(lines))
        for second in range(first + 1, len(lines))
        if _are_neighbours(lines[first], lines[second])
    ]
    joined = np.array(pairs, dtype=np.intp).reshape(-1, 2)
    links = coo_matrix((np.ones(len(joined)), (joined[:, 0], joined[:, 1])), shape=(len(lines),) * 2)
    count, group = connected_components(links, directed=False)
    for number in range(count):
        yield [lines[index] for index in np.flatnonzero(group == number).tolist()]


def _are_neighbours(first: TextLine, second: TextLine) -> bool:
    larger, smaller = max(first.height, second.height), min(first.height, second.height)
    if larger > _ALIKE * smaller:
        return False
    a, b = first.bbox, second.bbox
    across = max(a[0], b[0]) - min(a[0] + a[2], b[0] + b[2])
    down = max(a[1], b[1]) - min(a[1] + a[3], b[1] + b[3])
    return bool(np.hypot(max(0, across), max(0, down)) < _APART * smaller)


def _direction(lines: Sequence[TextLine]) -> LetteringDirection:
    upright = sum(line.length for line in lines if abs(line.angle) > 45 and line.length > _COLUMN * line.height)
    level = sum(line.length for line in lines if abs(line.angle) <= 45 and line.length > _COLUMN * line.height)
    if upright or level:
        return "vertical" if upright > level else "horizontal"
    boxes = np.array([line.bbox for line in lines])
    wide, high = (boxes[:, :2] + boxes[:, 2:]).max(axis=0) - boxes[:, :2].min(axis=0)
    return "horizontal" if len(lines) > 1 and wide > high else "vertical"


def _crop_around(lines: Sequence[TextLine], height: float, shape: tuple[int, ...]) -> Crop:
    margin = round(_AROUND * height) + 2
    boxes = np.array([line.bbox for line in lines])
    left, top = np.maximum(0, boxes[:, :2].min(axis=0) - margin).tolist()
    right, bottom = ((boxes[:, :2] + boxes[:, 2:]).max(axis=0) + margin).tolist()
    return slice(top, max(top, min(shape[0], bottom))), slice(left, max(left, min(shape[1], right)))


def _filled(lines: Sequence[TextLine], margin: float, crop: Crop, shape: tuple[int, ...]) -> Mask:
    """(h, w) of the crop: True inside the lines, each with a margin of so many heights."""
    inside = np.zeros(shape, dtype=np.uint8)
    for line in lines:
        corners = line.grown(margin * line.height) - (crop[1].start, crop[0].start)
        cv2.fillPoly(inside, [np.rint(corners).astype(np.int32)], (1,))
    return inside > 0


def _threshold(levels: NDArray[np.uint8]) -> float:
    """Otsu's: the level that parts these levels best."""
    limit, _ = cv2.threshold(levels.reshape(-1, 1), 0, 255, cv2.THRESH_BINARY | cv2.THRESH_OTSU)
    return float(limit) + 1


def _reach(mask: Mask, region: Mask) -> float:
    """How far the shapes that stand in the region go: the box of each, by how much of the region it takes."""
    _, labels, stats, _ = cv2.connectedComponentsWithStats(mask.astype(np.uint8), connectivity=8)
    inside = np.bincount(labels[region & mask], minlength=len(stats)).astype(np.float64)
    boxes = stats[:, cv2.CC_STAT_WIDTH].astype(np.float64) * stats[:, cv2.CC_STAT_HEIGHT]
    return float((boxes * inside).sum() / max(1.0, inside.sum()))


def _letters(dark: Mask, region: Mask, lines: Sequence[TextLine], crop: Crop, height: float) -> Mask:
    """Dark shapes that stand in the lines, and small ones beside them."""
    count, labels, stats, _ = cv2.connectedComponentsWithStats(dark.astype(np.uint8), connectivity=8)
    areas = np.asarray(stats[:, cv2.CC_STAT_AREA], dtype=np.float64)
    inside = np.bincount(labels[region], minlength=count) / areas
    near = _filled(lines, _BESIDE, crop, region.shape)
    beside = np.bincount(labels[near], minlength=count) / areas
    small = stats[:, 2:4].max(axis=1) <= _SMALL * height
    chosen = (inside >= _WITHIN) | (small & (beside > 0.95))
    chosen &= stats[:, 2:4].max(axis=1) >= _DOT * height
    chosen[0] = False
    return np.asarray(chosen[labels])


def _letter_height(letters: Mask, height: float) -> float:
    """Of the larger letters, with some space; at most the height of their lines."""
    _, _, stats, _ = cv2.connectedComponentsWithStats(letters.astype(np.uint8), connectivity=8)
    sides = stats[1:, 2:4].max(axis=1)
    return min(height, _SPACED * float(np.percentile(sides[sides >= sides.max() / 3], 75))) if len(sides) else 0.0


def _thick(mask: Mask, radius: int) -> Mask:
    """What of a mask is thicker than lines of a drawing: where letters touch it, they are."""
    disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * radius + 1, 2 * radius + 1))
    return np.asarray(cv2.morphologyEx(mask.astype(np.uint8), cv2.MORPH_OPEN, disc) > 0)


def _bounds(letters: Mask, crop: Crop) -> BoundingBox:
    x, y, width, height = cv2.boundingRect(letters.astype(np.uint8))
    return x + crop[1].start, y + crop[0].start, width, height
