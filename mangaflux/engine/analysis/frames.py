"""Which frame has a panel, when balloons and figures hide parts of it? Pure functions; any thread."""

import cv2
import numpy as np
from numpy.typing import NDArray

from mangaflux.engine.analysis.metadata import Mask

#: An outline with its points in order: (N, 2) int32.
Outline = NDArray[np.int32]

#: Edges that differ by less than this, in radians, are one side of the frame.
_STRAIGHT = 0.07
#: Four sides make the frame where they are at least this part of the outline, and add at most this part to its area.
_SIDES_SHARE, _ADDED_AREA = 0.5, 0.35
#: By how many pixels a corner may lie outside of the part of the page that the panel was found in.
_OVERHANG = 6


def frame_of(hull: Outline, seen: Mask) -> Outline:
    """The four corners of the frame that a convex outline shows most of; the outline, simplified, where it shows none.

    Args:
        hull: the convex hull of what is seen of the panel.
        seen: (h, w) what is drawn on the part of the page that holds the panel; the frame does not leave that part.
    """
    simple = np.asarray(cv2.approxPolyDP(hull, 1.5, closed=True).reshape(-1, 2), dtype=np.int32)
    sides = _longest_sides(simple, seen)
    size = (seen.shape[1], seen.shape[0])
    corners = _corners(simple, sides) if sides is not None else None
    if corners is None or not _is_frame(corners, simple, size):
        return simple
    return np.asarray(np.clip(np.rint(corners), (0, 0), (size[0] - 1, size[1] - 1)), dtype=np.int32)


def _longest_sides(outline: Outline, seen: Mask) -> NDArray[np.intp] | None:
    """The first points of the four longest drawn edges, in order; edges that continue each other count once."""
    edges = np.roll(outline, -1, axis=0) - outline
    lengths = np.hypot(edges[:, 0], edges[:, 1])
    angles = np.arctan2(edges[:, 1], edges[:, 0])
    drawn = lengths * _drawn_shares(outline, seen)
    chosen: list[int] = []
    for edge in np.argsort(-drawn, kind="stable").tolist():
        turns = [abs(float(np.angle(np.exp(1j * (angles[edge] - angles[other]))))) for other in chosen]
        if len(chosen) < 4 and all(turn > _STRAIGHT for turn in turns):
            chosen.append(edge)
    share = drawn[chosen].sum() / max(1.0, lengths.sum())
    return np.sort(np.array(chosen, dtype=np.intp)) if len(chosen) == 4 and share > _SIDES_SHARE else None


def _drawn_shares(outline: Outline, seen: Mask) -> NDArray[np.float64]:
    """Per edge, the part of it along which something is drawn; little where it spans what a balloon hides."""
    near = cv2.dilate(seen.astype(np.uint8), np.ones((5, 5), np.uint8))
    along = np.linspace(0, 1, 40)[:, None]
    shares = []
    for start, end in zip(outline, np.roll(outline, -1, axis=0), strict=True):
        points = np.rint(start + along * (end - start)).astype(np.intp)
        shares.append(float(near[points[:, 1], points[:, 0]].mean()))
    return np.array(shares)


def _corners(outline: Outline, sides: NDArray[np.intp]) -> NDArray[np.float64] | None:
    """Where each side meets the next; None where two of them are parallel."""
    start = outline[sides].astype(np.float64)
    along = outline[(sides + 1) % len(outline)] - start
    next_start, next_along = np.roll(start, -1, axis=0), np.roll(along, -1, axis=0)
    across = along[:, 0] * next_along[:, 1] - along[:, 1] * next_along[:, 0]
    if np.any(np.abs(across) < 1e-6):
        return None
    gap = next_start - start
    far = (gap[:, 0] * next_along[:, 1] - gap[:, 1] * next_along[:, 0]) / across
    return np.asarray(start + far[:, None] * along, dtype=np.float64)


def _is_frame(corners: NDArray[np.float64], outline: Outline, size: tuple[int, int]) -> bool:
    inside = np.all((corners >= -_OVERHANG) & (corners <= np.array(size) + _OVERHANG))
    area, seen = cv2.contourArea(corners.astype(np.float32)), cv2.contourArea(outline)
    return bool(inside and seen <= area * 1.02 and area <= (1 + _ADDED_AREA) * seen)
