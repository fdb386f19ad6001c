"""What skin and what hair do the people in a style reference have?

Their faces are found as on a page, and believed where their patch is skin-coloured. Pure functions; any thread.
"""

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


@dataclass(frozen=True, slots=True, eq=False)
class Cast:
    """The people of a reference; both arrays may be empty."""

    #: (S, 3) float32 Lab: the skin of each.
    skins: FloatArray
    #: (H, 3) float32 Lab: the hair of each.
    hairs: FloatArray


def read_cast(image: RgbImage) -> Cast:
    """The people in a coloured image, (h, w, 3) uint8 sRGB of any size; what is not skin-coloured is no face."""
    small = _shrink(image)
    lab = np.asarray(cv2.cvtColor(small.astype(np.float32) / 255.0, cv2.COLOR_RGB2LAB), np.float32)
    grey = np.asarray(cv2.cvtColor(small, cv2.COLOR_RGB2GRAY), np.uint8)
    art = extract_line_art(grey)
    regions = find_regions(art, np.zeros(grey.shape, np.bool_))
    people = [_look(face, regions, lab, art.ink) for face in find_faces(regions, art.ink, doubt=_DOUBT)]
    seen = [(skin, hair) for skin, hair in people if ((skin >= _SKIN_LOW) & (skin <= _SKIN_HIGH)).all()]
    hairs = [hair for skin, hair in seen if hair.any() and np.linalg.norm(hair - skin) > _HAIR_DISTANCE]
    return Cast(_stack([skin for skin, _ in seen]), _stack(hairs))


def _look(face: Face, regions: Regions, lab: LabImage, ink: Mask) -> tuple[FloatArray, FloatArray]:
    """Lab of the skin, and of the hair over the forehead."""
    skin = _median(lab[(regions.labels == face.patch) & ~ink])
    x, y = face.middle
    half, low, high = (share * face.eye_distance for share in _FOREHEAD)
    above = (
        slice(max(0, round(y - high)), max(1, round(y - low))),
        slice(max(0, round(x - half)), round(x + half) + 1),
    )
    pixels = lab[above][~ink[above]]
    return skin, _median(pixels[np.linalg.norm(pixels - skin, axis=1) > _HAIR_DISTANCE])


def _shrink(image: RgbImage) -> RgbImage:
    height, width = image.shape[:2]
    shrink = min(1.0, _SIDE / max(height, width))
    size = (max(1, round(width * shrink)), max(1, round(height * shrink)))
    return np.asarray(cv2.resize(image, size, interpolation=cv2.INTER_AREA), np.uint8)


def _median(pixels: FloatArray) -> FloatArray:
    return np.asarray(np.median(pixels, axis=0) if len(pixels) else (0.0, 0.0, 0.0), np.float32)


def _stack(colours: list[FloatArray]) -> FloatArray:
    return np.asarray(colours, np.float32).reshape(-1, 3)
