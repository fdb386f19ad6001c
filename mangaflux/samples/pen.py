"""A pen: a canvas seen through a frame, so that figures are drawn in their own units."""

from collections.abc import Sequence
from dataclasses import dataclass

from mangaflux.samples.curve import Frame, Points, Spot
from mangaflux.samples.drawing import Canvas
from mangaflux.samples.palette import SHADOW, Paint, Rgb

#: Pixels of a unit beyond which lines grow more slowly.
_LARGE = 80.0

_Line = Points | Sequence[Spot]


@dataclass(frozen=True, slots=True)
class Pen:
    """Draws on `canvas` in the units of `frame`; line widths are in hundredths of a unit."""

    canvas: Canvas
    frame: Frame

    def fill(self, points: _Line, paint: Paint, *, clip: _Line | None = None) -> None:
        """Fills a closed shape, without a line around it."""
        limit = None if clip is None else self.frame.place(clip)
        self.canvas.fill(self.frame.place(points), paint, clip=limit)

    def shape(self, points: _Line, paint: Paint, width: float = 3.2) -> None:
        """Fills a closed shape and draws its outline."""
        placed = self.frame.place(points)
        self.canvas.fill(placed, paint)
        self.canvas.outline(placed, self._width(width))

    def outline(self, points: _Line, width: float = 3.2) -> None:
        """Draws a closed line."""
        self.canvas.outline(self.frame.place(points), self._width(width))

    def stroke(self, points: _Line, width: float = 3.0, *, taper: tuple[float, float] = (0.25, 0.25)) -> None:
        """Draws an open line, thinned towards its ends."""
        self.canvas.stroke(self.frame.place(points), self._width(width), taper=taper)

    def shade(self, points: _Line, clip: _Line, *, tone: float = 0.0, factor: Rgb = SHADOW) -> None:
        """Lays a shadow on what is there, inside `clip` only."""
        self.canvas.shade(self.frame.place(points), self.frame.place(clip), tone=tone, factor=factor)

    def _width(self, hundredths: float) -> float:
        # Close-ups are inked with the same nibs: beyond a size lines grow more slowly than the drawing.
        size = min(self.frame.size, _LARGE + 0.3 * (self.frame.size - _LARGE))
        return max(1.1, hundredths * size / 100)
