"""Takes the dots of screentone off a page: even shade instead, with the pen's lines as dark and crisp as they were.

Among dots, what is darker than its surroundings along some straight stroke of two lattice steps was drawn by the pen;
a dot is shorter than that in every direction, and so is a dot that sits on a line (a closing by line segments; Soille,
Morphological Image Analysis, 2003, chapter 8). Where dots have grown into a net, the stroke must also be wider than
the net's bands. Pure functions; any thread.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from mangaflux.engine.analysis.metadata import Mask
from mangaflux.engine.analysis.screentone_dots import DotScreen, find_dot_screen
from mangaflux.engine.finishing.screentone import even_tone

GrayImage = NDArray[np.uint8]
FloatImage = NDArray[np.float32]

#: How far from the middle of a dot, in steps of its lattice, its tone reaches; and the dots that could not be told
#: from a line they touch.
_TONE_REACH, _DOTS_REACH = 0.85, 2.0
#: Length of the shortest stroke of a pen among dots, in steps of the lattice.
_STROKE = 2.0
#: Coverage from which dots grow together, and widest band of the net that a line is told from, in pixels.
_NET_COVERAGE, _WIDEST_BAND = 0.42, 6
#: Share of the darkness of a screentone that is laid over the layer, which has shaded the same place already.
_SHADE_STRENGTH = 0.55


@dataclass(frozen=True, slots=True)
class _Surroundings:
    """What the nearest dot says of each pixel; all (H, W)."""

    #: Distance to the middle of that dot, in steps of its lattice.
    distance: FloatImage
    #: Share of the paper under ink, 0–1.
    coverage: FloatImage
    #: In pixels.
    pitch: FloatImage


def without_screentone(gray: GrayImage) -> FloatImage:
    """Levels 0–1 of a page, (H, W) uint8, with its screentone laid on as even shade, lighter than it was printed.

    Pixels away from dots are those of the page.
    """
    level = gray.astype(np.float32) / 255.0
    screen = find_dot_screen(gray)
    if not len(screen.centres):
        return level
    around = _surroundings(screen, gray.shape)
    dotted = around.distance <= _DOTS_REACH
    pen = _pen(gray, around, dotted, _stroke_length(screen)).astype(np.float32) / 255.0
    shade = _shade(level, pen, around.distance <= _TONE_REACH, float(np.median(screen.pitches)))
    return np.where(dotted, shade * pen, level).astype(np.float32)


def _surroundings(screen: DotScreen, shape: tuple[int, ...]) -> _Surroundings:
    height, width = shape
    columns, rows = np.rint(screen.centres).astype(np.intp).T
    elsewhere = np.ones((height, width), dtype=np.uint8)
    elsewhere[np.clip(rows, 0, height - 1), np.clip(columns, 0, width - 1)] = 0
    distance, nearest = cv2.distanceTransformWithLabels(
        elsewhere, cv2.DIST_L2, cv2.DIST_MASK_5, labelType=cv2.DIST_LABEL_PIXEL
    )
    pitch, coverage = (np.zeros(int(nearest.max()) + 1, np.float32) for _ in range(2))
    place = nearest[rows, columns]
    pitch[place], coverage[place] = screen.pitches, screen.coverage
    pitches = pitch[nearest]
    return _Surroundings(distance / np.maximum(pitches, 1.0), coverage[nearest], pitches)


def _stroke_length(screen: DotScreen) -> int:
    """In pixels, odd."""
    return 2 * round(_STROKE * float(np.percentile(screen.pitches, 90)) / 2) + 1


def _pen(gray: GrayImage, around: _Surroundings, dotted: Mask, length: int) -> GrayImage:
    """The page without its dots; only what lies in `dotted` is of use."""
    bands = _net_bands(around)
    pen = gray.copy()
    for band in range(_WIDEST_BAND + 1):
        here = dotted & (bands == band)
        if here.any():
            pen[here] = _strokes(gray, band, length)[here]
    return pen


def _net_bands(around: _Surroundings) -> NDArray[np.uint8]:
    """Width in pixels of what lies between the holes of a net of dots; 0 where the dots stand alone."""
    width = around.pitch * (1 - np.sqrt(1 - np.minimum(around.coverage, 1)))
    bands = np.where(around.coverage > _NET_COVERAGE, np.ceil(width), 0)
    return np.minimum(bands, _WIDEST_BAND).astype(np.uint8)


def _strokes(gray: GrayImage, band: int, length: int) -> GrayImage:
    """What is dark along a stroke of `length` pixels that is wider than `band` pixels."""
    square = np.ones((band + 1, band + 1), np.uint8)
    worn = gray if band == 0 else np.asarray(cv2.dilate(gray, square), np.uint8)
    kept = np.full_like(gray, 255)
    for segment in _segments(length):
        kept = np.minimum(kept, np.asarray(cv2.morphologyEx(worn, cv2.MORPH_CLOSE, segment), np.uint8))
    if band == 0:
        return kept
    anchor = (band - band // 2, band - band // 2)
    return np.maximum(np.asarray(cv2.erode(kept, square, anchor=anchor), np.uint8), gray)


def _segments(length: int) -> Iterator[NDArray[np.uint8]]:
    """Straight segments through the middle of a square, (length, length) uint8, in all directions that differ."""
    reach = length // 2
    ends = [(reach, across) for across in range(-reach, reach + 1)]
    ends += [(across, reach) for across in range(-reach + 1, reach)]
    for right, down in ends:
        segment = np.zeros((length, length), np.uint8)
        cv2.line(segment, (reach - right, reach - down), (reach + right, reach + down), (1,))
        yield segment


def _shade(level: FloatImage, pen: FloatImage, toned: Mask, pitch: float) -> FloatImage:
    """The mean level of the tone, beside the pen's strokes, lightened; 1 away from dots."""
    beside = (toned & (pen > 0.8)).astype(np.float32)
    side = 2 * round(1.3 * pitch) + 1
    weight = cv2.blur(cv2.blur(beside, (side, side)), (side, side))
    total = cv2.blur(cv2.blur(level * beside, (side, side)), (side, side))
    tone = even_tone(np.where(weight > 0.01, total / np.maximum(weight, 0.01), 1.0).astype(np.float32))
    soft = cv2.GaussianBlur(toned.astype(np.float32), (0, 0), max(0.8, pitch / 4))
    return np.asarray(1.0 - (1.0 - tone) * soft * _SHADE_STRENGTH, np.float32)
