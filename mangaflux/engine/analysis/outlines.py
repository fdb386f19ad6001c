"""Convex outlines and what can be asked of them. Pure functions; any thread. Pixels of whatever they were found in."""

import cv2
import numpy as np
from numpy.typing import NDArray

from mangaflux.engine.analysis.metadata import BoundingBox, Mask

#: (N, 2) int32: x, y of the corners of a convex shape, in order.
Outline = NDArray[np.int32]


def box_outline(box: BoundingBox) -> Outline:
    """The four corner pixels of a box, from the upper left clockwise."""
    x, y, width, height = box
    right, bottom = x + width - 1, y + height - 1
    return np.array([(x, y), (right, y), (right, bottom), (x, bottom)], dtype=np.int32)


def box_of(outline: Outline) -> BoundingBox:
    """x, y, width, height of the smallest box around an outline."""
    x, y, width, height = cv2.boundingRect(outline)
    return x, y, width, height


def area_of(outline: Outline) -> float:
    """Its area in pixels; 0 where it is a line or a point."""
    return float(cv2.contourArea(outline)) if len(outline) > 2 else 0.0


def filled(outline: Outline, box: BoundingBox) -> NDArray[np.uint8]:
    """(h, w) uint8: 1 inside the outline, in the part of the page that a box tells."""
    x, y, width, height = box
    inside = np.zeros((height, width), dtype=np.uint8)
    cv2.fillConvexPoly(inside, np.subtract(outline, (x, y), dtype=np.int32), (1,))
    return inside


def hull_of(drawn: Mask, left: int = 0, top: int = 0) -> Outline | None:
    """The convex hull of what is True in an (h, w) mask whose corner lies at (left, top); None where nothing is."""
    rows = np.flatnonzero(drawn.any(axis=1))
    if not len(rows):
        return None
    first = drawn[rows].argmax(axis=1)
    last = drawn.shape[1] - 1 - drawn[rows, ::-1].argmax(axis=1)
    ends = np.vstack([np.column_stack([first, rows]), np.column_stack([last, rows])]) + np.array((left, top))
    return np.asarray(cv2.convexHull(ends.astype(np.int32)).reshape(-1, 2), dtype=np.int32)


def clipped(outline: Outline, depth: NDArray[np.float64]) -> Outline:
    """The part of an outline where `depth`, given at its corners and linear over the plane, is not negative."""
    kept: list[NDArray[np.float64]] = []
    points = outline.astype(np.float64)
    following = np.roll(np.arange(len(points)), -1)
    for here, there in enumerate(following.tolist()):
        if depth[here] >= 0:
            kept.append(points[here])
        if (depth[here] >= 0) != (depth[there] >= 0):
            share = depth[here] / (depth[here] - depth[there])
            kept.append(points[here] + share * (points[there] - points[here]))
    return np.rint(np.array(kept).reshape(-1, 2)).astype(np.int32)


def shared_area(first: Outline, second: Outline) -> float:
    """The area of what two outlines have in common, in pixels."""
    if min(len(first), len(second)) < 3:
        return 0.0
    return float(cv2.intersectConvexConvex(first.astype(np.float32), second.astype(np.float32))[0])


def share_inside(inner: Outline, outer: Outline) -> float:
    """The part of one outline, 0–1, that lies inside another."""
    return shared_area(inner, outer) / max(1.0, area_of(inner))


def drawn_shares(outline: Outline, drawn: Mask, reach: int) -> NDArray[np.float64]:
    """(N,) per side of an outline, from each corner to the next: the part of it, 0–1, near which something is drawn.

    Args:
        outline: in pixels of the page.
        drawn: (h, w) of the whole page.
        reach: how many pixels off the side still count.
    """
    x, y, width, height = box_of(outline)
    left, top = max(0, x - reach), max(0, y - reach)
    crop = drawn[top : y + height + reach, left : x + width + reach].astype(np.uint8)
    if not crop.size:
        return np.zeros(len(outline))
    near = cv2.dilate(crop, np.ones((2 * reach + 1, 2 * reach + 1), np.uint8))
    along = np.linspace(0, 1, 48)[None, :, None]
    points = outline[:, None] + along * (np.roll(outline, -1, axis=0) - outline)[:, None] - (left, top)
    places = np.clip(np.rint(points), 0, (crop.shape[1] - 1, crop.shape[0] - 1)).astype(np.intp)
    return np.asarray(near[places[..., 1], places[..., 0]].mean(axis=1), dtype=np.float64)
