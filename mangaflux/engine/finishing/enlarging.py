"""Enlarges a small picture to the rows of a page that are wanted. Pure functions; any thread."""

import cv2
import numpy as np
from numpy.typing import NDArray

FloatImage = NDArray[np.float32]


def enlarged_rows(small: FloatImage, shape: tuple[int, ...], wanted: slice) -> FloatImage:
    """Rows of one plane, (h, w), enlarged to a page of (H, W), linearly, as if the whole were enlarged at once."""
    height, width = shape[:2]
    places = np.clip(
        (np.arange(wanted.start, wanted.stop) + 0.5) * (small.shape[0] / height) - 0.5, 0, small.shape[0] - 1
    )
    above = np.floor(places).astype(np.intp)
    share = (places - above).astype(np.float32)[:, None]
    rows, below = small[above], small[np.minimum(above + 1, small.shape[0] - 1)]
    rows *= 1 - share
    below *= share
    rows += below
    return np.asarray(cv2.resize(rows, (width, len(places)), interpolation=cv2.INTER_LINEAR), np.float32)
