"""From a page to the canvases that are painted, and from the painted canvases back to one picture of the page."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from mangaflux.engine.base import Region, RgbImage
from mangaflux.engine.flux.fitting import Fit, Limits, fit_page, fit_slice, lay, lift, resize
from mangaflux.engine.flux.strips import Slice, cut, is_cut, join, slice_scale


@dataclass(frozen=True, slots=True, eq=False)
class Sheet:
    """A page, or a region of one, laid on one canvas or on several."""

    canvases: tuple[RgbImage, ...]
    fits: tuple[Fit, ...]
    #: Where the canvases lie in a strip; empty for one canvas.
    slices: tuple[Slice, ...] = ()
    #: True for strips that run from left to right.
    is_sideways: bool = False

    def assemble(self, painted: Sequence[RgbImage]) -> RgbImage:
        """The picture of the page, from what was painted on each canvas."""
        pictures = [lift(canvas, fit) for canvas, fit in zip(painted, self.fits, strict=True)]
        if not self.slices:
            return pictures[0]
        joined = join(list(self.slices), [_turned(picture, self.is_sideways) for picture in pictures])
        return np.ascontiguousarray(_turned(joined, self.is_sideways))


def lay_out(page: RgbImage, region: Region | None, limits: Limits) -> Sheet:
    """The canvases of a page or of one region of it."""
    if region is not None:
        page = page[region.y : region.y + region.height, region.x : region.x + region.width]
    height, width = page.shape[:2]
    if is_cut(width, height, limits.max_pixels):
        return _cut_strip(page, limits)
    fit = fit_page(width, height, limits)
    return Sheet((lay(page, fit),), (fit,))


def _cut_strip(page: RgbImage, limits: Limits) -> Sheet:
    height, width = page.shape[:2]
    is_sideways = width > height
    scale = slice_scale(min(width, height), limits.min_pixels, limits.max_pixels)
    strip = _turned(resize(page, max(1, round(width * scale)), max(1, round(height * scale))), is_sideways)
    slices = tuple(cut(strip))
    pieces = [np.ascontiguousarray(_turned(strip[piece.top : piece.bottom], is_sideways)) for piece in slices]
    fits = tuple(fit_slice(piece.shape[1], piece.shape[0]) for piece in pieces)
    canvases = tuple(lay(piece, fit) for piece, fit in zip(pieces, fits, strict=True))
    return Sheet(canvases, fits, slices, is_sideways)


def _turned(picture: RgbImage, is_sideways: bool) -> RgbImage:
    return np.swapaxes(picture, 0, 1) if is_sideways else picture
