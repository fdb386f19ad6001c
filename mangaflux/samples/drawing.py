"""The canvas: one geometry, two pictures.

A canvas keeps four layers that every shape paints together: flat colour, tone (how dark the ink page's screen is
there), surface (which of the page's screens that is) and line coverage. The ink page is tone through screens under the
lines, the colour page is colour under the same lines, so the two agree to the pixel. Everything is drawn at twice the
size and averaged down.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import get_args

import cv2
import numpy as np
from numpy.typing import NDArray

from mangaflux.samples.curve import Points, normals
from mangaflux.samples.palette import SHADOW, WHITE, Paint, Rgb, Surface

#: The numbers of the surface layer are places here.
SURFACES: tuple[Surface, ...] = get_args(Surface)

#: Canvas pixels for one page pixel, each way.
SUPERSAMPLING = 2

#: Fractional bits of the coordinates that OpenCV's fillConvexPoly is given.
_SHIFT = 4

_Mask = NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class Drawing:
    """A finished canvas at page size; all uint8."""

    #: (h, w, 3) sRGB, lines not yet laid over.
    colour: NDArray[np.uint8]
    #: (h, w), 0 paper to 255 solid black.
    tone: NDArray[np.uint8]
    #: (h, w), places in `SURFACES`.
    surface: NDArray[np.uint8]
    #: (h, w), 255 no line to 0 black line.
    line: NDArray[np.uint8]

    def inked_colour(self) -> NDArray[np.uint8]:
        """(h, w, 3) uint8 sRGB: the colours with the lines over them."""
        return inked(self.colour, self.line)


def inked(picture: NDArray[np.uint8], line: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """A grey or colour picture under a line layer (255 no line, 0 black line): their product, rounded down."""
    factor = line[..., None] if picture.ndim == 3 else line
    return (picture.astype(np.uint16) * factor // 255).astype(np.uint8)


class Canvas:
    """Paints shapes and strokes; later ones cover earlier ones, lines included. Coordinates are page pixels."""

    def __init__(self, width: int, height: int, paint: Paint = WHITE) -> None:
        shape = (height * SUPERSAMPLING, width * SUPERSAMPLING)
        self.width, self.height = width, height
        self._colour = np.empty((*shape, 3), dtype=np.uint8)
        self._colour[:] = paint.colour
        self._tone = np.full(shape, paint.level, dtype=np.uint8)
        self._surface = np.zeros(shape, dtype=np.uint8)
        self._line = np.full(shape, 255, dtype=np.uint8)
        #: What paints without a surface of their own belong to.
        self.surface: Surface = "skin"
        #: What was filled since `cut_around` began, 0 or 255; None outside of it.
        self._filled: _Mask | None = None

    def fill(self, points: Points, paint: Paint, *, clip: Points | None = None) -> None:
        """Fills a closed shape, only inside `clip` where one is given."""
        if clip is None:
            polygon = [_pixels(points)]
            cv2.fillPoly(self._colour, polygon, paint.colour)
            cv2.fillPoly(self._tone, polygon, [paint.level])
            cv2.fillPoly(self._surface, polygon, [self._number(paint)])
            cv2.fillPoly(self._line, polygon, [255])
            if self._filled is not None:
                cv2.fillPoly(self._filled, polygon, [255])
            return
        area, mask = self._masked(points, clip)
        self._colour[area][mask > 0] = paint.colour
        self._tone[area][mask > 0] = paint.level
        self._surface[area][mask > 0] = self._number(paint)
        self._line[area][mask > 0] = 255

    @contextmanager
    def cut_around(self, width: float) -> Iterator[None]:
        """Cuts the ink page's tone away along the outside of all that is filled meanwhile, `width` pixels wide.

        Screentone is cut so around figures, to set them off from a ground of their own grey.
        """
        self._filled = np.zeros_like(self._tone)
        try:
            yield
            reach = round(width * SUPERSAMPLING)
            grown = cv2.dilate(self._filled, np.ones((2 * reach + 1, 2 * reach + 1), dtype=np.uint8))
            self._tone[(grown > 0) & (self._filled == 0)] = 0
        finally:
            self._filled = None

    def shade(self, points: Points, clip: Points, *, tone: float = 0.0, factor: Rgb = SHADOW) -> None:
        """Lays a shadow over what is there, lines kept: colours times factor / 255, tone at least `tone` (0–1)."""
        area, mask = self._masked(points, clip)
        inside = mask > 0
        dimmed = self._colour[area][inside].astype(np.uint16) * np.array(factor, dtype=np.uint16) // 255
        self._colour[area][inside] = dimmed.astype(np.uint8)
        before = self._tone[area][inside]
        self._tone[area][inside] = np.maximum(before, round(tone * 255))
        self._surface[area][inside] = np.where(before > 0, self._surface[area][inside], SURFACES.index(self.surface))

    def gradient(self, top: Paint, bottom: Paint, *, until: float) -> None:
        """Fills the canvas from `top` at its upper edge to `bottom` at row `until` and below; covers all lines."""
        rows = np.arange(self._tone.shape[0]) / SUPERSAMPLING
        share = np.clip(rows / max(until, 1.0), 0.0, 1.0)[:, None]
        colours = np.array(top.colour) * (1 - share) + np.array(bottom.colour) * share
        self._colour[:] = np.rint(colours).astype(np.uint8)[:, None, :]
        self._tone[:] = np.rint(top.level * (1 - share) + bottom.level * share).astype(np.uint8)
        self._surface[:] = self._number(top)
        self._line[:] = 255

    def stroke(self, points: Points, width: float, *, taper: tuple[float, float] = (0.25, 0.25)) -> None:
        """Draws an open ink line of `width` pixels, thinned to `taper` times that at its start and its end."""
        if len(points) < 2:
            return
        t = np.linspace(0.0, 1.0, len(points))
        ends = np.where(t < 0.5, taper[0], taper[1])
        half = width / 2 * (ends + (1 - ends) * np.sin(np.pi * t) ** 0.7)
        self._ribbon(points, half)

    def outline(self, points: Points, width: float) -> None:
        """Draws a closed ink line of about `width` pixels, a little thicker where it runs downwards on the right."""
        ring = np.vstack([points, points[:1]])
        side = normals(ring)
        self._ribbon(ring, width / 2 * (1.0 + 0.25 * (side @ np.array([0.6, 0.8])) ** 2))

    def blacken(self, points: Points) -> None:
        """Fills a closed shape with line ink: black on both pages."""
        cv2.fillPoly(self._line, [_pixels(points)], [0])

    def finish(self) -> Drawing:
        """The layers averaged down to page size; the canvas may be painted on afterwards."""
        colour, tone, line = (self._averaged(layer) for layer in (self._colour, self._tone, self._line))
        return Drawing(colour, tone, self._surface[::SUPERSAMPLING, ::SUPERSAMPLING].copy(), line)

    def _number(self, paint: Paint) -> int:
        return SURFACES.index(paint.surface or self.surface)

    def _averaged(self, layer: NDArray[np.uint8]) -> NDArray[np.uint8]:
        return cv2.resize(layer, (self.width, self.height), interpolation=cv2.INTER_AREA).astype(np.uint8, copy=False)

    def _ribbon(self, points: Points, half: NDArray[np.float64]) -> None:
        """Inks a line whose half-width in pixels changes from point to point, no thinner than a pixel of the page."""
        side = normals(points) * np.maximum(half, 0.45)[:, None]
        left, right = points + side, points - side
        quads = np.stack([left[:-1], left[1:], right[1:], right[:-1]], axis=1)
        scale = SUPERSAMPLING * (1 << _SHIFT)
        # Pixel centres lie at whole coordinates in OpenCV.
        corners = np.rint(quads * scale - (1 << _SHIFT) / 2).astype(np.int32)
        for quad in corners:
            cv2.fillConvexPoly(self._line, quad, [0], lineType=cv2.LINE_8, shift=_SHIFT)

    def _masked(self, points: Points, clip: Points) -> tuple[tuple[slice, slice], _Mask]:
        """The rectangle that both shapes share and which of its pixels lie in both."""
        shape, limit = _pixels(points), _pixels(clip)
        low = np.maximum(np.maximum(shape.min(axis=0), limit.min(axis=0)), 0)
        high = np.minimum(np.minimum(shape.max(axis=0), limit.max(axis=0)) + 1, self._tone.shape[::-1])
        size = np.maximum(high - low, 0)
        masks = [np.zeros((int(size[1]), int(size[0])), dtype=np.uint8) for _ in range(2)]
        if size.min() > 0:
            for mask, polygon in zip(masks, (shape, limit), strict=True):
                cv2.fillPoly(mask, [polygon - low.astype(np.int32)], [255])
        x, y = int(low[0]), int(low[1])
        return (slice(y, y + int(size[1])), slice(x, x + int(size[0]))), masks[0] & masks[1]


def _pixels(points: Points) -> NDArray[np.int32]:
    # Clipped well outside every page: OpenCV overflows on coordinates beyond 2**15 or so.
    return np.clip(np.rint(points * SUPERSAMPLING), -16000, 16000).astype(np.int32)
