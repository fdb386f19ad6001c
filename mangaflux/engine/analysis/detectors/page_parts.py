"""Long strips, looked at in parts: squeezed into one square, nothing on them could be made out."""

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mangaflux.engine.analysis.detectors.boxes import Boxes, joined

#: A page longer than so many times its short side is cut.
LONGEST = 2.0
#: Length of a part in short sides, and which part of it two neighbours share.
_LENGTH, _OVERLAP = 1.5, 0.25
#: Parts are longer where there would be more of them, so that a thread of pixels takes no hour.
_MOST_PARTS = 60
#: Boxes that end so near a cut, in lengths of a part, were cut through there.
_NEAR_CUT = 0.007


@dataclass(frozen=True, slots=True)
class _Part:
    """Rows of a strip that stands upright."""

    top: int
    bottom: int
    length: int

    def seen_better_elsewhere(self, boxes: Boxes) -> NDArray[np.bool_]:
        """Which boxes of the strip this part cuts through and its neighbour sees whole: they fit where both look."""
        size = self.bottom - self.top
        near = _NEAR_CUT * size
        at_top = (boxes.corners[:, 1] < self.top + near) & (self.top > 0)
        at_bottom = (boxes.corners[:, 3] > self.bottom - near) & (self.bottom < self.length)
        fits = boxes.corners[:, 3] - boxes.corners[:, 1] < _OVERLAP * size
        return (at_top | at_bottom) & fits


def look_at_parts(page: NDArray[np.uint8], look: Callable[[NDArray[np.uint8]], Boxes]) -> Boxes:
    """What `look` sees on an (H, W, 3) page, in pixels of the page; of a strip, what it sees on each part.

    What lies where parts overlap may be in it twice.
    """
    height, width = page.shape[:2]
    if max(height, width) <= LONGEST * min(height, width):
        return look(page)
    if width > height:
        turned = look_at_parts(page.transpose(1, 0, 2), lambda part: _turned(look(part.transpose(1, 0, 2))))
        return _turned(turned)
    return joined([_look_at(page, part, look) for part in _parts(height, width)])


def _look_at(page: NDArray[np.uint8], part: _Part, look: Callable[[NDArray[np.uint8]], Boxes]) -> Boxes:
    boxes = look(page[part.top : part.bottom]).mapped(scale=(1, 1), offset=(0, part.top))
    return boxes.chosen(~part.seen_better_elsewhere(boxes))


def _parts(length: int, short_side: int) -> Iterator[_Part]:
    longest_needed = math.ceil(length / (1 + (_MOST_PARTS - 1) * (1 - _OVERLAP)))
    size = max(round(_LENGTH * short_side), longest_needed)
    step = math.ceil(size * (1 - _OVERLAP))
    tops = [*range(0, max(1, length - size), step), length - size]
    for top in dict.fromkeys(tops):
        yield _Part(top, top + size, length)


def _turned(boxes: Boxes) -> Boxes:
    """With x and y exchanged."""
    return Boxes(boxes.corners[:, [1, 0, 3, 2]], boxes.scores, boxes.classes)
