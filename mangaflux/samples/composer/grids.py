"""Grids: rows of panels on a bare page, the ground of most layouts."""

from dataclasses import dataclass
from typing import Literal

import numpy as np

from mangaflux.samples.composer.cutting import cut, rectangle, uneven
from mangaflux.samples.curve import Points

ReadingDirection = Literal["rtl", "ltr", "vertical"]


@dataclass(frozen=True, slots=True, eq=False)
class Sheet:
    """The bare page that a layout is made for, and its dice."""

    rng: np.random.Generator
    #: Of one page, in pixels.
    width: int
    height: int
    reading_direction: ReadingDirection

    @property
    def whole(self) -> Points:
        """The paper to its edges."""
        return rectangle(0, 0, self.width - 1, self.height - 1)

    def printed(self) -> Points:
        """The paper without its margins."""
        side, top = self.rng.uniform(0.035, 0.075, 2) * self.width
        return rectangle(float(side), float(top), self.width - 1 - float(side), self.height - 1 - float(top))


def grid(sheet: Sheet, area: Points, *, rows: int | None = None, slant: float = 0.0) -> list[Points]:
    """Two to four rows of one to three panels, in reading order; at times two stand on top of each other."""
    rng = sheet.rng
    gaps = rng.uniform(0.010, 0.022, 2) * sheet.width + (0, rng.uniform(0, 0.012) * sheet.width)
    count = rows if rows is not None else int(rng.integers(2, 5))
    panels: list[Points] = []
    for row in cut(area, uneven(rng, count), axis=1, gutter=float(gaps[1]), slants=_slants(rng, count, slant / 2)):
        panels += _row(sheet, row, gaps, slant, most=2 if count > 3 else 3)
    return panels


def _row(sheet: Sheet, row: Points, gaps: Points, slant: float, *, most: int) -> list[Points]:
    """The panels of one row, in reading order."""
    rng = sheet.rng
    width, height = np.ptp(row, axis=0)
    count = int(rng.integers(1, most + 1)) if width > 0.9 * height else 1
    columns = cut(row, uneven(rng, count), axis=0, gutter=float(gaps[0]), slants=_slants(rng, count, slant))
    columns = columns[::-1] if sheet.reading_direction == "rtl" else columns
    # Of two columns the last may be a stack: which is read first is then beyond doubt.
    if count == 2 and height > 0.3 * sheet.height and rng.random() < 0.5:
        columns[1:] = cut(columns[1], uneven(rng, 2), axis=1, gutter=float(gaps[1]), slants=_slants(rng, 2, slant / 2))
    return columns


def _slants(rng: np.random.Generator, count: int, slant: float) -> Points:
    return rng.uniform(-slant, slant, count - 1)
