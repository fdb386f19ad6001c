"""A patch of a page brought to the size of a face, so that faces of any size are looked at alike. Pure functions."""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from mangaflux.engine.analysis.metadata import Mask
from mangaflux.engine.analysis.patches import Patches

FloatArray = NDArray[np.float32]
Box = tuple[slice, slice]

#: The square root of a portrait's area, in its own pixels.
FACE_SIDE = 40.0
#: Blacks wider than this are hair, not eyes; and how far their rims go with them. In pixels of a portrait.
_LARGEST_PUPIL = 13
_MASS_RIM = 5


@dataclass(frozen=True, slots=True, eq=False)
class Portrait:
    """A patch and its near surroundings, all planes of one size."""

    #: (h, w) share of ink 0–1; 0 on masses too large for an eye, outside the hull of the patch and along its rim.
    ink: FloatArray
    #: (h, w) 1 inside the convex hull of the patch, and 1 on the patch itself.
    hull: FloatArray
    own: FloatArray
    #: Pixels of the page per pixel here, and x and y of the corner on the page.
    scale: float
    corner: tuple[int, int]
    #: Column of the centre of the patch.
    middle_column: float
    #: Of the hull at its widest.
    width: float
    #: 0–1: the share of the hull that the patch fills.
    solidity: float

    def on_page(self, point: FloatArray) -> tuple[float, float]:
        """The place (x, y) on the page, in pixels, of a point here."""
        x, y = (point + 0.5) * self.scale + self.corner
        return float(x), float(y)


def take_portrait(patch: int, box: Box, patches: Patches, ink: Mask) -> Portrait:
    """The portrait of one patch.

    Args:
        patch: its number.
        box: rows and columns that it spans.
        patches: of the page.
        ink: (h, w), True on lines.
    """
    rows, columns = box
    margin = max(2, round(0.1 * (rows.stop - rows.start)))
    top, left = max(0, rows.start - margin), max(0, columns.start - margin)
    view = (slice(top, rows.stop + margin), slice(left, columns.stop + margin))
    own = (patches.labels[view] == patch).astype(np.uint8)
    scale = float(np.sqrt(patches.area[patch])) / FACE_SIDE
    size = (max(8, round(own.shape[1] / scale)), max(8, round(own.shape[0] / scale)))
    hull = _fit(_hull(own), size)
    inside = cv2.erode((hull > 0.5).astype(np.uint8), np.ones((3, 3), np.uint8), borderValue=0)
    drawn = _without_masses(_fit(ink[view].astype(np.uint8), size)) * inside
    whole = _fit(own, size)
    columns_of = whole.sum(axis=0)
    total = max(1e-3, float(columns_of.sum()))
    return Portrait(
        ink=np.asarray(drawn, np.float32),
        hull=hull,
        own=whole,
        scale=scale,
        corner=(left, top),
        middle_column=float(columns_of @ np.arange(len(columns_of))) / total,
        width=float(hull.sum(axis=1).max()),
        solidity=total / max(1e-3, float(hull.sum())),
    )


def box_mean(plane: FloatArray, centre: FloatArray, width: float, height: float) -> float:
    """Mean of the plane in an upright box; what lies outside is left out, and a box all outside holds 0."""
    left, right = (min(plane.shape[1], max(0, round(float(centre[0]) + side * width / 2))) for side in (-1, 1))
    top, bottom = (min(plane.shape[0], max(0, round(float(centre[1]) + side * height / 2))) for side in (-1, 1))
    box = plane[top : max(bottom, top + 1), left : max(right, left + 1)]
    return float(box.sum()) / box.size if box.size else 0.0


def _without_masses(ink: FloatArray) -> FloatArray:
    black = (ink > 0.5).astype(np.uint8)
    masses = cv2.morphologyEx(black, cv2.MORPH_OPEN, _disc(_LARGEST_PUPIL), borderType=cv2.BORDER_REPLICATE)
    return np.asarray(np.where(cv2.dilate(masses, _disc(_MASS_RIM)) > 0, 0.0, ink), np.float32)


def _disc(side: int) -> NDArray[np.uint8]:
    return np.asarray(cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (side, side)), np.uint8)


def _hull(mask: NDArray[np.uint8]) -> NDArray[np.uint8]:
    hull = np.zeros_like(mask)
    edges, _ = cv2.findContours(mask, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE)
    cv2.fillConvexPoly(hull, cv2.convexHull(np.concatenate(edges)), (1.0,))
    return hull


def _fit(mask: NDArray[np.uint8], size: tuple[int, int]) -> FloatArray:
    method = cv2.INTER_AREA if size[0] < mask.shape[1] else cv2.INTER_LINEAR
    return np.asarray(cv2.resize(mask.astype(np.float32), size, interpolation=method), np.float32)
