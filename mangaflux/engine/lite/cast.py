"""What skin and what hair do the people in a style reference have, and what do they wear?

Their faces are found as on a page, and believed where their patch is skin-coloured. Pure functions; any thread.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from mangaflux.engine.analysis.faces import Face, find_faces
from mangaflux.engine.analysis.line_art import extract_line_art
from mangaflux.engine.analysis.metadata import Mask
from mangaflux.engine.base import RgbImage
from mangaflux.engine.lite.regions import Regions, find_regions

FloatArray = NDArray[np.float32]
LabImage = NDArray[np.float32]

#: References are searched at this long side: smaller than a page, since whoever sets a style is drawn large.
_SIDE = 700
#: More may pass for a face than on a page, since colour will tell.
_DOUBT = 2.2
#: Half the width of the fringe, and how far its lower and upper ends lie above the eyes; in eye distances.
_FOREHEAD = (0.6, 0.9, 1.6)
#: Lab window of painted skin from dark to pale: L* 35–96, a* 3–32, b* 5–42.
_SKIN_LOW = np.array([35.0, 3.0, 5.0], dtype=np.float32)
_SKIN_HIGH = np.array([96.0, 32.0, 42.0], dtype=np.float32)

#: Hair is farther than this (Lab) from the skin it frames.
_HAIR_DISTANCE = 18.0
#: Half the width of a chest, and how far its upper and lower ends lie below the eyes; in eye distances.
_CHEST = (1.0, 1.9, 4.6)
#: Half the width of a body, and how far its ends lie below the eyes; in eye distances.
_BODY = (2.2, 1.2, 10.0)
#: Cells of a*, b* and L* in which the colours of clothes are told apart, and the share of a chest that is a colour.
_CLOTH_CELL = np.array([14.0, 10.0, 10.0], dtype=np.float32)
_CLOTH_SHARE = 0.1


@dataclass(frozen=True, slots=True, eq=False)
class Cast:
    """The people of a reference; both arrays may be empty."""

    #: (S, 3) float32 Lab: the skin of each.
    skins: FloatArray
    #: (H, 3) float32 Lab: the hair of each.
    hairs: FloatArray
    #: Of each of these heads of hair, (C, 3) float32 Lab: the colours of the clothes below it; C may be 0.
    clothes: tuple[FloatArray, ...]


@dataclass(frozen=True, slots=True, eq=False)
class _Person:
    """Lab of one face of a reference: its skin, the hair over the forehead (0 for none), and the clothes below."""

    skin: FloatArray
    hair: FloatArray
    clothes: FloatArray


def read_cast(image: RgbImage) -> Cast:
    """The people in a coloured image, (h, w, 3) uint8 sRGB of any size; what is not skin-coloured is no face."""
    small = _shrink(image)
    lab = np.asarray(cv2.cvtColor(small.astype(np.float32) / 255.0, cv2.COLOR_RGB2LAB), np.float32)
    grey = np.asarray(cv2.cvtColor(small, cv2.COLOR_RGB2GRAY), np.uint8)
    art = extract_line_art(grey)
    regions = find_regions(art, np.zeros(grey.shape, np.bool_))
    # Solid blacks are hair, too.
    lines = art.ink & ~art.solid
    faces = _without_buttons(find_faces(regions, art.ink, doubt=_DOUBT))
    people = [_look(face, regions, lab, lines) for face in faces]
    seen = [person for person in people if ((person.skin >= _SKIN_LOW) & (person.skin <= _SKIN_HIGH)).all()]
    haired = [person for person in seen if person.hair.any()]
    return Cast(
        _stack([person.skin for person in seen]),
        _stack([person.hair for person in haired]),
        tuple(person.clothes for person in haired),
    )


def _without_buttons(faces: Sequence[Face]) -> list[Face]:
    """Without what is below a surer face, where buttons and pockets pass for eyes."""
    kept: list[Face] = []
    for face in faces:
        steps = [np.subtract(face.middle, other.middle) / other.eye_distance for other in kept]
        if not any(abs(right) < _BODY[0] and _BODY[1] < down < _BODY[2] for right, down in steps):
            kept.append(face)
    return kept


def _look(face: Face, regions: Regions, lab: LabImage, ink: Mask) -> _Person:
    skin = _median(lab[(regions.labels == face.patch) & ~ink])
    half, low, high = _FOREHEAD
    forehead = _around(face, half, -high, -low)
    hair = _median(_unlike(lab[forehead][~ink[forehead]], skin))
    chest = _around(face, *_CHEST)
    return _Person(skin, hair, _main_colours(_unlike(_unlike(lab[chest][~ink[chest]], skin), hair)))


def _around(face: Face, half: float, top: float, bottom: float) -> tuple[slice, slice]:
    """Rows and columns of a box, told in eye distances from the point between the eyes."""
    x, y = face.middle
    rows = (max(0, round(y + end * face.eye_distance)) for end in (top, bottom))
    reach = half * face.eye_distance
    return slice(*rows), slice(max(0, round(x - reach)), max(0, round(x + reach)) + 1)


def _unlike(pixels: FloatArray, colour: FloatArray) -> FloatArray:
    return np.asarray(pixels[np.linalg.norm(pixels - colour, axis=1) > _HAIR_DISTANCE], np.float32)


def _main_colours(pixels: FloatArray) -> FloatArray:
    """(C, 3) the medians of the colours that have a fair share of the pixels, by falling share."""
    if len(pixels) == 0:
        return _stack([])
    _, groups, counts = np.unique(np.round(pixels / _CLOTH_CELL), axis=0, return_inverse=True, return_counts=True)
    usual = np.argsort(-counts, kind="stable")
    wanted = [group for group in usual if counts[group] > _CLOTH_SHARE * len(pixels)]
    return _stack([_median(pixels[groups.ravel() == group]) for group in wanted])


def _shrink(image: RgbImage) -> RgbImage:
    height, width = image.shape[:2]
    shrink = min(1.0, _SIDE / max(height, width))
    size = (max(1, round(width * shrink)), max(1, round(height * shrink)))
    return np.asarray(cv2.resize(image, size, interpolation=cv2.INTER_AREA), np.uint8)


def _median(pixels: FloatArray) -> FloatArray:
    return np.asarray(np.median(pixels, axis=0) if len(pixels) else (0.0, 0.0, 0.0), np.float32)


def _stack(colours: list[FloatArray]) -> FloatArray:
    return np.asarray(colours, np.float32).reshape(-1, 3)
