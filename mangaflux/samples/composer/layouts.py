"""Where the panels of a composed page are: one function a kind of layout, panels in reading order.

A panel is a quadrilateral, (4, 2) float64: its corners from the upper left clockwise, in pixels of the page.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from mangaflux.samples.composer.cutting import area_of, cut, grown, rectangle, turned
from mangaflux.samples.composer.grids import ReadingDirection, Sheet, grid
from mangaflux.samples.composer.kinds import LayoutKind
from mangaflux.samples.curve import Points


@dataclass(frozen=True, slots=True, eq=False)
class PanelPlace:
    """One panel of a layout."""

    #: (4, 2) float64, inside the page.
    corners: Points
    framed: bool = True
    #: Drawn over all panels of a lower level.
    level: int = 0


@dataclass(frozen=True, slots=True)
class PageLayout:
    """The panels of a page, in reading order, on its paper."""

    width: int
    height: int
    reading_direction: ReadingDirection
    panels: tuple[PanelPlace, ...]
    #: Grey level of gutters and margins, 0–255.
    gutter: int = 255


def make_layout(kind: LayoutKind, sheet: Sheet) -> PageLayout:
    """A layout of a kind. A spread is two such sheets wide; a webtoon strip is narrow, long, and read downwards."""
    return _MAKERS[kind](sheet)


def _regular(sheet: Sheet) -> PageLayout:
    return _laid_out(sheet, grid(sheet, sheet.printed()))


def _slanted(sheet: Sheet) -> PageLayout:
    return _laid_out(sheet, grid(sheet, sheet.printed(), slant=0.11))


def _black_gutter(sheet: Sheet) -> PageLayout:
    return replace(_laid_out(sheet, grid(sheet, sheet.printed(), slant=float(sheet.rng.choice([0.0, 0.08])))), gutter=0)


def _inset(sheet: Sheet) -> PageLayout:
    """A grid whose largest panel holds one or two small ones, where it is read last."""
    places = [PanelPlace(panel) for panel in grid(sheet, sheet.printed(), rows=int(sheet.rng.integers(1, 4)))]
    host = max(range(len(places)), key=lambda number: area_of(places[number].corners))
    small = [PanelPlace(corners, level=1) for corners in _insets(sheet, places[host].corners)]
    return PageLayout(
        sheet.width, sheet.height, sheet.reading_direction, (*places[: host + 1], *small, *places[host + 1 :])
    )


def _full_bleed(sheet: Sheet) -> PageLayout:
    """Panels that run off the paper; on one page in five all others lie on a picture as large as the page."""
    if sheet.rng.random() < 0.2:
        ground = PanelPlace(sheet.whole, framed=False)
        low = sheet.height * float(sheet.rng.uniform(0.35, 0.5))
        area = rectangle(sheet.width * 0.07, low, sheet.width * 0.93, sheet.height * 0.95)
        others = grid(sheet, area, rows=int(sheet.rng.integers(1, 3)))
        places = (ground, *(PanelPlace(corners, level=1) for corners in others))
        return PageLayout(sheet.width, sheet.height, sheet.reading_direction, places)
    printed = sheet.printed()
    sides = sheet.rng.random(4) < 0.7
    sides[int(sheet.rng.integers(4))] = True
    panels = grid(sheet, printed, slant=float(sheet.rng.choice([0.0, 0.06])))
    return _laid_out(sheet, [_run_off(panel, printed, sheet, sides) for panel in panels])


def _borderless(sheet: Sheet) -> PageLayout:
    panels = grid(sheet, sheet.printed())
    bare = sheet.rng.random(len(panels)) < 0.5
    bare[int(sheet.rng.integers(len(panels)))] = True
    places = tuple(PanelPlace(panel, framed=not without) for panel, without in zip(panels, bare, strict=True))
    return PageLayout(sheet.width, sheet.height, sheet.reading_direction, places)


def _yonkoma(sheet: Sheet) -> PageLayout:
    """One or two columns of four panels alike, on half of the pages under a title panel; read column by column."""
    area = sheet.printed()
    title: list[Points] = []
    if sheet.rng.random() < 0.5:
        head, area = cut(area, (0.2, 0.8), axis=1, gutter=0.03 * sheet.width)
        title = [head]
    if sheet.rng.random() < 0.7:
        columns = cut(area, (1.0, 1.0), axis=0, gutter=float(sheet.rng.uniform(0.04, 0.07)) * sheet.width)
        columns = columns[::-1] if sheet.reading_direction == "rtl" else columns
    else:
        columns = [cut(area, (0.2, 0.6, 0.2), axis=0, gutter=0)[1]]
    gutter = float(sheet.rng.uniform(0.015, 0.03)) * sheet.width
    strips = [panel for column in columns for panel in cut(column, (1.0,) * 4, axis=1, gutter=gutter)]
    return _laid_out(sheet, [*title, *strips])


def _overlapping(sheet: Sheet) -> PageLayout:
    """A grid with one to three panels turned a little, enlarged and laid over their neighbours."""
    panels = grid(sheet, sheet.printed(), rows=3)
    places = [PanelPlace(panel) for panel in panels]
    for number in sheet.rng.permutation(len(panels))[: int(sheet.rng.integers(1, 4))]:
        larger = grown(panels[number], float(sheet.rng.uniform(0.015, 0.03)) * sheet.width)
        askew = turned(larger, float(sheet.rng.uniform(-3, 3)))
        places[number] = PanelPlace(np.clip(askew, 0, (sheet.width - 1, sheet.height - 1)), level=1)
    return PageLayout(sheet.width, sheet.height, sheet.reading_direction, tuple(places))


def _spread(sheet: Sheet) -> PageLayout:
    """Two facing pages, on half of the spreads under one panel across the fold."""
    wide = replace(sheet, width=2 * sheet.width)
    top = 0.0
    across: list[Points] = []
    if sheet.rng.random() < 0.5:
        top = float(sheet.rng.uniform(0.3, 0.5)) * sheet.height
        across = [rectangle(0.04 * wide.width, 0.04 * sheet.height, 0.96 * wide.width, top)]
    bottom = sheet.height * 0.96
    start = max(top + 0.025 * sheet.width, 0.04 * sheet.height)
    left = rectangle(0.07 * sheet.width, start, 0.96 * sheet.width, bottom)
    pages = [left, left + np.array((0.97 * sheet.width, 0.0))]
    pages = pages[::-1] if sheet.reading_direction == "rtl" else pages
    slant = float(sheet.rng.choice([0.0, 0.08]))
    rows = 2 if across else 3
    return _laid_out(wide, across + [panel for page in pages for panel in grid(sheet, page, rows=rows, slant=slant)])


def _webtoon(sheet: Sheet) -> PageLayout:
    """A strip of single panels, two thirds as wide as a page and as long as two, with gaps of many heights."""
    strip = replace(sheet, width=round(sheet.width * 2 / 3), height=2 * sheet.height, reading_direction="vertical")
    places: list[PanelPlace] = []
    top = float(sheet.rng.uniform(0.02, 0.15)) * strip.width
    while top < strip.height - 0.5 * strip.width:
        tall = min(float(sheet.rng.uniform(0.45, 1.1)) * strip.width, strip.height - 0.03 * strip.width - top)
        wide = float(sheet.rng.choice([1.0, 0.92, 0.7]))
        left = (1 - wide) * strip.width * float(sheet.rng.choice([0.1, 0.5, 0.9]))
        corners = rectangle(left, top, min(left + wide * strip.width, strip.width - 1.0), top + tall)
        places.append(PanelPlace(corners, framed=wide < 1 and bool(sheet.rng.random() < 0.8)))
        top += tall + float(sheet.rng.uniform(0.06, 0.4)) * strip.width
    return PageLayout(strip.width, strip.height, "vertical", tuple(places))


_MAKERS: Mapping[LayoutKind, Callable[[Sheet], PageLayout]] = MappingProxyType(
    {
        "regular": _regular,
        "slanted": _slanted,
        "inset": _inset,
        "full_bleed": _full_bleed,
        "borderless": _borderless,
        "black_gutter": _black_gutter,
        "yonkoma": _yonkoma,
        "overlapping": _overlapping,
        "spread": _spread,
        "webtoon": _webtoon,
    }
)


def _laid_out(sheet: Sheet, panels: list[Points]) -> PageLayout:
    places = tuple(PanelPlace(panel) for panel in panels)
    return PageLayout(sheet.width, sheet.height, sheet.reading_direction, places)


def _insets(sheet: Sheet, host: Points) -> list[Points]:
    """One or two small panels along the lower edge of a panel, from the side that is read last."""
    (left, top), (right, bottom) = host.min(axis=0), host.max(axis=0)
    wide, tall = (
        (right - left) * float(sheet.rng.uniform(0.26, 0.36)),
        (bottom - top) * float(sheet.rng.uniform(0.26, 0.4)),
    )
    gap = 0.018 * sheet.width
    low = bottom - gap - tall * float(sheet.rng.choice([0.0, 0.25]))
    last = left + gap if sheet.reading_direction == "rtl" else right - gap - wide
    step = (wide + gap) * (1 if sheet.reading_direction == "rtl" else -1)
    starts = [last + step, last] if sheet.rng.random() < 0.4 else [last]
    return [rectangle(start, low - tall, start + wide, low) for start in starts]


def _run_off(panel: Points, printed: Points, sheet: Sheet, sides: NDArray[np.bool_]) -> Points:
    """A panel with its edges on the chosen margins (left, top, right, bottom) moved to the edge of the paper."""
    (left, top), (right, bottom) = printed.min(axis=0), printed.max(axis=0)
    x, y = panel[:, 0], panel[:, 1]
    x = np.where(sides[0] & (x < left + 1), 0, np.where(sides[2] & (x > right - 1), sheet.width - 1, x))
    y = np.where(sides[1] & (y < top + 1), 0, np.where(sides[3] & (y > bottom - 1), sheet.height - 1, y))
    return np.column_stack([x, y])
