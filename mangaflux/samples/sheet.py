"""A sheet of paper: the ink page and the colour page with the truth about them, drawn on at page size."""

from collections.abc import Sequence
from dataclasses import replace

import cv2
import numpy as np
from numpy.typing import NDArray

from mangaflux.samples.curve import Points
from mangaflux.samples.drawing import Drawing, inked
from mangaflux.samples.lettering import Coverage
from mangaflux.samples.screens import Screens, printed

#: Balloons are drawn this much larger and averaged down.
_SUPERSAMPLING = 3


class Sheet:
    """Takes panels first, then balloons and lettering, and keeps the masks in step."""

    def __init__(self, width: int, height: int, screens: Screens) -> None:
        shape = (height, width)
        #: (H, W) uint8 and (H, W, 3) uint8 sRGB: the two pages so far.
        self.ink: NDArray[np.uint8] = np.full(shape, 255, dtype=np.uint8)
        self.colour: NDArray[np.uint8] = np.full((*shape, 3), 255, dtype=np.uint8)
        #: (H, W) bool: inside panels, inside balloons without their outline, touched by lettering.
        self.panel_mask: NDArray[np.bool_] = np.zeros(shape, dtype=np.bool_)
        self.balloon_mask: NDArray[np.bool_] = np.zeros(shape, dtype=np.bool_)
        self.lettering_mask: NDArray[np.bool_] = np.zeros(shape, dtype=np.bool_)
        self._screens = screens

    def put_panel(self, polygon: Points, drawing: Drawing, corner: tuple[int, int]) -> None:
        """Lays a panel's drawing on the sheet, cut to its polygon and framed; `corner` is where its (0, 0) lies."""
        x, y = corner
        height, width = drawing.tone.shape
        area = (slice(y, y + height), slice(x, x + width))
        inside = np.zeros((height, width), dtype=np.uint8)
        local = np.rint((polygon - corner) * 16 - 8).astype(np.int32)
        cv2.fillPoly(inside, [local], [255], cv2.LINE_8, 4)
        cut = inside > 0
        line = drawing.line.copy()
        cv2.polylines(line, [local], True, [0], max(2, round(0.0042 * self.ink.shape[1])), cv2.LINE_AA, 4)
        self.ink[area][cut] = printed(replace(drawing, line=line), self._screens)[cut]
        self.colour[area][cut] = inked(drawing.colour, line)[cut]
        self.panel_mask[area][cut] = True

    def put_balloon(self, body: Points, tails: Sequence[Points], line_width: float) -> None:
        """Draws a white balloon with a black outline over whatever is there."""
        points = np.vstack([body, *tails])
        corner = np.floor(points.min(axis=0)).astype(int) - 6
        width, height = np.ceil(points.max(axis=0)).astype(int) - corner + 6
        whole = np.zeros((int(height) * _SUPERSAMPLING, int(width) * _SUPERSAMPLING), dtype=np.uint8)
        for part in (body, *tails):
            cv2.fillPoly(whole, [np.rint((part - corner) * _SUPERSAMPLING).astype(np.int32)], [255])
        thick = max(3, round(line_width * _SUPERSAMPLING)) | 1
        inner = cv2.erode(whole, cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (thick, thick)), iterations=2)
        size = (int(width), int(height))
        covered, white = (cv2.resize(layer, size, interpolation=cv2.INTER_AREA) for layer in (whole, inner))
        self._blend(covered.astype(np.uint8), white.astype(np.uint8), (int(corner[0]), int(corner[1])))

    def put_lettering(self, block: Coverage, corner: tuple[int, int], *, rim: int = 0) -> None:
        """Letters in black, with a white rim of `rim` pixels around each; the rim is not lettering."""
        area, part = self._overlap(block.shape, corner)
        coverage = block[part]
        if rim:
            kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * rim + 1, 2 * rim + 1))
            padded = cv2.dilate(coverage, kernel)
            self._white_out(area, padded.astype(np.uint8))
        self.ink[area] = inked(self.ink[area], 255 - coverage)
        self.colour[area] = inked(self.colour[area], 255 - coverage)
        self.lettering_mask[area] |= coverage > 0

    def _blend(self, covered: Coverage, white: Coverage, corner: tuple[int, int]) -> None:
        area, part = self._overlap(covered.shape, corner)
        covered, white = covered[part], white[part]
        self.ink[area] = inked(self.ink[area], 255 - covered) + white
        self.colour[area] = inked(self.colour[area], 255 - covered) + white[..., None]
        mask = self.balloon_mask[area]
        mask[covered > 0] = False
        mask[white == 255] = True
        self.lettering_mask[area][covered == 255] = False

    def _white_out(self, area: tuple[slice, slice], coverage: Coverage) -> None:
        self.lettering_mask[area][coverage == 255] = False
        self.ink[area] = 255 - inked(255 - self.ink[area], 255 - coverage)
        self.colour[area] = 255 - inked(255 - self.colour[area], 255 - coverage)

    def _overlap(
        self, shape: tuple[int, ...], corner: tuple[int, int]
    ) -> tuple[tuple[slice, slice], tuple[slice, slice]]:
        """The rectangle of the sheet that a block at `corner` covers, and the part of the block that lies on it."""
        (x, y), (height, width) = corner, shape[:2]
        x0, y0 = max(x, 0), max(y, 0)
        x1, y1 = max(x0, min(x + width, self.ink.shape[1])), max(y0, min(y + height, self.ink.shape[0]))
        return (slice(y0, y1), slice(x0, x1)), (slice(y0 - y, y1 - y), slice(x0 - x, x1 - x))
