"""Takes the dots of screentone off a page: even shade instead, with the pen's lines as dark and crisp as they were.

Pure functions; any thread.
"""

import cv2
import numpy as np
from numpy.typing import NDArray

from mangaflux.engine.analysis.metadata import Mask
from mangaflux.engine.analysis.screentone_dots import find_dot_screen
from mangaflux.engine.finishing.dot_surroundings import dot_surroundings
from mangaflux.engine.finishing.pen_strokes import pen_among_dots
from mangaflux.engine.finishing.screentone import even_tone

GrayImage = NDArray[np.uint8]
FloatImage = NDArray[np.float32]

#: Lighter than this, 0–255, no stroke of a pen hides the tone.
_NO_STROKE = 204
#: How far the tone of a dot reaches from its rim, in steps of its lattice.
_TONE_REACH = 0.7
#: Half the width of the gaps that missing dots leave, in steps, and the widest lattice in pixels whose dots are small
#: enough to be missing; in others a gap is a drawn highlight.
_GAP, _FINE_PITCH = 1.3, 4.0
#: Levels, 0–255, by which a pixel became lighter where a dot went.
_DOT_DEPTH = 51
#: Half the window of the mean that makes shade of dots, in steps of the lattice.
_WINDOW = 1.3
#: Shade is averaged on a page so many times smaller.
_SHRINK = 2
#: Share of the darkness of a screentone that is laid over the layer, which has shaded the same place already.
_SHADE_STRENGTH = 0.55


def without_screentone(gray: GrayImage) -> GrayImage:
    """Levels of a page, (H, W) uint8, with its screentone laid on as even shade, lighter than it was printed.

    Pixels away from dots are those of the page; without any the page itself comes back.
    """
    screen = find_dot_screen(gray)
    if not len(screen.centres):
        return gray
    around = dot_surroundings(screen, gray.shape)
    pen = pen_among_dots(gray, around, screen)
    pitch = float(np.median(screen.pitches))
    shade = _shade(gray, pen, _toned(gray, pen, around.dotted, pitch), pitch)
    shade *= pen
    return np.asarray(cv2.copyTo(cv2.convertScaleAbs(shade), around.dotted.view(np.uint8), gray.copy()), np.uint8)


def _toned(gray: GrayImage, pen: GrayImage, dotted: Mask, pitch: float) -> NDArray[np.uint8]:
    """1 where dots went, and on the paper between them; a dot or two may be missing in a fine screen."""
    gone = (dotted & (cv2.subtract(pen, gray) > _DOT_DEPTH)).view(np.uint8)
    gap = _GAP * pitch if pitch <= _FINE_PITCH else 0.0
    grown = cv2.dilate(gone, _disc(_TONE_REACH * pitch + gap))
    return np.asarray(cv2.erode(grown, _disc(gap)), np.uint8)


def _disc(radius: float) -> NDArray[np.uint8]:
    side = 2 * round(radius) + 1
    return np.asarray(cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (side, side)), np.uint8)


def _shade(gray: GrayImage, pen: GrayImage, toned: NDArray[np.uint8], pitch: float) -> FloatImage:
    """The mean level of the tone, 0–1, beside the pen's strokes, lightened; 1 away from dots."""
    bare = toned * (pen > _NO_STROKE)
    size = tuple(-(-length // _SHRINK) for length in gray.shape[::-1])
    small, weight, soft = (
        cv2.resize(each, size, interpolation=cv2.INTER_AREA).astype(np.float32) / 255.0
        for each in (gray * bare, bare * np.uint8(255), toned * np.uint8(255))
    )
    window = (2 * round(_WINDOW * pitch / _SHRINK) + 1,) * 2
    beside, total = (cv2.blur(cv2.blur(each, window), window) for each in (weight, small))
    tone = even_tone(np.where(beside > 0.01, total / np.maximum(beside, 0.01), 1.0).astype(np.float32))
    shade = 1.0 - (1.0 - tone) * cv2.GaussianBlur(soft, (0, 0), max(0.8, pitch / 3) / _SHRINK) * _SHADE_STRENGTH
    return np.asarray(cv2.resize(shade, gray.shape[::-1], interpolation=cv2.INTER_LINEAR), np.float32)
