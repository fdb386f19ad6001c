"""Where do patches meet, for how long, and is there a line between? Pure functions; any thread."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mangaflux.engine.analysis.metadata import Mask

FloatArray = NDArray[np.float32]
LabelImage = NDArray[np.int32]


@dataclass(frozen=True, slots=True, eq=False)
class Borders:
    """Borders of N patches: M pairs of neighbours, and the whole outline of each; lengths in pixels."""

    #: (M, 2), the lower label first.
    pairs: NDArray[np.intp]
    #: (M,) the common border, and the part of it without a line.
    length: FloatArray
    open_length: FloatArray
    #: (N,) the outline, and the part of it along paper or the image's rim.
    outline: FloatArray
    rim: FloatArray


def find_borders(labels: LabelImage, ink: Mask, count: int) -> Borders:
    """The borders in an (h, w) image of labels 0 … count−1, −1 being paper; `ink` is True on lines."""
    before, after, inked = _label_changes(labels, ink)
    inside = (before >= 0) & (after >= 0)
    keys = np.minimum(before, after).astype(np.int64) * count + np.maximum(before, after)
    unique, place = np.unique(keys[inside], return_inverse=True)
    length = np.bincount(place, minlength=len(unique))
    open_length = np.bincount(place, weights=~inked[inside], minlength=len(unique))
    outline = count_pixels(before, count) + count_pixels(after, count)
    rim = count_pixels(before[after < 0], count) + count_pixels(after[before < 0], count)
    pairs = np.stack([unique // max(count, 1), unique % max(count, 1)], axis=1).astype(np.intp)
    return Borders(pairs, as_float(length), as_float(open_length), as_float(outline), as_float(rim))


def _label_changes(labels: LabelImage, ink: Mask) -> tuple[LabelImage, LabelImage, Mask]:
    """The labels on both sides of every change to the right or downwards, the image's rim included as paper, and
    whether a line lies there.
    """
    framed = np.pad(labels, 1, constant_values=-1)
    drawn = np.pad(ink, 1)
    right = framed[:, :-1] != framed[:, 1:]
    down = framed[:-1] != framed[1:]
    before = np.concatenate([framed[:, :-1][right], framed[:-1][down]])
    after = np.concatenate([framed[:, 1:][right], framed[1:][down]])
    inked = np.concatenate([(drawn[:, :-1] | drawn[:, 1:])[right], (drawn[:-1] | drawn[1:])[down]])
    return before, after, inked


def count_pixels(labels: LabelImage, count: int) -> NDArray[np.int64]:
    """(count,) pixels of each label; paper is not counted."""
    return np.bincount(labels[labels >= 0], minlength=count)


def as_float(values: NDArray[np.floating] | NDArray[np.integer]) -> FloatArray:
    """The values as float32."""
    return np.asarray(values, dtype=np.float32)
