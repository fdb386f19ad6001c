"""Where do faces look out of a page? Found from ink alone: two like marks on one light patch, and little between them.

A patch that may be a face is brought to one size; there, two eyes are two dark blobs of like strength, nearly level,
as far apart as eyes are, with light between them and light cheeks below. Drawn faces keep these proportions from
chibi to realistic. Constants are in the units of the brought-up patch and were set by eye on drawn sample pages.
Precision before recall: a wall painted like skin is worse than a pale face. Pure functions; any thread.
"""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from mangaflux.engine.analysis.metadata import Mask
from mangaflux.engine.lite.regions import Regions

FloatArray = NDArray[np.float32]
IntArray = NDArray[np.intp]

#: A patch is brought to this square root of its area, in pixels.
_FACE_SIDE = 40.0
#: Share of the page that a face takes, and the palest tone that may be in shadow.
_SMALLEST_SHARE = 0.0006
_LARGEST_SHARE = 0.12
_DARKEST_SKIN = 0.7
#: Width over height of the box of a face.
_NARROWEST = 0.5
_WIDEST = 2.2
#: Windows (width, height) that eyes fill: open ones, and closed ones that are arcs.
_EYE_WINDOWS = ((11, 11), (9, 5))
_FAINTEST_EYE = 0.1
_MOST_PEAKS = 14
#: Distance of the eyes from each other, and how far it may slope: 20°.
_NEAREST_EYES = 10.0
_FARTHEST_EYES = 32.0
_STEEPEST = 0.37
#: The fainter eye against the stronger one.
_LEAST_LIKENESS = 0.45
#: Score from which two marks are eyes.
_SURE = 0.55


@dataclass(frozen=True, slots=True)
class Face:
    """One face on a page at working size."""

    #: The patch that is its skin.
    patch: int
    #: x and y of both eyes in pixels, the left one in the picture first.
    eyes: tuple[tuple[float, float], tuple[float, float]]
    #: 0–1: how sure.
    score: float

    @property
    def eye_distance(self) -> float:
        """Pixels between the eyes."""
        (left_x, left_y), (right_x, right_y) = self.eyes
        return float(np.hypot(right_x - left_x, right_y - left_y))


@dataclass(frozen=True, slots=True, eq=False)
class _Portrait:
    """A patch with its surroundings at the size of a face."""

    #: (h, w) share of ink 0–1; 0 outside the hull of the patch.
    ink: FloatArray
    #: (h, w) 1 inside the convex hull of the patch, and 1 on the patch itself.
    hull: FloatArray
    own: FloatArray
    #: Pixels of the page per pixel here, and the page's pixel at the corner.
    scale: float
    corner: tuple[int, int]


def find_faces(regions: Regions, ink: Mask) -> tuple[Face, ...]:
    """The faces of a page, one per patch, by patch number.

    Args:
        regions: the patches of the page.
        ink: (h, w), True on lines.
    """
    boxes = ndimage.find_objects(regions.labels + 1)
    found = (
        _look_for_eyes(patch, _portrait(patch, boxes[patch], regions, ink)) for patch in _candidates(regions, boxes)
    )
    return tuple(face for face in found if face is not None)


def _candidates(regions: Regions, boxes: list[tuple[slice, slice] | None]) -> list[int]:
    share = regions.area / max(1, regions.labels.size)
    sized = (share > _SMALLEST_SHARE) & (share < _LARGEST_SHARE) & (regions.tone > _DARKEST_SKIN)
    return [
        int(patch)
        for patch in np.flatnonzero(sized & (regions.rim < 0.35))
        if _is_compact(boxes[patch], regions.area[patch])
    ]


def _is_compact(box: tuple[slice, slice] | None, area: float) -> bool:
    if box is None:
        return False
    height, width = (side.stop - side.start for side in box)
    return _NARROWEST < width / height < _WIDEST and area > 0.28 * width * height


def _portrait(patch: int, box: tuple[slice, slice], regions: Regions, ink: Mask) -> _Portrait:
    rows, columns = box
    margin = max(2, round(0.1 * (rows.stop - rows.start)))
    top, left = max(0, rows.start - margin), max(0, columns.start - margin)
    view = (slice(top, rows.stop + margin), slice(left, columns.stop + margin))
    own = (regions.labels[view] == patch).astype(np.uint8)
    scale = float(np.sqrt(regions.area[patch])) / _FACE_SIDE
    size = (max(8, round(own.shape[1] / scale)), max(8, round(own.shape[0] / scale)))
    hull = _fit(_hull(own), size)
    inside = cv2.erode((hull > 0.5).astype(np.uint8), np.ones((3, 3), np.uint8), borderValue=0)
    drawn = _fit(ink[view].astype(np.uint8), size) * inside
    return _Portrait(np.asarray(drawn, np.float32), hull, _fit(own, size), scale, (left, top))


def _hull(mask: NDArray[np.uint8]) -> NDArray[np.uint8]:
    points = cv2.findNonZero(mask)
    hull = np.zeros_like(mask)
    cv2.fillConvexPoly(hull, cv2.convexHull(points), 1)
    return hull


