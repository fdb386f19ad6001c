"""In which order are the balloons and the lettering of a page read? Pure functions; any thread. Pixels of the page."""

from collections.abc import Sequence

from mangaflux.engine.analysis.metadata import BoundingBox, Panel, ReadingDirection
from mangaflux.engine.analysis.reading_order import reading_order


def order_in_panels(boxes: Sequence[BoundingBox], panels: Sequence[Panel], direction: ReadingDirection) -> list[int]:
    """The indices of `boxes` in the order in which they are read: by panel, then within it.

    What is outside of all panels is read with the nearest.
    """
    homes = [_nearest(box, panels) for box in boxes]
    found: list[int] = []
    for home in sorted(set(homes)):
        members = [index for index, each in enumerate(homes) if each == home]
        found += [members[place] for place in reading_order([boxes[index] for index in members], direction)]
    return found


def panel_of(box: BoundingBox, panels: Sequence[Panel]) -> int | None:
    """The order number of the panel that holds most of a box; None outside of all."""
    shared = [(_shared_area(box, panel.bbox), -panel.order) for panel in panels]
    most, order = max(shared, default=(0, 0))
    return -order if most else None


def overlap(first: BoundingBox, second: BoundingBox) -> float:
    """Intersection over union of two boxes."""
    shared = _shared_area(first, second)
    return shared / max(1, first[2] * first[3] + second[2] * second[3] - shared)


def _nearest(box: BoundingBox, panels: Sequence[Panel]) -> int:
    held = panel_of(box, panels)
    if held is not None:
        return held
    return min(((_distance(box, panel.bbox), panel.order) for panel in panels), default=(0.0, 0))[1]


def _distance(first: BoundingBox, second: BoundingBox) -> float:
    across = max(first[0], second[0]) - min(first[0] + first[2], second[0] + second[2])
    down = max(first[1], second[1]) - min(first[1] + first[3], second[1] + second[3])
    return float(max(0, across) ** 2 + max(0, down) ** 2)


def _shared_area(first: BoundingBox, second: BoundingBox) -> int:
    width = min(first[0] + first[2], second[0] + second[2]) - max(first[0], second[0])
    height = min(first[1] + first[3], second[1] + second[3]) - max(first[1], second[1])
    return max(0, width) * max(0, height)
