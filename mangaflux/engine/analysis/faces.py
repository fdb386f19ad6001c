"""Where do faces look out of a page? Found from ink alone: two like marks on one light patch, and little between them.

A patch that may be a face is brought to one size; there, eyes are two dark marks of like strength, nearly level, as far
apart as eyes are, with light between them, light cheeks below and a small mark for a mouth. Drawn faces keep to that
from chibi to realistic; each proportion has a range in which it costs nothing and a tolerance beyond. The ranges were
set on 286 patches of drawn sample pages whose truth is known. Precision goes before recall: a
wall painted like skin is worse than a face that is not. Pure functions; any thread.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from mangaflux.engine.analysis.metadata import Mask
from mangaflux.engine.analysis.patches import Patches
from mangaflux.engine.analysis.portrait import Box, Portrait, box_mean, take_portrait

FloatArray = NDArray[np.float32]

#: Share of the page that the skin of a face takes, and the darkest tone it may have in shadow.
_SMALLEST_SHARE = 0.0006
_LARGEST_SHARE = 0.12
_DARKEST_SKIN = 0.72
#: How much of its outline may run along the frame, its width over height, and the share of its box that it fills.
_MOST_RIM = 0.1
_NARROWEST = 0.5
_WIDEST = 2.2
_EMPTIEST = 0.3
#: Windows (width, height), in pixels of a portrait, that eyes fill, and how strong two marks in them must be together:
#: open eyes, and closed ones, which are arcs.
_EYE_WINDOWS = (((11, 11), 0.75), ((9, 5), 0.5))
_FAINTEST_EYE = 0.1
_MOST_MARKS = 12
#: Pixels of a portrait between two eyes, and the slope between them: 20°.
_NEAREST_EYES = 9
_FARTHEST_EYES = 34
_STEEPEST = 0.37
#: Eye distances around a face in which no other can be.
_HEAD_REACH = 1.6


@dataclass(frozen=True, slots=True)
class Face:
    """One face on a page at working size."""

    #: The patch that is its skin.
    patch: int
    #: x and y in pixels, the left eye of the picture first.
    left_eye: tuple[float, float]
    right_eye: tuple[float, float]
    #: 0 (a face beyond doubt) and up.
    penalty: float

    @property
    def eye_distance(self) -> float:
        """Pixels between the eyes."""
        return float(np.hypot(self.right_eye[0] - self.left_eye[0], self.right_eye[1] - self.left_eye[1]))

    @property
    def middle(self) -> tuple[float, float]:
        """The point (x, y) half-way between the eyes, in pixels."""
        return (self.left_eye[0] + self.right_eye[0]) / 2, (self.left_eye[1] + self.right_eye[1]) / 2


@dataclass(frozen=True, slots=True, eq=False)
class _Pair:
    """Two marks of a portrait, the left one first."""

    left: FloatArray
    right: FloatArray
    #: How much darker each is than its surroundings, 0–1.
    strengths: tuple[float, float]


def find_faces(patches: Patches, ink: Mask, *, doubt: float = 0.85) -> tuple[Face, ...]:
    """The faces of a page, the surest first; no two of them on one head.

    Args:
        patches: of the page.
        ink: (h, w), True on lines.
        doubt: penalty from which two marks are not eyes; larger where something else tells faces from walls.
    """
    boxes: list[Box] = [(box[0], box[1]) for box in ndimage.find_objects(patches.labels + 1)]
    found = [
        face
        for patch in _candidates(patches, boxes)
        if (face := _find_eyes(patch, take_portrait(patch, boxes[patch], patches, ink), doubt)) is not None
    ]
    return tuple(_apart(sorted(found, key=lambda face: (face.penalty, face.patch))))


def _candidates(patches: Patches, boxes: list[Box]) -> Iterator[int]:
    share = patches.area / max(1, patches.labels.size)
    sized = (share > _SMALLEST_SHARE) & (share < _LARGEST_SHARE)
    for patch in np.flatnonzero(sized & (patches.tone > _DARKEST_SKIN) & (patches.rim < _MOST_RIM)).tolist():
        height, width = (side.stop - side.start for side in boxes[patch])
        filled = float(patches.area[patch]) / (height * width)
        if _NARROWEST < width / height < _WIDEST and filled > _EMPTIEST:
            yield patch


def _apart(faces: Iterable[Face]) -> list[Face]:
    """Without faces on the head of a surer one: a chin or a lock of hair may look like a small face."""
    kept: list[Face] = []
    for face in faces:
        distances = [np.hypot(*np.subtract(face.middle, other.middle)) / other.eye_distance for other in kept]
        if not distances or min(distances) > _HEAD_REACH:
            kept.append(face)
    return kept


def _find_eyes(patch: int, portrait: Portrait, doubt: float) -> Face | None:
    """The face that the likeliest pair of marks makes; None where none is likely."""
    best: Face | None = None
    for window, strong in _EYE_WINDOWS:
        for pair in _pairs(_strength(portrait.ink, window)):
            limit = best.penalty if best else doubt
            penalty = _shape_penalty(portrait, pair, strong)
            if penalty < limit and (penalty := penalty + _drawing_penalty(portrait, pair)) < limit:
                best = Face(patch, portrait.on_page(pair.left), portrait.on_page(pair.right), penalty)
    return best


def _strength(ink: FloatArray, window: tuple[int, int]) -> FloatArray:
    """How much more ink there is within the window than in a ring of four pixels around it."""
    wide = (window[0] + 8, window[1] + 8)
    inner, outer = (cv2.blur(ink, size, borderType=cv2.BORDER_REPLICATE) for size in (window, wide))
    inner_area, outer_area = window[0] * window[1], wide[0] * wide[1]
    ring = (outer * outer_area - inner * inner_area) / (outer_area - inner_area)
    return np.asarray(inner - ring, np.float32)


def _pairs(strength: FloatArray) -> Iterator[_Pair]:
    """Every two of the strongest marks (the local maxima) that are about as level and as far apart as eyes."""
    around = cv2.dilate(strength, np.ones((5, 5), np.uint8))
    floor = max(_FAINTEST_EYE, 0.3 * float(strength.max()))
    rows, columns = np.nonzero((strength == around) & (strength > floor))
    strongest = np.lexsort((columns, rows, -strength[rows, columns]))[:_MOST_MARKS]
    marks = np.stack([columns[strongest], rows[strongest]], axis=1).astype(np.float32)
    by_column = marks[np.argsort(marks[:, 0], kind="stable")]
    values = strength[by_column[:, 1].astype(np.intp), by_column[:, 0].astype(np.intp)]
    first, second = np.triu_indices(len(by_column), 1)
    across, down = (by_column[second] - by_column[first]).T
    level = (np.abs(down) < _STEEPEST * across) & (across > _NEAREST_EYES) & (across < _FARTHEST_EYES)
    for one, other in zip(first[level], second[level], strict=True):
        yield _Pair(by_column[one], by_column[other], (float(values[one]), float(values[other])))


def _shape_penalty(portrait: Portrait, pair: _Pair, strong: float) -> float:
    """What the place of two marks in the patch says against eyes."""
    across, down = (float(step) for step in pair.right - pair.left)
    middle = (pair.left + pair.right) / 2
    distance = max(1e-3, float(np.hypot(across, down)))
    return (
        _excess(distance / portrait.width, 0.36, 0.5, 0.11)
        + _excess(abs(down) / distance, 0.0, 0.2, 0.2)
        + _excess(min(pair.strengths) / max(pair.strengths), 0.8, 1.0, 0.25)
        + _excess(sum(pair.strengths), strong, 2.0, 0.35)
        + _excess(abs(float(middle[0]) - portrait.middle_column), 0.0, 2.8, 5.6)
        + _excess(float(middle[1]) / len(portrait.ink), 0.12, 0.45, 0.15)
        + _excess(portrait.solidity, 0.84, 1.0, 0.12)
    )


def _drawing_penalty(portrait: Portrait, pair: _Pair) -> float:
    """What is drawn, or not drawn, around two marks says against eyes."""
    along = pair.right - pair.left
    middle = (pair.left + pair.right) / 2
    below = np.array([-along[1], along[0]], dtype=np.float32)
    distance = float(np.hypot(*along))

    def mean(plane: FloatArray, right: float, down: float, width: float, height: float) -> float:
        return box_mean(plane, middle + right * along + down * below, width * distance, height * distance)

    eyes = max(0.05, (mean(portrait.ink, -0.5, 0, 0.4, 0.4) + mean(portrait.ink, 0.5, 0, 0.4, 0.4)) / 2)
    cheeks = (mean(portrait.ink, -0.5, 0.5, 0.4, 0.24) + mean(portrait.ink, 0.5, 0.5, 0.4, 0.24)) / 2
    framed = min(mean(portrait.hull, -0.5, 0, 0.6, 0.5), mean(portrait.hull, 0.5, 0, 0.6, 0.5))
    return (
        _excess(mean(portrait.ink, 0, 0, 0.26, 0.36) / eyes, 0.0, 0.1, 0.6)
        + _excess(cheeks / eyes, 0.0, 0.15, 0.5)
        + _excess(mean(portrait.ink, 0, 0.75, 0.5, 0.5), 0.04, 0.26, 0.08)
        + _excess(mean(portrait.own, 0, 0.5, 0.9, 0.5), 0.9, 1.0, 0.15)
        + _excess(framed, 0.85, 1.0, 0.1)
        + _excess(float(portrait.ink.sum() / portrait.hull.sum()), 0.05, 0.3, 0.15)
    )


def _excess(value: float, low: float, high: float, tolerance: float) -> float:
    """0 from low to high, 1 a tolerance beyond, growing with the square."""
    return (max(0.0, low - value, value - high) / tolerance) ** 2
