"""The page as the analysis works on it: grey, at layout size, with the way back to page size. Pure; any thread."""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from mangaflux.engine.analysis.metadata import BoundingBox, Point

#: Long side, in pixels, at which panels are looked for. Smaller pages keep their size.
LAYOUT_SIDE = 1100


@dataclass(frozen=True, slots=True)
class Sheet:
    """A page in grey, at page size and at layout size."""

    #: (H, W) uint8, as large as the page.
    page: NDArray[np.uint8]
    #: (h, w) uint8, at the size at which something is looked for: `LAYOUT_SIDE`, or that of `reading_sheet`.
    gray: NDArray[np.uint8]

    @property
    def unit(self) -> float:
        """One thousandth of the layout's long side, in pixels of the layout: lengths that do not depend on the scan."""
        return float(max(self.gray.shape) / 1000)

    @property
    def scale(self) -> tuple[float, float]:
        """Pixels of the page per pixel of the layout, across and down."""
        return self.page.shape[1] / self.gray.shape[1], self.page.shape[0] / self.gray.shape[0]

    def page_box(self, box: BoundingBox) -> BoundingBox:
        """A box of the layout in pixels of the page, at least one pixel wide and inside the page."""
        across, down = self.scale
        height, width = self.page.shape
        left, top = min(width - 1, round(box[0] * across)), min(height - 1, round(box[1] * down))
        right, bottom = min(width, round((box[0] + box[2]) * across)), min(height, round((box[1] + box[3]) * down))
        return left, top, max(1, right - left), max(1, bottom - top)

    def page_polygon(self, points: NDArray[np.int32]) -> tuple[Point, ...]:
        """(N, 2) points of the layout in pixels of the page."""
        across, down = self.scale
        height, width = self.page.shape
        return tuple((min(width - 1, round(x * across)), min(height - 1, round(y * down))) for x, y in points.tolist())


def make_sheet(page: NDArray[np.uint8]) -> Sheet:
    """The sheet of an (H, W, 3) uint8 page in sRGB."""
    gray = np.asarray(cv2.cvtColor(page, cv2.COLOR_RGB2GRAY), dtype=np.uint8)
    height, width = gray.shape
    shrink = min(1.0, LAYOUT_SIDE / max(height, width))
    if shrink == 1.0:
        return Sheet(gray, gray)
    size = (max(1, round(width * shrink)), max(1, round(height * shrink)))
    return Sheet(gray, np.asarray(cv2.resize(gray, size, interpolation=cv2.INTER_AREA), dtype=np.uint8))
