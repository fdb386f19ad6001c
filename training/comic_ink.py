"""Comic pages in black and white, as the licensed test pages are: lines and screens out of the colours alone.

The recipe and its numbers are those that come with the licensed pages (`make_bw.py`): lines where a place is darker
than what is near it, and four tones by the page's own quantiles of lightness, as dots.
"""

import cv2
import numpy as np
from numpy.typing import NDArray

from mangaflux.engine.lite.borders import as_float

Bytes = NDArray[np.uint8]
Floats = NDArray[np.float64]

#: Width in pixels at which pages are inked.
WIDTH = 700
#: Period of the waves that dots are made of, √2 of the pixels from dot to dot; how much of a tone is ink, darkest
#: first; and the quantiles of lightness that part the tones.
_PITCH, _COVERS, _QUANTILES = 5.0, (0.85, 0.45, 0.22, 0.08), (0.06, 0.22, 0.42, 0.62)
#: How far pages to train on stray from that: pitch by pixels, covers and quantiles by a share.
_PITCH_RANGE, _STRAY = (3.5, 8.0), 0.3
#: Brightness, 0–255, from which a place is paper, and from which it is not counted among the tones.
_PAPER, _BLANK = 235, 250
#: Side of the window that a line is told in, and the share of its surroundings from which a place is ink.
_NEAR, _INK_BELOW = 7, 0.79


def ink_page(art: Bytes, stray: np.random.Generator | None = None) -> Bytes:
    """(h, w) uint8, 0 or 255, from (h, w, 3) sRGB without letters; another screen each time with `stray`."""
    grey = np.asarray(cv2.cvtColor(art, cv2.COLOR_RGB2GRAY), np.uint8)
    pitch, covers, quantiles = _PITCH, np.array(_COVERS), np.array(_QUANTILES)
    if stray is not None:
        pitch = float(stray.uniform(*_PITCH_RANGE))
        covers = np.clip(covers * stray.uniform(1 - _STRAY, 1 + _STRAY), 0.0, 0.95)
        quantiles = np.clip(quantiles * stray.uniform(1 - _STRAY, 1 + _STRAY), 0.0, 0.95)
    inked = _lines(grey) | _screen(grey, pitch, covers, quantiles)
    return np.where(inked, 0, 255).astype(np.uint8)


def _lines(grey: Bytes) -> NDArray[np.bool_]:
    lifted = cv2.bilateralFilter(grey, 5, 25, 5).astype(np.float32) + 12
    window = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (_NEAR, _NEAR))
    around = cv2.GaussianBlur(cv2.dilate(lifted, window), (0, 0), _NEAR / 3)
    return np.asarray(cv2.GaussianBlur(lifted, (0, 0), 0.6) / around < _INK_BELOW)


def _screen(grey: Bytes, pitch: float, covers: Floats, quantiles: Floats) -> NDArray[np.bool_]:
    smooth = cv2.medianBlur(cv2.bilateralFilter(grey, 11, 45, 11), 11)
    drawn = smooth[smooth < _BLANK]
    levels = np.quantile(drawn, quantiles) if drawn.size else np.zeros(len(quantiles))
    tone = np.digitize(smooth, levels)
    dots = _dots(grey.shape, pitch)
    highest = np.append(np.quantile(dots, 1 - covers), 2.0)
    return np.asarray((dots >= highest[tone]) & (smooth < _PAPER))


def _dots(shape: tuple[int, ...], pitch: float) -> NDArray[np.float32]:
    """Hills, 0–1, in rows and columns."""
    y, x = np.indices(shape, np.float32) * (np.sqrt(0.5) * 2 * np.pi / pitch)
    return as_float((np.cos(x + y) * np.cos(y - x) + 1) / 2)
