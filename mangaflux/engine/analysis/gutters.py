"""What of a page is drawn, and what is gutter? Pure functions; any thread. Layout pixels throughout."""

import cv2
import numpy as np
from numpy.typing import NDArray

from mangaflux.engine.analysis.metadata import Mask
from mangaflux.engine.analysis.sheet import Sheet

#: By how many grey levels a stroke differs from the gutter.
_INK_STEP = 26
#: By how many levels a light screentone differs from it, averaged over so many pixels each way.
_TONE_STEP, _TONE_WINDOW = 12.0, 5
#: Specks that are dropped, in thousandths of the long side.
_SPECK = 8.0
#: Marks in the margin, page numbers and titles, lie wholly within this part of the page's edge; the longer and the
#: shorter side of one at most, in thousandths of the long side, and how far apart its letters may stand.
_MARGIN, _LONG_MARK, _SHORT_MARK, _LETTER_GAP = 0.09, 60.0, 32.0, 4.0


def find_ink(sheet: Sheet, gutter: int) -> Mask:
    """(h, w) True where the page differs from the gutter: strokes and screentone, without specks and page numbers.

    Args:
        sheet: the page.
        gutter: level of the gutter, 0–255; ink is darker, and on black gutters lighter.
    """
    ink = _strokes(sheet, gutter)
    ink |= _tone(sheet, gutter, ink)
    return ink & ~_margin_marks(ink, sheet.unit)


def _strokes(sheet: Sheet, gutter: int) -> Mask:
    ink = sheet.gray > gutter + _INK_STEP if gutter < 128 else sheet.gray < gutter - _INK_STEP
    _, labels, stats, _ = cv2.connectedComponentsWithStats(ink.astype(np.uint8), connectivity=8)
    keep = stats[:, 2:4].max(axis=1) > _SPECK * sheet.unit
    keep[0] = False
    return np.asarray(keep[labels])


def _tone(sheet: Sheet, gutter: int, strokes: Mask) -> Mask:
    """Screentone whose dots are too small and too light to be strokes; what touches strokes is left out."""
    near = cv2.dilate(strokes.astype(np.uint8), np.ones((3, 3), np.uint8))
    free = (1 - near).astype(np.float32)
    away = np.abs(sheet.gray.astype(np.float32) - gutter) * free
    window = (_TONE_WINDOW, _TONE_WINDOW)
    mean = cv2.blur(away, window) / np.maximum(cv2.blur(free, window), 0.25)
    return np.asarray((mean > _TONE_STEP) & (near == 0))


def _margin_marks(ink: Mask, unit: float) -> Mask:
    """What stands alone and small near the page's edge, as page numbers do."""
    height, width = ink.shape
    gap = 2 * round(_LETTER_GAP * unit) + 1
    grown = cv2.dilate(ink.astype(np.uint8), np.ones((gap, gap), np.uint8))
    _, labels, stats, _ = cv2.connectedComponentsWithStats(grown, connectivity=8)
    x, y, across, down = (stats[:, column] for column in range(4))
    outside = (x + across < _MARGIN * width) | (x > (1 - _MARGIN) * width)
    outside |= (y + down < _MARGIN * height) | (y > (1 - _MARGIN) * height)
    small = (np.maximum(across, down) < _LONG_MARK * unit) & (np.minimum(across, down) < _SHORT_MARK * unit)
    marks = outside & small
    marks[0] = False
    return np.asarray(marks[labels])


def square(side: float) -> NDArray[np.uint8]:
    """A square kernel; its side is odd, for an even one would shift what it opens and closes."""
    odd = max(1, round(side)) | 1
    return np.ones((odd, odd), dtype=np.uint8)
