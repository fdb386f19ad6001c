"""Which pixels are the inside of open eyes? They stay white on a coloured face. Pure functions; any thread."""

from collections.abc import Sequence

import cv2
import numpy as np

from mangaflux.engine.analysis.faces import Face
from mangaflux.engine.analysis.metadata import Mask

#: Half the width of the box that holds an eye, in eye distances.
_REACH = 0.42


def find_eye_whites(faces: Sequence[Face], ink: Mask) -> Mask:
    """(h, w) True on what lines enclose within the eyes; closed eyes enclose nothing.

    Args:
        faces: on the page.
        ink: (h, w), True on lines.
    """
    whites = np.zeros_like(ink)
    for face in faces:
        reach = max(2, round(face.eye_distance * _REACH))
        for x, y in (face.left_eye, face.right_eye):
            rows = slice(max(0, round(y) - reach), round(y) + reach + 1)
            columns = slice(max(0, round(x) - reach), round(x) + reach + 1)
            whites[rows, columns] |= _enclosed(ink[rows, columns])
    return whites


def _enclosed(ink: Mask) -> Mask:
    """The light pixels that no way leads to from the rim of the box."""
    outside = np.pad((~ink).astype(np.uint8), 1, constant_values=1)
    cv2.floodFill(outside, None, (0, 0), (2,), flags=4)
    return np.asarray(outside[1:-1, 1:-1] == 1)
