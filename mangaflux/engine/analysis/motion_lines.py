"""Do the lines of a panel rush past, or towards a point? Pure functions; any thread.

Straight segments come from OpenCV's LSD (Grompone von Gioi et al. 2010) at half of the layout. Speed lines are many
long ones in one direction; focus lines are many long ones that point to one place. Upright bundles may as well be rain
or hatching: of those nothing is said. Thresholds were set on drawn panels whose ground is known.
"""

from dataclasses import dataclass
from typing import Any, Literal

import cv2
import numpy as np
from numpy.typing import NDArray

from mangaflux.engine.analysis.metadata import BoundingBox, Mask

FloatArray = NDArray[np.float32]
MotionLines = Literal["speed_lines", "focus_lines"]

#: The layout is shrunk to this part for the detector.
_SCALE = 0.5
#: The detector fails on less than a few pixels.
_SMALLEST = 8
#: Shortest segment that counts, and how far from the frame it must lie, as parts of the panel's diagonal.
_SHORTEST, _BORDER = 0.08, 0.015
#: Speed lines: so many segments; the part of their length within so many degrees of one direction; degrees between
#: that direction and the upright.
_SPEED_COUNT, _SPEED_SHARE, _SPREAD, _UPRIGHT = 40, 0.66, 6.0, 20.0
#: Focus lines: so many segments; the part of them that passes a point by so much of the diagonal; and the largest part
#: in one direction.
_FOCUS_COUNT, _FOCUS_SHARE, _PASS, _FOCUS_SPREAD = 30, 0.5, 0.06, 0.4
#: Points across and down at which focus lines may meet.
_GRID = 12


@dataclass(frozen=True, slots=True, eq=False)
class Segments:
    """The straight segments of a page, in pixels of its layout."""

    #: (N, 2) middle; (N, 2) unit vector along; (N,) length.
    middle: FloatArray
    along: FloatArray
    length: FloatArray

    def chosen(self, which: Mask) -> "Segments":
        """Those for which `which`, (N,), is True."""
        return Segments(self.middle[which], self.along[which], self.length[which])


def find_segments(ink: Mask) -> Segments:
    """The straight segments among the ink of a layout, (h, w)."""
    ends = _ends(ink) if min(ink.shape) >= _SMALLEST else np.zeros((0, 4), np.float32)
    step = ends[:, 2:] - ends[:, :2]
    length = np.asarray(np.hypot(step[:, 0], step[:, 1]), dtype=np.float32)
    middle, along = (ends[:, :2] + ends[:, 2:]) / 2, step / np.maximum(length, 1e-3)[:, None]
    return Segments(middle.astype(np.float32), along.astype(np.float32), length)


def _ends(ink: Mask) -> FloatArray:
    """(N, 4) x and y of both ends of each segment."""
    drawn = np.where(ink, np.uint8(0), np.uint8(255))
    # Where there is none OpenCV answers None.
    found: Any = cv2.createLineSegmentDetector(cv2.LSD_REFINE_NONE, scale=_SCALE).detect(drawn)[0]
    return np.zeros((0, 4), np.float32) if found is None else np.asarray(found, np.float32).reshape(-1, 4)


def motion_lines(segments: Segments, panel: BoundingBox) -> MotionLines | None:
    """What kind of motion lines a panel, in pixels of the layout, is filled with; None where unsure or none."""
    x, y, width, height = panel
    diagonal = float(np.hypot(width, height))
    corner, size = np.array((x, y), np.float32), np.array((width, height), np.float32)
    inset = (segments.middle - corner > _BORDER * diagonal) & (corner + size - segments.middle > _BORDER * diagonal)
    long = segments.chosen(np.asarray(inset.all(axis=1) & (segments.length > _SHORTEST * diagonal)))
    if len(long.length) < _FOCUS_COUNT:
        return None
    share, direction = _commonest_direction(long)
    upright = abs(direction - 90) < _UPRIGHT
    if len(long.length) >= _SPEED_COUNT and share > _SPEED_SHARE:
        return None if upright else "speed_lines"
    if share < _FOCUS_SPREAD and _most_through_a_point(long, corner, size) > _FOCUS_SHARE:
        return "focus_lines"
    return None


def _commonest_direction(segments: Segments) -> tuple[float, float]:
    """The largest part of all length in one direction, and that direction in degrees, 0 level to 90 upright."""
    angle = np.degrees(np.arctan2(segments.along[:, 1], segments.along[:, 0])) % 180
    apart = np.abs((angle[:, None] - angle[None, :] + 90) % 180 - 90)
    together = (apart < _SPREAD).astype(np.float32) @ segments.length
    best = int(together.argmax())
    return float(together[best] / segments.length.sum()), float(angle[best])


def _most_through_a_point(segments: Segments, corner: FloatArray, size: FloatArray) -> float:
    """The largest part of the segments that, made longer, pass near one point of the panel."""
    steps = (np.arange(_GRID, dtype=np.float32) + 0.5) / _GRID
    points = np.stack(np.meshgrid(steps, steps), axis=-1).reshape(-1, 2) * size + corner
    across = np.stack([-segments.along[:, 1], segments.along[:, 0]], axis=1)
    distance = np.abs(points @ across.T - (segments.middle * across).sum(axis=1))
    return float((distance < _PASS * float(np.hypot(*size))).mean(axis=1).max())
