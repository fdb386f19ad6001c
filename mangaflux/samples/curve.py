"""Curves as point lists: smooth lines, bows, ellipses, limbs, and the frame that places them on a canvas.

Every function takes and returns points as (n, 2) float64, x to the right and y downwards, in the unit of its input.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

#: (n, 2) float64: columns are x and y.
Points = NDArray[np.float64]

#: One place, x and y.
Spot = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Frame:
    """Where a drawing in its own units comes to lie on the canvas."""

    #: Canvas place of the origin, in pixels.
    x: float
    y: float
    #: Pixels of one unit.
    size: float
    #: Clockwise turn around the origin, in radians.
    tilt: float = 0.0
    #: Mirrored left to right.
    flip: bool = False

    def place(self, points: Points | Sequence[Spot]) -> Points:
        """The points on the canvas, in pixels."""
        local = np.asarray(points, dtype=np.float64).reshape(-1, 2) * (-1.0 if self.flip else 1.0, 1.0)
        cos, sin = math.cos(self.tilt), math.sin(self.tilt)
        turned = local @ np.array([[cos, sin], [-sin, cos]])
        placed: Points = turned * self.size + (self.x, self.y)
        return placed


def smooth(points: Points | Sequence[Spot], *, closed: bool = False, samples: int = 8) -> Points:
    """A uniform Catmull-Rom spline through the points (Catmull & Rom, 1974), `samples` points a piece."""
    knots = np.asarray(points, dtype=np.float64).reshape(-1, 2)
    if closed:
        padded = np.vstack([knots[-1:], knots, knots[:2]])
    else:
        padded = np.vstack([2 * knots[:1] - knots[1:2], knots, 2 * knots[-1:] - knots[-2:-1]])
    p0, p1, p2, p3 = (padded[i : len(padded) - 3 + i, None, :] for i in range(4))
    t = np.linspace(0.0, 1.0, samples, endpoint=False)[None, :, None]
    pieces = 0.5 * (
        2 * p1 + (p2 - p0) * t + (2 * p0 - 5 * p1 + 4 * p2 - p3) * t**2 + (3 * p1 - p0 - 3 * p2 + p3) * t**3
    )
    curve = pieces.reshape(-1, 2)
    return curve if closed else np.vstack([curve, knots[-1:]])


def bow(start: Spot, end: Spot, bulge: float, *, samples: int = 10) -> Points:
    """A quadratic Bézier from start to end, its middle `bulge` times the chord to the left of the way (y downwards)."""
    a, b = np.array(start, dtype=np.float64), np.array(end, dtype=np.float64)
    along = b - a
    control = (a + b) / 2 + 2 * bulge * np.array([along[1], -along[0]])
    t = np.linspace(0.0, 1.0, samples)[:, None]
    return (1 - t) ** 2 * a + 2 * t * (1 - t) * control + t**2 * b


def ellipse(centre: Spot, rx: float, ry: float, *, start: float = 0.0, end: float = 360.0, samples: int = 36) -> Points:
    """Points of an ellipse's arc, angles in degrees, clockwise from three o'clock."""
    full = abs(end - start) >= 360.0
    angles = np.radians(np.linspace(start, end, samples, endpoint=not full))
    return np.column_stack([centre[0] + rx * np.cos(angles), centre[1] + ry * np.sin(angles)])


def joined(*parts: Points | Sequence[Spot]) -> Points:
    """The parts one after another, as one line."""
    return np.vstack([np.asarray(part, dtype=np.float64).reshape(-1, 2) for part in parts])


def moved(points: Points, x: float, y: float) -> Points:
    """The points shifted by x and y."""
    return np.column_stack([points[:, 0] + x, points[:, 1] + y])


def mirrored(points: Points | Sequence[Spot]) -> Points:
    """The points with x turned to -x, in reverse order: the other half of a symmetric outline."""
    return (np.asarray(points, dtype=np.float64).reshape(-1, 2) * (-1.0, 1.0))[::-1]


def normals(points: Points) -> Points:
    """Unit normals of an open line, one a point."""
    along = np.gradient(points, axis=0)
    length = np.maximum(np.hypot(along[:, 0], along[:, 1]), 1e-9)[:, None]
    unit: Points = along[:, ::-1] * (-1.0, 1.0) / length
    return unit


def limb(path: Points | Sequence[Spot], widths: Sequence[float]) -> Points:
    """The outline of a limb: a smooth path with a half-width at each of its knots."""
    knots = np.asarray(path, dtype=np.float64).reshape(-1, 2)
    line = smooth(knots)
    at = np.linspace(0, len(knots) - 1, len(line))
    half = np.interp(at, np.arange(len(knots)), np.asarray(widths, dtype=np.float64))[:, None]
    side = normals(line) * half
    return np.vstack([line + side, (line - side)[::-1]])
