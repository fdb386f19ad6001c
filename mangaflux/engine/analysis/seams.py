"""Where do panels lie against each other with no gutter between them? Pure functions; any thread. Layout pixels.

Panels that are laid over their neighbours touch them along a seam: a straight line from one edge of a part of the page
to the other that runs in frame lines, and between them in what is left of a gutter.
"""

from collections.abc import Iterator

import cv2
import numpy as np

from mangaflux.engine.analysis.frame_lines import Segments, slopes_across, slopes_down
from mangaflux.engine.analysis.line_profiles import BLOCK, Direction, Layer, Profile, runs
from mangaflux.engine.analysis.outlines import Outline, area_of, box_of
from mangaflux.engine.analysis.shear_cuts import Cut, Evidence, layers_of, surest

#: Only parts larger than this part of the page are searched.
_SEARCHED = 0.1
#: Seams lean at most by this tangent, the lines that they run in by that.
_STEEPEST, _STEEPEST_LINE = 0.1, 0.35
#: Straight lines along a seam are together at least so long, as a part of the width of what is searched.
_LEAST_LINES = 0.5
#: Pixels that a frame line is wide at most, and how far from the seam one is at most.
_LINE_WIDTH, _NEAR = 5, 6
#: Most ink on a seam beside frame lines, and least part of it with a frame near, in shares of the line.
_MOST_INK, _FRAMED = 0.05, 0.93
#: Least score, and most: a seam is never as sure as a gutter.
_LEAST_SCORE, _MOST_SCORE = 0.6, 0.79


def best_seam(evidence: Evidence, outline: Outline) -> Cut | None:
    """The surest seam through a convex part of the page, a gutter without width; None where there is none."""
    place = x, y, width, height = box_of(outline)
    if area_of(outline) < _SEARCHED * evidence.ink.size or min(width, height) < 4 * BLOCK:
        return None
    inside, known, ink = layers_of(evidence, outline)
    dark = evidence.dark[y : y + height, x : x + width].astype(np.uint8)
    segments = evidence.segments - np.array((x, y, x, y))
    across = _seams(evidence.unit, (inside, known, ink, dark), segments, 0, slopes_across(evidence.segments, place))
    turned = (inside.T, known.T, ink.T, np.ascontiguousarray(dark.T))
    down = _seams(evidence.unit, turned, segments[:, [1, 0, 3, 2]], 1, slopes_down(evidence.segments, place))
    return surest(evidence, outline, [*across, *down])


def _seams(
    unit: float, layers: tuple[Layer, Layer, Layer, Layer], segments: Segments, axis: int, slopes: tuple[float, ...]
) -> Iterator[Cut]:
    """All seams of one direction, lines of all of it first turned so that they run along the rows."""
    inside, known, ink, dark = layers
    flat = _flat_lines(segments, inside.shape)
    if np.abs(flat[:, 2] - flat[:, 0]).sum() < _LEAST_LINES * inside.shape[1]:
        return
    frames = _drawn_lines(flat, inside.shape)
    near = np.asarray(cv2.dilate(dark, np.ones((2 * _NEAR + 1, 1), np.uint8)), dtype=np.uint8) & known
    beside, framed = Direction.of(inside, known, ink & (1 - frames)), Direction.of(inside, known, near)
    for slope in slopes:
        if abs(slope) > _STEEPEST:
            continue
        rest, frame = Profile.of(beside.blocks, slope), Profile.of(framed.blocks, slope)
        for start, end in runs(rest.usable & (rest.ink <= _MOST_INK) & (frame.ink >= _FRAMED)):
            clear = frame.ink[start:end] - rest.ink[start:end]
            line = rest.first + start + int(clear.argmax())
            score = float(clear.max()) - beside.hindrance(line, slope, unit)
            if score > _LEAST_SCORE:
                yield Cut(axis, slope, line - 1, line + 1, min(_MOST_SCORE, score))


def _flat_lines(segments: Segments, shape: tuple[int, ...]) -> Segments:
    """The straight lines that run along the rows, as far as they lie in a part of this height and width."""
    run, rise = segments[:, 2] - segments[:, 0], segments[:, 3] - segments[:, 1]
    middle = (segments[:, :2] + segments[:, 2:]) / 2
    within = ((middle > 0) & (middle < shape[::-1])).all(axis=1)
    return np.asarray(segments[within & (np.abs(rise) < _STEEPEST_LINE * np.abs(run))])


def _drawn_lines(lines: Segments, shape: tuple[int, ...]) -> Layer:
    """(h, w) 1 on the lines."""
    drawn = np.zeros(shape, dtype=np.uint8)
    ends = np.rint(lines).astype(np.int32).reshape(-1, 2, 2)
    cv2.polylines(drawn, list(ends), False, (1,), _LINE_WIDTH)
    return drawn
