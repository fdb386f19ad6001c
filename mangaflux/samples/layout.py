"""Panel layouts: a page cut into panels, in reading order."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from mangaflux.samples.curve import Points

ReadingDirection = Literal["rtl", "ltr"]

#: A panel's corners on the page, in pixels.
Polygon = tuple[tuple[float, float], ...]


@dataclass(frozen=True, slots=True)
class Split:
    """A cut of an area into parts: stacked from top to bottom, or side by side in reading order."""

    way: Literal["rows", "columns"]
    #: Sizes of the parts relative to each other.
    shares: tuple[float, ...]
    #: One a part; None is a panel.
    parts: tuple["Split | None", ...]
    #: How slanted the cuts may be, as a share of the area's size.
    slant: float = 0.0


@dataclass(frozen=True, slots=True)
class Layout:
    """The panels of a page."""

    panels: tuple[Polygon, ...]
    #: The panels that run to the edge of the paper.
    full_bleed: frozenset[int]


_TWO = Split("columns", (0.58, 0.42), (None, None), 0.07)
_OTHER_TWO = Split("columns", (0.4, 0.6), (None, None), 0.07)
_THREE = Split("columns", (0.38, 0.34, 0.28), (None, None, None), 0.05)

_TWO_HIGH = Split("rows", (0.53, 0.47), (None, None), 0.05)

_TEMPLATES: tuple[Split, ...] = (
    Split("rows", (0.33, 0.32, 0.35), (None, _TWO, _OTHER_TWO), 0.035),
    Split("rows", (0.62, 0.38), (None, _TWO), 0.02),
    Split("rows", (0.36, 0.64), (_OTHER_TWO, Split("columns", (0.38, 0.62), (None, _TWO_HIGH)))),
    Split("rows", (0.3, 0.38, 0.32), (_TWO, None, _THREE), 0.03),
    Split("rows", (0.27, 0.25, 0.25, 0.23), (None, _TWO, _OTHER_TWO, _TWO), 0.02),
    Split("rows", (0.42, 0.58), (None, Split("columns", (0.6, 0.4), (_TWO_HIGH, None)))),
    Split("rows", (0.28, 0.44, 0.28), (_OTHER_TWO, None, _TWO), 0.04),
)  # fmt: skip


def draw_layout(rng: np.random.Generator, width: int, height: int, reading_direction: ReadingDirection) -> Layout:
    """A layout of three to seven panels; on about one page in four a panel at the top runs to the paper's edge."""
    margin = 0.04 * width
    whole = np.array(
        [(margin, margin), (width - margin, margin), (width - margin, height - margin), (margin, height - margin)]
    )
    template = _TEMPLATES[int(rng.integers(len(_TEMPLATES)))]
    panels = _cut(whole, template, rng, width / 1200, reading_direction)
    full_bleed: set[int] = set()
    if template.parts[0] is None and rng.random() < 0.45:
        full_bleed.add(0)
        panels[0] = _to_the_edge(panels[0], margin, width)
    polygons = tuple(tuple((round(float(x), 1), round(float(y), 1)) for x, y in panel) for panel in panels)
    return Layout(polygons, frozenset(full_bleed))


def _to_the_edge(panel: Points, margin: float, width: int) -> Points:
    x, y = panel[:, 0], panel[:, 1]
    x = np.where(x < margin + 1, 0.0, np.where(x > width - margin - 1, float(width), x))
    return np.column_stack([x, np.where(y < margin + 1, 0.0, y)])


def _cut(
    area: Points, split: Split | None, rng: np.random.Generator, scale: float, reading_direction: ReadingDirection
) -> list[Points]:
    if split is None:
        return [area]
    backwards = split.way == "columns" and reading_direction == "rtl"
    parts, shares = list(split.parts), list(split.shares)
    if backwards:
        parts, shares = parts[::-1], shares[::-1]
    pieces = _sliced(area, split, shares, rng, scale)
    groups = [_cut(piece, part, rng, scale, reading_direction) for piece, part in zip(pieces, parts, strict=True)]
    return [panel for group in (groups[::-1] if backwards else groups) for panel in group]


def _sliced(
    area: Points, split: Split, shares: Sequence[float], rng: np.random.Generator, scale: float
) -> list[Points]:
    """The parts of an area from its top or its left, gutters taken off."""
    axis = 1 if split.way == "rows" else 0
    gutter = (30.0 if axis == 1 else 18.0) * scale
    low, high = area.min(axis=0), area.max(axis=0)
    size = high - low
    pieces, rest = [], area
    for share in np.cumsum(shares)[:-1] / sum(shares):
        at = low + size * (share + float(rng.uniform(-0.025, 0.025)))
        normal = np.zeros(2)
        normal[axis] = 1.0
        normal[1 - axis] = float(rng.uniform(-1, 1)) * split.slant * 2 * size[axis] / size[1 - axis]
        normal /= np.hypot(*normal)
        middle = np.where(np.arange(2) == axis, at, (low + high) / 2)
        pieces.append(_clipped(rest, normal, float(normal @ middle) - gutter / 2))
        rest = _clipped(rest, -normal, -(float(normal @ middle) + gutter / 2))
    return [*pieces, rest]


def _clipped(area: Points, normal: Points, limit: float) -> Points:
    """The part of a convex polygon where normal · p ≤ limit (one pass of Sutherland & Hodgman, 1974)."""
    kept: list[Points] = []
    for here, there in zip(area, np.roll(area, -1, axis=0), strict=True):
        a, b = float(normal @ here) - limit, float(normal @ there) - limit
        if a <= 0:
            kept.append(here)
        if a * b < 0:
            kept.append(here + (there - here) * (a / (a - b)))
    return np.array(kept)
