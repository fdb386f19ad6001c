"""At which size are letters looked for? Pure; any thread.

A page is read piece by piece: what counts is not how long a strip is, but how much of it a reader sees at once.
"""

import cv2
import numpy as np

from mangaflux.engine.analysis.sheet import Sheet

#: Long side, in pixels, at which a page's letters are looked for, and the one for pages larger than `_LARGE` pixels.
_SIDE, _LARGE_SIDE = 1280, 1600
_LARGE = 2000
#: Of a strip a reader sees so many times its shorter side at once; a page wider than this share of its height is two.
_SEEN, _SPREAD = 1.6, 1.2


def seen_side(shape: tuple[int, ...]) -> float:
    """The long side, in pixels, of what a reader sees at once of a page of this (H, W, …) shape."""
    height, width = shape[:2]
    longer = max(height, width / 2) if width > _SPREAD * height else max(height, width)
    return float(min(longer, _SEEN * min(height, width)))


def reading_unit(sheet: Sheet) -> float:
    """One thousandth of the long side of what a reader sees at once, in pixels of a sheet's layout."""
    return max(0.1, seen_side(sheet.gray.shape) / 1000)


def reading_sheet(sheet: Sheet) -> Sheet:
    """The page with a layout in which letters can be told; small pages keep their size."""
    side = seen_side(sheet.page.shape)
    shrink = min(1.0, (_LARGE_SIDE if side > _LARGE else _SIDE) / side)
    if shrink == 1.0:
        return Sheet(sheet.page, sheet.page)
    height, width = sheet.page.shape
    size = (max(1, round(width * shrink)), max(1, round(height * shrink)))
    return Sheet(sheet.page, np.asarray(cv2.resize(sheet.page, size, interpolation=cv2.INTER_AREA), dtype=np.uint8))
