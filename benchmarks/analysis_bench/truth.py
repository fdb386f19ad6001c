"""A page with the truth about it, as far as it is known."""

from dataclasses import dataclass
from typing import Literal

import cv2
import numpy as np
from numpy.typing import NDArray

from mangaflux.engine.analysis.metadata import Mask, ReadingDirection

#: (N, 2) float64 or int32: corners in pixels.
Polygon = NDArray[np.float64]
LetteringKind = Literal["speech", "caption", "sfx"]


@dataclass(frozen=True, slots=True, eq=False)
class KnownBalloon:
    """One balloon; `kind` is what its maker calls it, empty where nobody said."""

    polygon: Polygon
    kind: str = ""


@dataclass(frozen=True, slots=True, eq=False)
class KnownBlock:
    """One block of lettering."""

    kind: LetteringKind
    polygon: Polygon


@dataclass(frozen=True, slots=True, eq=False)
class TruthPage:
    """One page of the benchmark."""

    name: str
    #: The row of the table that it counts in.
    group: str
    #: (H, W, 3) uint8 sRGB.
    page: NDArray[np.uint8]
    reading_direction: ReadingDirection
    #: In reading order; None where nobody knows.
    panels: tuple[Polygon, ...] | None
    #: None where nobody knows.
    balloons: tuple[KnownBalloon, ...] | None
    blocks: tuple[KnownBlock, ...]
    #: (H, W) bool: the ink of all lettering.
    lettering_mask: Mask
    #: Whether it also counts in the row of the scanned pages.
    scanned: bool = False


def filled(shape: tuple[int, ...], polygons: list[Polygon]) -> Mask:
    """(H, W) bool: inside any of the polygons."""
    mask = np.zeros(shape[:2], dtype=np.uint8)
    for polygon in polygons:
        cv2.fillPoly(mask, [np.rint(polygon).astype(np.int32)], (1,))
    return mask > 0


def rectangle(box: tuple[float, float, float, float]) -> Polygon:
    """The corners of a box x, y, width, height."""
    x, y, width, height = box
    return np.array([(x, y), (x + width, y), (x + width, y + height), (x, y + height)], dtype=np.float64)


def dilated(mask: Mask, reach: int) -> Mask:
    """A mask with everything within `reach` pixels of it."""
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * reach + 1, 2 * reach + 1))
    return np.asarray(cv2.dilate(mask.astype(np.uint8), kernel) > 0)