def _fit(mask: NDArray[np.uint8], size: tuple[int, int]) -> FloatArray:
    shrinks = size[0] < mask.shape[1]
    method = cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR
    return np.asarray(cv2.resize(mask.astype(np.float32), size, interpolation=method), np.float32)


def _look_for_eyes(patch: int, portrait: _Portrait) -> Face | None:
    best: Face | None = None
    for window in _EYE_WINDOWS:
        strength = _eye_strength(portrait.ink, window)
        for first, second in _level_pairs(_peaks(strength)):
            score = _score(portrait, strength, first, second)
            if score > (best.score if best else _SURE):
                best = Face(patch, (_on_page(first, portrait), _on_page(second, portrait)), score)
    return best


def _on_page(point: FloatArray, portrait: _Portrait) -> tuple[float, float]:
    x, y = (point + 0.5) * portrait.scale + portrait.corner
    return float(x), float(y)


def _eye_strength(ink: FloatArray, window: tuple[int, int]) -> FloatArray:
    """Ink within the window less ink in the ring around it."""
    width, height = window
    inner = cv2.blur(ink, window, borderType=cv2.BORDER_REPLICATE)
    wide = (width + 8, height + 8)
    outer = cv2.blur(ink, wide, borderType=cv2.BORDER_REPLICATE)
    areas = (width * height, wide[0] * wide[1])
    ring = (outer * areas[1] - inner * areas[0]) / (areas[1] - areas[0])
    return np.asarray(inner - ring, np.float32)


def _peaks(strength: FloatArray) -> FloatArray:
    """(P, 2) x and y of the strongest local maxima, by falling strength."""
    around = cv2.dilate(strength, np.ones((5, 5), np.uint8))
    floor = max(_FAINTEST_EYE, 0.3 * float(strength.max()))
    rows, columns = np.nonzero((strength == around) & (strength > floor))
    order = np.lexsort((columns, rows, -strength[rows, columns]))[:_MOST_PEAKS]
    return np.stack([columns[order], rows[order]], axis=1).astype(np.float32)


def _level_pairs(peaks: FloatArray) -> list[tuple[FloatArray, FloatArray]]:
    """Pairs as far apart and as level as eyes, the left one first."""
    pairs = []
    for one, other in zip(*np.triu_indices(len(peaks), 1), strict=True):
        left, right = sorted((peaks[one], peaks[other]), key=lambda point: float(point[0]))
        across, down = right - left
        if _NEAREST_EYES <= np.hypot(across, down) <= _FARTHEST_EYES and abs(down) <= _STEEPEST * across:
            pairs.append((left, right))
    return pairs


def _score(portrait: _Portrait, strength: FloatArray, left: FloatArray, right: FloatArray) -> float:
    """0–1: how much two marks look like the eyes of this patch."""
    eyes = [float(strength[int(y), int(x)]) for x, y in (left, right)]
    likeness = min(eyes) / max(eyes)
    if likeness < _LEAST_LIKENESS:
        return 0.0
    distance = float(np.hypot(*(right - left)))
    middle = (left + right) / 2
    down = np.array([-(right - left)[1], (right - left)[0]]) / distance
    along = (right - left) / distance

    def ink(across: float, below: float, width: float, height: float, plane: FloatArray = portrait.ink) -> float:
        centre = middle + along * across * distance + down * below * distance
        return _box_mean(plane, centre, width * distance, height * distance)

    dark = (ink(-0.5, 0.0, 0.4, 0.4) + ink(0.5, 0.0, 0.4, 0.4)) / 2
    bridge = ink(0.0, 0.0, 0.26, 0.36)
    cheeks = (ink(-0.5, 0.5, 0.4, 0.24) + ink(0.5, 0.5, 0.4, 0.24)) / 2
    mouth = ink(0.0, 0.75, 0.5, 0.5)
    skin = ink(0.0, 0.5, 0.9, 0.5, portrait.own)
    inside = ink(0.0, 0.4, 1.2, 1.0, portrait.hull)
    if skin < 0.72 or inside < 0.85 or mouth > 0.45:
        return 0.0
    clear = 1.0 - (0.6 * bridge + 0.4 * cheeks) / max(dark, 1e-3)
    lips = min(1.0, mouth / 0.06)
    centred = 1.0 - min(1.0, abs(middle[0] - _middle_column(portrait)) / 14.0)
    return float(0.35 * max(0.0, clear) + 0.2 * likeness + 0.2 * lips + 0.25 * centred)


def _middle_column(portrait: _Portrait) -> float:
    weight = portrait.own.sum(axis=0)
    return float((weight * np.arange(len(weight))).sum() / max(1e-3, weight.sum()))


def _box_mean(plane: FloatArray, centre: FloatArray, width: float, height: float) -> float:
    """Mean in an upright box; what lies outside the plane is left out, and an empty box holds 0."""
    left, right = (int(np.clip(round(centre[0] + side * width / 2), 0, plane.shape[1])) for side in (-1, 1))
    top, bottom = (int(np.clip(round(centre[1] + side * height / 2), 0, plane.shape[0])) for side in (-1, 1))
    box = plane[top : max(bottom, top + 1), left : max(right, left + 1)]
    return float(box.mean()) if box.size else 0.0
