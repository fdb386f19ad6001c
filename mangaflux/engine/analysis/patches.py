"""What do lines enclose? The patches between the lines of a page. Pure functions; any thread."""

from dataclasses import dataclass
from typing import Protocol

import cv2
import numpy as np
from numpy.typing import NDArray

from mangaflux.engine.analysis.line_art import LineArt
from mangaflux.engine.analysis.metadata import Mask

FloatArray = NDArray[np.float32]


class Patches(Protocol):
    """N patches of one page; N may be 0."""

    @property
    def labels(self) -> NDArray[np.int32]:
        """(h, w): 0 … N−1, and −1 outside of all patches."""
        ...

    @property
    def area(self) -> FloatArray:
        """(N,) pixels."""
        ...

    @property
    def tone(self) -> FloatArray:
        """(N,) mean tone, 0 black to 1 paper."""
        ...

    @property
    def rim(self) -> FloatArray:
        """(N,) 0–1: the share of the outline that runs along gutters or the page's edge."""
        ...


@dataclass(frozen=True, slots=True, eq=False)
class EnclosedPatches:
    """Patches that closed lines part; one gap in a line makes two patches one."""

    labels: NDArray[np.int32]
    area: FloatArray
    tone: FloatArray
    rim: FloatArray


def enclosed_patches(art: LineArt, paper: Mask) -> EnclosedPatches:
    """The connected parts of what is neither ink nor `paper`, (h, w) True on gutters and inside balloons.

    How far they border on paper is not measured: their rims are 0.
    """
    free = (~art.ink & ~paper).astype(np.uint8)
    count, numbered, stats, _ = cv2.connectedComponentsWithStats(free, connectivity=4)
    inside = free > 0
    total = np.bincount(numbered[inside], weights=art.tone[inside], minlength=count)[1:]
    area = np.asarray(stats[1:, cv2.CC_STAT_AREA], dtype=np.float32)
    return EnclosedPatches(
        labels=np.asarray(numbered - 1, dtype=np.int32),
        area=area,
        tone=np.asarray(total / area, dtype=np.float32),
        rim=np.zeros(count - 1, dtype=np.float32),
    )
