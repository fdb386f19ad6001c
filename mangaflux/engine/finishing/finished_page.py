"""What did a finished page keep of the original, pixel by pixel? Pure functions; any thread."""

from dataclasses import asdict, dataclass
from typing import Protocol

import cv2
import numpy as np
from numpy.typing import NDArray

from mangaflux.engine.analysis.metadata import Mask
from mangaflux.engine.base import RgbImage
from mangaflux.engine.finishing.tiles import Tile, bands_of, side_by_side

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
    counts = side_by_side(lambda band: _count(page, drawing, finished, masks, band), bands_of(page.shape, _BAND_PIXELS))
    return PageKept(
        lettering_identical=1 - _share(sum(each.changed for each in counts), sum(each.lettered for each in counts)),
        ink_kept=1 - _share(sum(each.ink_lost for each in counts), sum(each.ink for each in counts)),
        coloured_whites=_share(sum(each.coloured for each in counts), sum(each.whites for each in counts)),
        largest_white_chroma=max(each.largest_chroma for each in counts),
    )


@dataclass(frozen=True, slots=True)
class _Counts:
    """Pixels of a band."""

    lettered: int
    changed: int
    ink: int
    ink_lost: int
    whites: int
    coloured: int
    largest_chroma: float


def _count(page: RgbImage, drawing: GrayImage, finished: RgbImage, masks: Masks, band: Tile) -> _Counts:
    after, lettering = finished[band.place], masks.lettering_mask[band.place]
    red, green, blue = (np.asarray(each, np.uint8) for each in cv2.split(cv2.absdiff(page[band.place], after)))
    inked = drawing[band.place] < INK_LEVEL
    white = (~masks.panel_mask[band.place] | masks.balloon_mask[band.place]) & ~lettering
    chroma = _chroma_of_coloured(after, white)
    return _Counts(
        lettered=int(np.count_nonzero(lettering)),
        changed=int(np.count_nonzero(lettering & ((red | green | blue) > 0))),
        ink=int(np.count_nonzero(inked)),
        ink_lost=int(np.count_nonzero(inked & (cv2.cvtColor(after, cv2.COLOR_RGB2GRAY) >= INK_LEVEL))),
        whites=int(np.count_nonzero(white)),
        coloured=int(np.count_nonzero(chroma > VISIBLE_CHROMA)),
        largest_chroma=float(chroma.max(initial=0.0)),
    )


def _share(part: int, whole: int) -> float:
    return part / whole if whole else 0.0


def _chroma_of_coloured(image: RgbImage, where: Mask) -> NDArray[np.float32]:
    """CIE C* of those pixels of an (H, W, 3) picture that are not grey."""
    red, green, blue = cv2.split(image)
    coloured = image[where & ((red != green) | (green != blue))]
    if not len(coloured):
        return np.zeros(0, np.float32)
    lab = cv2.cvtColor(coloured[None].astype(np.float32) / 255.0, cv2.COLOR_RGB2LAB)[0]
    return np.asarray(np.hypot(lab[:, 1], lab[:, 2]), np.float32)
