"""In which order are the panels of a page read? Pure functions; any thread.

The set of boxes is divided again and again by a straight line, first across the page, then down it, and the parts are
read one after the other. A line may cut off a quarter of a box, so that panels which overlap a little still come apart:
Kovanen & Aizawa, "A layered method for determining manga text bubble reading order" (ICIP 2015).
"""

from collections.abc import Callable, Sequence

from mangaflux.engine.analysis.metadata import BoundingBox, ReadingDirection

#: The part of a box, 0–1, that a dividing line may cut off.
_TOLERANCE = 0.25
_Split = tuple[list[int], list[int]]


def reading_order(boxes: Sequence[BoundingBox], direction: ReadingDirection) -> list[int]:
    """The indices of `boxes` in the order in which they are read."""
    if direction == "vertical":
        return sorted(range(len(boxes)), key=lambda index: (boxes[index][1], boxes[index][0]))
    mirrored = [_mirror(box) if direction == "rtl" else box for box in boxes]
    return _ordered(mirrored, list(range(len(boxes))))


def _mirror(box: BoundingBox) -> BoundingBox:
    """The box as it would lie on a page that is read from left to right."""
    return -box[0] - box[2], box[1], box[2], box[3]


def _ordered(boxes: Sequence[BoundingBox], members: list[int]) -> list[int]:
    if len(members) < 2:
        return members
    split = _strip_columns(boxes, members) or _divide(boxes, members, 1) or _divide(boxes, members, 0)
    if split is None:
        return sorted(members, key=lambda index: (boxes[index][1], boxes[index][0]))
    return _ordered(boxes, split[0]) + _ordered(boxes, split[1])


def _divide(boxes: Sequence[BoundingBox], members: list[int], axis: int) -> _Split | None:
    """The first part that a line perpendicular to `axis` (0 across, 1 down) divides off, and the rest."""
    edges = sorted({boxes[index][axis] + boxes[index][axis + 2] for index in members})
    starts = sorted({boxes[index][axis] for index in members})
    for line in sorted(edges + starts):
        split = _split_at(boxes, members, axis, line)
        if split is not None:
            return split
    return None


def _split_at(boxes: Sequence[BoundingBox], members: list[int], axis: int, line: int) -> _Split | None:
    before: list[int] = []
    after: list[int] = []
    for index in members:
        start, length = boxes[index][axis], max(1, boxes[index][axis + 2])
        share = min(1.0, max(0.0, (line - start) / length))
        if _TOLERANCE < share < 1 - _TOLERANCE:
            return None
        (before if share >= 0.5 else after).append(index)
    return (before, after) if before and after else None


def _strip_columns(boxes: Sequence[BoundingBox], members: list[int]) -> _Split | None:
    """The two columns of a page of four-panel strips, which are read column by column."""
    split = _divide(boxes, members, 0) if len(members) == 8 else None
    if split is None or len(split[0]) != 4:
        return None
    alike = _all_alike(boxes, members, lambda box: box[2]) and _all_alike(boxes, members, lambda box: box[3])
    return split if alike else None


def _all_alike(boxes: Sequence[BoundingBox], members: list[int], length: Callable[[BoundingBox], int]) -> bool:
    lengths = [length(boxes[index]) for index in members]
    return min(lengths) > 0.85 * max(lengths)
