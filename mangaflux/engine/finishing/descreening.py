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

#: Lighter than this, 0–1, no stroke of a pen hides the tone.
_NO_STROKE = 0.8
#: How far the tone of a dot reaches from its rim, in steps of its lattice.
_TONE_REACH = 0.7
#: Half the width of the gaps that missing dots leave, in steps, and the widest lattice in pixels whose dots are small
#: enough to be missing; in others a gap is a drawn highlight.
_GAP, _FINE_PITCH = 1.3, 4.0
#: Levels, 0–1, by which a pixel became lighter where a dot went.
_DOT_DEPTH = 0.2
#: Half the window of the mean that makes shade of dots, in steps of the lattice.
_WINDOW = 1.3
#: Share of the darkness of a screentone that is laid over the layer, which has shaded the same place already.
_SHADE_STRENGTH = 0.55


def without_screentone(gray: GrayImage) -> FloatImage:
    """Levels 0–1 of a page, (H, W) uint8, with its screentone laid on as even shade, lighter than it was printed.

    Pixels away from dots are those of the page.
    """
    level = gray.astype(np.float32) / 255.0
    screen = find_dot_screen(gray)
    if not len(screen.centres):
        return level
    around = dot_surroundings(screen, gray.shape)
    pen = pen_among_dots(gray, around, screen).astype(np.float32) / 255.0
    pitch = float(np.median(screen.pitches))
    shade = _shade(level, pen, _toned(level, pen, around.dotted, pitch), pitch)
    return np.where(around.dotted, shade * pen, level).astype(np.float32)


def _toned(level: FloatImage, pen: FloatImage, dotted: Mask, pitch: float) -> Mask:
    """Where dots went, and the paper between them; a dot or two may be missing in a fine screen."""
    gone = (dotted & (pen - level > _DOT_DEPTH)).astype(np.uint8)
    gap = _GAP * pitch if pitch <= _FINE_PITCH else 0.0
    grown = cv2.dilate(gone, _disc(_TONE_REACH * pitch + gap))
    return np.asarray(cv2.erode(grown, _disc(gap)) > 0)


def _disc(radius: float) -> NDArray[np.uint8]:
    side = 2 * round(radius) + 1
    return np.asarray(cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (side, side)), np.uint8)


def _shade(level: FloatImage, pen: FloatImage, toned: Mask, pitch: float) -> FloatImage:
    """The mean level of the tone, beside the pen's strokes, lightened; 1 away from dots."""
    beside = (toned & (pen > _NO_STROKE)).astype(np.float32)
    side = 2 * round(_WINDOW * pitch) + 1
    weight = cv2.blur(cv2.blur(beside, (side, side)), (side, side))
    total = cv2.blur(cv2.blur(level * beside, (side, side)), (side, side))
    tone = even_tone(np.where(weight > 0.01, total / np.maximum(weight, 0.01), 1.0).astype(np.float32))
    soft = cv2.GaussianBlur(toned.astype(np.float32), (0, 0), max(0.8, pitch / 3))
    return np.asarray(1.0 - (1.0 - tone) * soft * _SHADE_STRENGTH, np.float32)
