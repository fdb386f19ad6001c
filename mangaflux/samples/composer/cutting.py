"""Quadrilaterals cut into rows or columns: how a page is divided into panels. Pure functions.

A quadrilateral is (4, 2) float64: its corners from the upper left clockwise.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from mangaflux.samples.curve import Points


def rectangle(left: float, top: float, right: float, bottom: float) -> Points:
    """The upright rectangle between two corners."""
    return np.array([(left, top), (right, top), (right, bottom), (left, bottom)], dtype=np.float64)


def uneven(rng: np.random.Generator, count: int) -> NDArray[np.float64]:
    """Sizes of `count` parts relative to each other, the largest at most 1.8 times the smallest."""
    return rng.uniform(1.0, 1.8, count)


def cut(
    area: Points,
    shares: Sequence[float] | NDArray[np.float64],
    *,
    axis: int,
    gutter: float,
    slants: Sequence[float] | NDArray[np.float64] | None = None,
) -> list[Points]:
    """A quadrilateral cut into parts.

    Args:
        area: what is cut.
        shares: sizes of the parts relative to each other.
        axis: 0 for parts side by side from left to right, 1 for parts from top to bottom.
        gutter: width of the gaps between them, in pixels, measured along the edges of the area.
        slants: of each cut, by which share of the area its ends differ; None for cuts along the area's own sides.
    """
    near, far = _edges(area, axis)
    ends = np.cumsum(shares) / np.sum(shares)
    lean = np.zeros(len(ends)) if slants is None else np.append(slants, 0.0)
    near_gap, far_gap = (gutter / 2 / float(np.hypot(*(edge[1] - edge[0]))) for edge in (near, far))
    parts = []
    near_start, far_start = 0.0, 0.0
    for end, slant, last in zip(ends, lean, np.arange(len(ends)) == len(ends) - 1, strict=True):
        inner = 0.0 if last else 1.0
        near_end, far_end = end + slant / 2 - inner * near_gap, end - slant / 2 - inner * far_gap
        sides = (_along(near, near_start), _along(near, near_end), _along(far, far_start), _along(far, far_end))
        parts.append(_assembled(sides, axis))
        near_start, far_start = near_end + 2 * near_gap, far_end + 2 * far_gap
    return parts


def grown(panel: Points, by: float) -> Points:
    """A quadrilateral with every corner moved outwards by so many pixels, each way."""
    return panel + np.array([(-1, -1), (1, -1), (1, 1), (-1, 1)]) * by


def turned(panel: Points, degrees: float) -> Points:
    """A quadrilateral turned around its middle."""
    angle = np.radians(degrees)
    turn = np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])
    middle = panel.mean(axis=0)
    result: Points = (panel - middle) @ turn + middle
    return result


def area_of(panel: Points) -> float:
    """The area of the upright rectangle around a quadrilateral, in pixels."""
    return float(np.prod(np.ptp(panel, axis=0)))


def _edges(area: Points, axis: int) -> tuple[Points, Points]:
    """The two edges that a cut crosses, each from where the first part begins."""
    upper_left, upper_right, lower_right, lower_left = area
    if axis == 0:
        return np.array([upper_left, upper_right]), np.array([lower_left, lower_right])
    return np.array([upper_left, lower_left]), np.array([upper_right, lower_right])


def _along(edge: Points, share: float) -> Points:
    point: Points = edge[0] + (edge[1] - edge[0]) * share
    return point


def _assembled(sides: tuple[Points, Points, Points, Points], axis: int) -> Points:
    near_start, near_end, far_start, far_end = sides
    if axis == 0:
        return np.array([near_start, near_end, far_end, far_start])
    return np.array([near_start, far_start, far_end, near_end])
