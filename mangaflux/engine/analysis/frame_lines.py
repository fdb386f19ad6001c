"""Which straight lines does a page show, and how do they lean? Pure functions; any thread. Layout pixels throughout."""

import cv2
import numpy as np
from numpy.typing import NDArray

from mangaflux.engine.analysis.metadata import BoundingBox
from mangaflux.engine.analysis.sheet import Sheet

#: (N, 4) float64: x, y of the one end and of the other.
Segments = NDArray[np.float64]

#: Pixels; softens screentone before lines are looked for: its dots make short lines by the thousand.
_BLUR = 1.2
#: Lines are looked for at this scale of the layout; their places are still told to parts of a pixel.
_SCALE = 0.6
#: Pages with a shorter side, in pixels, show no lines.
_SMALLEST_PAGE = 16
#: Shortest line that counts, in thousandths of the long side.
_SHORTEST = 45.0
#: Lines whose slopes (tangents) differ by less lean alike: half a gutter on the way across the page.
_ALIKE = 0.006
#: So many slopes at most are tried in each direction, the ones with the longest lines first.
_MOST_SLOPES = 6
#: A page lies askew by at most this tangent.
_ASKEW = 0.04
#: Lines of a part of the page end at most so many pixels outside of it, and are at least this part of it long.
_OVERHANG, _LONG = 5.0, 0.25


def find_segments(sheet: Sheet) -> Segments:
    """The straight edges of the page that may be sides of panels."""
    if min(sheet.gray.shape) < _SMALLEST_PAGE:
        return np.zeros((0, 4))
    soft = cv2.GaussianBlur(sheet.gray, (0, 0), _BLUR)
    found = cv2.createLineSegmentDetector(cv2.LSD_REFINE_NONE, scale=_SCALE).detect(soft)[0]
    if found is None:
        return np.zeros((0, 4))
    segments = np.asarray(found, dtype=np.float64).reshape(-1, 4)
    return np.asarray(segments[_lengths(segments) >= _SHORTEST * sheet.unit])


def slopes_across(segments: Segments, place: BoundingBox) -> tuple[float, ...]:
    """Slopes dy/dx that lines across a part of the page lean in: 0, that of the page, then those of the part's own."""
    run, rise = segments[:, 2] - segments[:, 0], segments[:, 3] - segments[:, 1]
    flat = np.abs(rise) <= np.abs(run)
    lengths = _lengths(segments)
    own = _lies_in(segments, place) & (lengths > _LONG * place[2])
    return _commonest(rise[flat] / run[flat], lengths[flat], own[flat])


def slopes_down(segments: Segments, place: BoundingBox) -> tuple[float, ...]:
    """Slopes dx/dy that lines down a part of the page lean in: 0, that of the page, then those of the part's own."""
    x, y, width, height = place
    return slopes_across(segments[:, [1, 0, 3, 2]], (y, x, height, width))


def _lengths(segments: Segments) -> NDArray[np.float64]:
    return np.asarray(np.hypot(segments[:, 2] - segments[:, 0], segments[:, 3] - segments[:, 1]))


def _lies_in(segments: Segments, place: BoundingBox) -> NDArray[np.bool_]:
    ends = segments.reshape(-1, 2, 2)
    low, high = np.array(place[:2]) - _OVERHANG, np.add(place[:2], place[2:]) + _OVERHANG
    return np.asarray(((ends > low) & (ends < high)).all(axis=(1, 2)))


def _commonest(slopes: NDArray[np.float64], lengths: NDArray[np.float64], own: NDArray[np.bool_]) -> tuple[float, ...]:
    chosen = [0.0]
    near = np.abs(slopes[:, None] - slopes[None, :]) < _ALIKE
    for weights, most in ((lengths * (np.abs(slopes) < _ASKEW), 2), (lengths * own, _MOST_SLOPES)):
        while len(chosen) < most and weights.any():
            best = int(np.argmax(near @ weights))
            members = near[best] & (weights > 0)
            slope = float(np.average(slopes[members], weights=weights[members]))
            weights[members] = 0
            if all(abs(slope - other) > _ALIKE / 3 for other in chosen):
                chosen.append(slope)
    return tuple(chosen)
