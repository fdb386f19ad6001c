"""Boxes as networks give them: arrays of corners with scores and classes, until they are pixels of a page."""

from dataclasses import dataclass
from typing import Self

import cv2
import numpy as np
from numpy.typing import NDArray

from mangaflux.engine.analysis.detections import DetectedBox


@dataclass(frozen=True, slots=True)
class Boxes:
    """N boxes."""

    #: (N, 4) float64: left, top, right, bottom.
    corners: NDArray[np.float64]
    #: (N,) float64, 0–1.
    scores: NDArray[np.float64]
    #: (N,) int64: which class of its network.
    classes: NDArray[np.int64]

    @classmethod
    def none(cls) -> Self:
        """No boxes."""
        return cls(np.zeros((0, 4)), np.zeros(0), np.zeros(0, np.int64))

    def chosen(self, which: NDArray[np.bool_] | NDArray[np.intp]) -> "Boxes":
        """Those that a mask or a list of numbers names."""
        return Boxes(self.corners[which], self.scores[which], self.classes[which])

    def mapped(self, *, scale: tuple[float, float], offset: tuple[float, float]) -> "Boxes":
        """The same boxes with x and y multiplied by `scale`, then moved by `offset`."""
        corners = self.corners * np.tile(scale, 2) + np.tile(offset, 2)
        return Boxes(corners, self.scores, self.classes)


def from_centres(centres: NDArray[np.float64]) -> NDArray[np.float64]:
    """(N, 4) centre x, centre y, width, height → corners."""
    half = centres[:, 2:] / 2
    return np.hstack([centres[:, :2] - half, centres[:, :2] + half])


def joined(boxes: list[Boxes]) -> Boxes:
    """All of them, in their order."""
    every = [Boxes.none(), *boxes]
    return Boxes(
        np.concatenate([each.corners for each in every]),
        np.concatenate([each.scores for each in every]),
        np.concatenate([each.classes for each in every]),
    )


def best_of_each(boxes: Boxes, overlap: float) -> Boxes:
    """Non-maximum suppression: of boxes of one class that overlap by more than this (IoU, 0–1), the surest; surest
    first.
    """
    if not len(boxes.scores):
        return boxes
    sizes = boxes.corners[:, 2:] - boxes.corners[:, :2]
    sides = np.hstack([boxes.corners[:, :2], sizes])
    numbers = cv2.dnn.NMSBoxesBatched(
        sides.tolist(), boxes.scores.tolist(), boxes.classes.tolist(), score_threshold=0.0, nms_threshold=overlap
    )
    kept = np.asarray(numbers, dtype=np.intp).ravel()
    return boxes.chosen(kept[np.argsort(-boxes.scores[kept], kind="stable")])


def detected(boxes: Boxes, class_number: int, shape: tuple[int, ...]) -> tuple[DetectedBox, ...]:
    """The boxes of one class in whole pixels of a page of this (H, W, …) shape; what lies outside is cut off."""
    limits = np.array([shape[1], shape[0]] * 2)
    of_class = boxes.chosen(boxes.classes == class_number)
    corners = np.clip(np.rint(of_class.corners), 0, limits).astype(int)
    return tuple(
        DetectedBox((left, top, right - left, bottom - top), float(np.clip(score, 0, 1)))
        for (left, top, right, bottom), score in zip(corners.tolist(), of_class.scores.tolist(), strict=True)
        if right > left and bottom > top
    )
