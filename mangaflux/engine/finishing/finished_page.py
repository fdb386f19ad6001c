"""What did a finished page keep of the original, pixel by pixel? Pure functions; any thread."""

from dataclasses import asdict, dataclass
from typing import Protocol

import cv2
import numpy as np
from numpy.typing import NDArray

from mangaflux.engine.analysis.metadata import Mask
from mangaflux.engine.base import RgbImage
from mangaflux.engine.finishing.tiles import bands_of

GrayImage = NDArray[np.uint8]

#: Grey level, 0–255, below which a pixel is ink.
INK_LEVEL = 80
#: CIE C* above which a pixel is coloured to the eye.
VISIBLE_CHROMA = 3.0
#: Pixels of a band.
_BAND_PIXELS = 500_000


class Masks(Protocol):
    """Where a page must not be coloured, and where not changed; (H, W) bool each."""

    @property
    def lettering_mask(self) -> Mask:
        """True on lettering."""

    @property
    def balloon_mask(self) -> Mask:
        """True inside balloons."""

    @property
    def panel_mask(self) -> Mask:
        """True inside panels."""


@dataclass(frozen=True, slots=True)
class PageKept:
    """Shares of a page, 0–1; 1, 1, 0 and 0 are perfect."""

    #: Pixels under the lettering mask that are the original's own.
    lettering_identical: float
    #: Ink of the drawing that is ink on the finished page; the dots of screentone are not of the drawing.
    ink_kept: float
    #: Pixels of gutters and balloons with visible colour, C* > 3.
    coloured_whites: float
    #: The largest C* there.
    largest_white_chroma: float

    def rounded(self) -> dict[str, float]:
        """As JSON."""
        return {name: round(value, 5) for name, value in asdict(self).items()}


def measure_kept(page: RgbImage, drawing: GrayImage, finished: RgbImage, masks: Masks) -> PageKept:
    """What a finished page, (H, W, 3), kept of the original, (H, W, 3), under these masks.

    Args:
        page: (H, W, 3) uint8 sRGB, the original.
        drawing: (H, W) uint8, its levels without screentone.
        finished: (H, W, 3) uint8 sRGB.
        masks: an analysis of the page, or the truth about it.
    """
    same = lettered = ink = kept = whites = coloured = 0
    largest = 0.0
    for band in bands_of(page.shape, _BAND_PIXELS):
        before, after = page[band.place], finished[band.place]
        lettering = masks.lettering_mask[band.place]
        lettered += int(lettering.sum())
        changed = before[lettering] != after[lettering]
        same += len(changed) - int(np.count_nonzero(changed[:, 0] | changed[:, 1] | changed[:, 2]))
        inked = drawing[band.place] < INK_LEVEL
        ink += int(inked.sum())
        kept += int((inked & (cv2.cvtColor(after, cv2.COLOR_RGB2GRAY) < INK_LEVEL)).sum())
        white = (~masks.panel_mask[band.place] | masks.balloon_mask[band.place]) & ~lettering
        whites += int(white.sum())
        chroma = _chroma_of_coloured(after[white])
        coloured += int((chroma > VISIBLE_CHROMA).sum())
        largest = max(largest, float(chroma.max(initial=0.0)))
    return PageKept(
        lettering_identical=same / lettered if lettered else 1.0,
        ink_kept=kept / ink if ink else 1.0,
        coloured_whites=coloured / whites if whites else 0.0,
        largest_white_chroma=largest,
    )


def _chroma_of_coloured(pixels: RgbImage) -> NDArray[np.float32]:
    """CIE C* of those of (N, 3) pixels that are not grey."""
    red, green, blue = pixels[:, 0], pixels[:, 1], pixels[:, 2]
    coloured = pixels[(red != green) | (green != blue)]
    if not len(coloured):
        return np.zeros(0, np.float32)
    lab = cv2.cvtColor(coloured[None].astype(np.float32) / 255.0, cv2.COLOR_RGB2LAB)[0]
    return np.asarray(np.hypot(lab[:, 1], lab[:, 2]), np.float32)
