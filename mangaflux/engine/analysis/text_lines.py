"""Which lines of text does the detector see? Pure functions; any thread. Pixels of the reading layout.

The detector marks the core of every line; the line is that core grown by what the training of such detectors takes off
(Liao et al., "Real-time scene text detection with differentiable binarization", AAAI 2020). Letters as large as a
face are beyond its sight, so it looks at smaller copies of the page as well.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.typing import NDArray

from mangaflux.engine.analysis.detections import DetectedBox
from mangaflux.engine.analysis.metadata import BoundingBox
from mangaflux.engine.analysis.reading_sheet import reading_unit
from mangaflux.engine.analysis.sheet import Sheet
from mangaflux.engine.analysis.text_detector import text_probability

#: A pixel is the core of a line from this probability, 0–255; a core counts where its pixels reach the other somewhere.
_CORE, _SURE = 77, 140
#: A line is its core grown by so many times the core's area over its outline.
_GROWTH = 1.6
#: The smallest height of a line that can be read, in thousandths of what a reader sees at once.
_READABLE = 5.0
#: The smaller copies of the page, and from which height on, in the same unit, a line is looked for in each.
_COPIES = ((0.5, 26.0), (0.3, 50.0))
#: The side at which the detector sees ordinary lettering best, and how much smaller pages are enlarged for it.
_DETECTOR_SIDE, _MOST_ENLARGED = 1280, 2.0
#: A line of a copy takes the place of lines that it overlaps by this part, and is not much lower than, if its score is
#: so much higher; a low one on its own needs this score.
_OVERLAPS, _MUCH, _MORE, _SMALL_SCORE = 0.3, 1.3, 0.1, 0.85
#: The largest part of the page that one line may take.
_LARGEST_SHARE = 0.08


@dataclass(frozen=True, slots=True, eq=False)
class TextLine:
    """One line or column of text, or one large letter."""

    #: (4, 2) float32: the corners.
    corners: NDArray[np.float32]
    #: The shorter and the longer side.
    height: float
    length: float
    #: Of the longer side against the horizontal, −90 … 90 degrees; positive falls to the right.
    angle: float
    #: 0–1: the mean probability of its core.
    score: float

    @property
    def area(self) -> float:
        """Of the line, in square pixels."""
        return self.height * self.length

    @property
    def bbox(self) -> BoundingBox:
        """x, y, width, height; may reach beyond the page."""
        # Asked for thousands of times a page: plain numbers cost a fifth of arrays this small.
        x, y = zip(*self.corners.tolist(), strict=True)
        left, top = math.floor(min(x)), math.floor(min(y))
        return left, top, math.ceil(max(x)) - left, math.ceil(max(y)) - top

    def grown(self, margin: float) -> NDArray[np.float32]:
        """(4, 2): the corners of the line with a margin around it."""
        centre, (width, height), angle = cv2.minAreaRect(self.corners)
        return np.asarray(cv2.boxPoints((centre, (width + 2 * margin, height + 2 * margin), angle)), dtype=np.float32)


def find_lines(sheet: Sheet, hints: tuple[DetectedBox, ...] = ()) -> list[TextLine]:
    """The lines on a page, the larger ones that overlap smaller ones left out; from top to bottom.

    Args:
        sheet: the page at reading size.
        hints: boxes, in pixels of the page, in which another detector saw lettering.
    """
    enlarged, unit = _enlargement(sheet), reading_unit(sheet)
    lines = list(_seen_lines(sheet.gray, enlarged, _READABLE * unit))
    for copy, least in _COPIES:
        for line in _seen_lines(sheet.gray, copy * enlarged, _READABLE * unit):
            _consider(line, lines, least * unit)
    hinted = [_hinted(sheet, hint) for hint in hints]
    lines = [_confirmed(line, hinted) for line in lines]
    lines += [line for line in hinted if not _is_known(line, lines)]
    return sorted(lines, key=lambda line: (line.bbox[1], line.bbox[0]))


def _consider(line: TextLine, lines: list[TextLine], least: float) -> None:
    """Adds a line of a smaller copy where it says more than those that are there."""
    known = [other for other in lines if _shared(line, other) > _OVERLAPS * min(line.area, other.area)]
    if any(other.score > line.score - _MORE or other.height > _MUCH * line.height for other in known):
        return
    if known or line.height >= least or line.score > _SMALL_SCORE:
        for other in known:
            lines.remove(other)
        lines.append(line)


def _enlargement(sheet: Sheet) -> float:
    side = max(1.0, 1000 * reading_unit(sheet))
    return min(_MOST_ENLARGED, max(1.0, _DETECTOR_SIDE / side))


def _seen_lines(gray: NDArray[np.uint8], scale: float, least: float) -> Iterator[TextLine]:
    """The lines seen in a copy of the page of this scale whose height is at least `least`."""
    height, width = gray.shape
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    enlarging = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
    copy = gray if scale == 1.0 else np.asarray(cv2.resize(gray, size, interpolation=enlarging), dtype=np.uint8)
    likely = text_probability(copy)
    stretch = np.array([width / copy.shape[1], height / copy.shape[0]], dtype=np.float32)
    contours, _ = cv2.findContours((likely >= _CORE).astype(np.uint8), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    for contour in contours:
        line = _line(np.asarray(contour, dtype=np.int32), likely, stretch)
        if line is not None and line.height >= least and line.area < _LARGEST_SHARE * gray.size:
            yield line


def _line(core: NDArray[np.int32], likely: NDArray[np.uint8], stretch: NDArray[np.float32]) -> TextLine | None:
    """The line around the contour of a core; None where nothing of it is sure."""
    x, y, width, height = cv2.boundingRect(core)
    part = likely[y : y + height, x : x + width]
    inside = np.zeros(part.shape, dtype=np.uint8)
    cv2.fillPoly(inside, [core - (x, y)], (1,))
    levels = part[inside > 0]
    if not len(levels) or int(levels.max()) < _SURE:
        return None
    centre, sides, angle = cv2.minAreaRect(core)
    growth = _GROWTH * len(levels) / max(4.0, cv2.arcLength(core, closed=True))
    whole = (centre, (sides[0] + 1 + 2 * growth, sides[1] + 1 + 2 * growth), angle)
    corners = np.asarray(cv2.boxPoints(whole) * stretch, dtype=np.float32)
    return line_of(corners, float(levels.mean()) / 255)


def line_of(corners: NDArray[np.float32], score: float) -> TextLine:
    """The line with these corners."""
    first, second = corners[1] - corners[0], corners[2] - corners[1]
    longer = first if np.hypot(*first) >= np.hypot(*second) else second
    angle = (float(np.degrees(np.arctan2(longer[1], longer[0]))) + 90) % 180 - 90
    sides = sorted((float(np.hypot(*first)), float(np.hypot(*second))))
    return TextLine(corners, sides[0], sides[1], angle, score)


def _hinted(sheet: Sheet, hint: DetectedBox) -> TextLine:
    """What another detector saw, as one line."""
    x, y, width, height = hint.bbox
    corners = np.array([(x, y), (x + width, y), (x + width, y + height), (x, y + height)], dtype=np.float32)
    return line_of(np.asarray(corners / sheet.scale, dtype=np.float32), hint.confidence)


def _confirmed(line: TextLine, hinted: list[TextLine]) -> TextLine:
    """A line, as surely text as the surest of the hints that cover a good part of it."""
    scores = [hint.score for hint in hinted if _shared(line, hint) > _OVERLAPS * line.area]
    return replace(line, score=max(line.score, *scores)) if scores else line


def _is_known(line: TextLine, known: list[TextLine]) -> bool:
    """Whether other lines cover a good part of this one."""
    covered = sum(_shared(line, other) for other in known)
    return covered > _OVERLAPS * line.area


def _shared(first: TextLine, second: TextLine) -> float:
    a, b = first.bbox, second.bbox
    if a[0] > b[0] + b[2] or b[0] > a[0] + a[2] or a[1] > b[1] + b[3] or b[1] > a[1] + a[3]:
        return 0.0
    area, _ = cv2.intersectConvexConvex(first.corners, second.corners)
    return float(area)
