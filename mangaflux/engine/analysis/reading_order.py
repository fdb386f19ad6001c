"""In which order are the panels of a page read? Pure functions; any thread.

The set of boxes is divided again and again by a straight line, first across the page, then down it, and the parts are
read one after the other. A line may cut off a quarter of a box, so that panels which overlap a little still come apart:
Kovanen & Aizawa, "A layered method for determining manga text bubble reading order" (ICIP 2015). A panel inside
another is read right after it. Of two facing pages on one sheet the one is read before the other, each after the
panels across the fold above it.
"""

from collections.abc import Callable, Sequence

from mangaflux.engine.analysis.metadata import BoundingBox, ReadingDirection

#: The part of a box, 0–1, that a dividing line may cut off; the second, where slanted gutters leave no other way.
_TOLERANCES = (0.25, 0.42)
#: A sheet this many times as wide as it is high shows two facing pages.
_SPREAD = 1.2
#: A panel lies across the fold where at least this part of it lies on either side.
_ACROSS = 0.2
#: A panel lies inside another where this part of it does.
_INSIDE = 0.9
#: Rows of a page of strips, and by how much its panels differ in size at most.
_STRIP_ROWS, _ALIKE = 4, 0.85
_Split = tuple[list[int], list[int]]


def reading_order(
    boxes: Sequence[BoundingBox], direction: ReadingDirection, page: tuple[int, int] | None = None
) -> list[int]:
    """The indices of `boxes` in the order in which they are read.

    Args:
        boxes: x, y, width, height of each panel.
        direction: from which side rows are read; "vertical" for strips of single panels.
        page: width and height of the sheet that the boxes lie on; None where it shows one page in any case.
    """
    if direction == "vertical":
        return sorted(range(len(boxes)), key=lambda index: (boxes[index][1], boxes[index][0]))
    mirrored = [_mirror(box) if direction == "rtl" else box for box in boxes]
    hosts = _hosts(mirrored)
    outer = [index for index in range(len(boxes)) if hosts[index] is None]
    if page is not None and page[0] > _SPREAD * page[1]:
        fold = -page[0] / 2 if direction == "rtl" else page[0] / 2
        order = _spread_ordered(mirrored, outer, fold)
    else:
        order = _ordered(mirrored, outer)
    return _with_insets(mirrored, hosts, order)


def _mirror(box: BoundingBox) -> BoundingBox:
    """The box as it would lie on a page that is read from left to right."""
    return -box[0] - box[2], box[1], box[2], box[3]


def _hosts(boxes: Sequence[BoundingBox]) -> list[int | None]:
    """For each box the smallest one that holds it, None where none does."""
    hosts: list[int | None] = []
    for box in boxes:
        around = [
            other
            for other, larger in enumerate(boxes)
            if _area(larger) > _area(box) and _shared(larger, box) > _INSIDE * _area(box)
        ]
        hosts.append(min(around, key=lambda other: (_area(boxes[other]), other), default=None))
    return hosts


def _with_insets(boxes: Sequence[BoundingBox], hosts: Sequence[int | None], order: list[int]) -> list[int]:
    """An order with the boxes inside each box right after it."""
    complete: list[int] = []
    for index in order:
        insets = _ordered(boxes, [inner for inner, host in enumerate(hosts) if host == index])
        complete += [index, *_with_insets(boxes, hosts, insets)]
    return complete


def _spread_ordered(boxes: Sequence[BoundingBox], members: list[int], fold: float) -> list[int]:
    """Two facing pages: the one before the fold, then the other; panels across the fold part both into bands."""
    shares = {index: (fold - boxes[index][0]) / max(1, boxes[index][2]) for index in members}
    across = [index for index in members if _ACROSS < shares[index] < 1 - _ACROSS]
    order: list[int] = []
    rest = [index for index in members if index not in across]
    for panel in [*sorted(across, key=lambda index: boxes[index][1]), None]:
        band = [index for index in rest if panel is None or _middle(boxes[index]) < _middle(boxes[panel])]
        rest = [index for index in rest if index not in band]
        order += _ordered(boxes, [index for index in band if shares[index] >= 0.5])
        order += _ordered(boxes, [index for index in band if shares[index] < 0.5])
        order += [] if panel is None else [panel]
    return order


def _ordered(boxes: Sequence[BoundingBox], members: list[int]) -> list[int]:
    order: list[int] = []
    # Mostly one box is divided off at a time: a loop, for strips with more boxes than calls may lie within each other.
    while len(members) > 1:
        split = _strip_columns(boxes, members)
        for tolerance in _TOLERANCES:
            split = split or _divide(boxes, members, 1, tolerance) or _divide(boxes, members, 0, tolerance)
        if split is None:
            return order + sorted(members, key=lambda index: (boxes[index][1], boxes[index][0]))
        order += _ordered(boxes, split[0])
        members = split[1]
    return order + members


def _divide(boxes: Sequence[BoundingBox], members: list[int], axis: int, tolerance: float) -> _Split | None:
    """The first part that a line perpendicular to `axis` (0 across, 1 down) divides off, and the rest."""
    edges = {boxes[index][axis] + boxes[index][axis + 2] for index in members}
    starts = {boxes[index][axis] for index in members}
    for line in sorted(edges | starts):
        split = _split_at(boxes, members, axis, line, tolerance)
        if split is not None:
            return split
    return None


def _split_at(
    boxes: Sequence[BoundingBox], members: list[int], axis: int, line: int, tolerance: float
) -> _Split | None:
    before: list[int] = []
    after: list[int] = []
    for index in members:
        start, length = boxes[index][axis], max(1, boxes[index][axis + 2])
        share = min(1.0, max(0.0, (line - start) / length))
        if tolerance < share < 1 - tolerance:
            return None
        (before if share >= 0.5 else after).append(index)
    return (before, after) if before and after else None


def _strip_columns(boxes: Sequence[BoundingBox], members: list[int]) -> _Split | None:
    """The two columns of a page of four-panel strips, which are read column by column; one panel may be missing."""
    if not 2 * _STRIP_ROWS - 1 <= len(members) <= 2 * _STRIP_ROWS:
        return None
    split = _divide(boxes, members, 0, _TOLERANCES[0])
    if split is None or max(len(part) for part in split) != _STRIP_ROWS:
        return None
    alike = _all_alike(boxes, members, lambda box: box[2]) and _all_alike(boxes, members, lambda box: box[3])
    return split if alike else None


def _all_alike(boxes: Sequence[BoundingBox], members: list[int], length: Callable[[BoundingBox], int]) -> bool:
    lengths = [length(boxes[index]) for index in members]
    return min(lengths) > _ALIKE * max(lengths)


def _middle(box: BoundingBox) -> float:
    return box[1] + box[3] / 2


def _area(box: BoundingBox) -> int:
    return box[2] * box[3]


def _shared(first: BoundingBox, second: BoundingBox) -> int:
    across = min(first[0] + first[2], second[0] + second[2]) - max(first[0], second[0])
    down = min(first[1] + first[3], second[1] + second[3]) - max(first[1], second[1])
    return max(0, across) * max(0, down)
