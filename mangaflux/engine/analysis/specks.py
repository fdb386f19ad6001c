"""Where do small round specks stand close together, as the dots of screentone do, and the holes in its dark tones?

A quick look, for taking lines and tone apart; `screentone_dots` finds lattices and their pitch. Pure functions; any
thread.
"""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from mangaflux.engine.analysis.metadata import Mask

GrayImage = NDArray[np.uint8]

#: Level that parts ink from paper.
_MIDDLE = 128
#: Largest speck, in pixels at a long side of 1600, and on small pages; longest side by shortest; part of its box that
#: it fills.
_LARGEST, _LEAST_LARGEST, _ELONGATION, _FILL = 15.0, 5.0, 1.5, 0.45
#: So many specks, at least, in a window of so many pixels at 1600 (and on small pages) stand close together.
_CROWD, _WINDOW, _LEAST_WINDOW = 5, 44.0, 20.0
#: How far the zone of a crowd reaches beyond its specks, in the same pixels; and what is taken back of it.
_REACH, _LEAST_REACH = 14.0, 6.0
#: Specks are counted in cells of so many pixels each way.
_CELL = 4


@dataclass(frozen=True, slots=True, eq=False)
class Specks:
    """The specks of a page that stand close together."""

    #: (H, W) uint8: 1 on specks, 0 elsewhere.
    mask: NDArray[np.uint8]
    #: (H, W) True on the areas that they cover.
    zone: Mask


def find_specks(gray: GrayImage, scale: float) -> Specks:
    """The crowds of dark and of light specks on an (H, W) uint8 page; `scale` is its long side as a part of 1600."""
    mask = np.zeros(gray.shape, dtype=np.uint8)
    cells = np.zeros((gray.shape[0] // _CELL + 1, gray.shape[1] // _CELL + 1), dtype=np.uint8)
    dark = (gray < _MIDDLE).astype(np.uint8)
    for marked in (dark, 1 - dark):
        _add_crowds(marked, scale, mask, cells)
    return Specks(mask, _zone(cells, scale, gray.shape))


def _add_crowds(marked: NDArray[np.uint8], scale: float, mask: NDArray[np.uint8], cells: NDArray[np.uint8]) -> None:
    """Adds the specks of one kind that stand close together to the mask and to the cells."""
    _, labels, stats, centres = cv2.connectedComponentsWithStats(marked, connectivity=4)
    label = _small_and_round(np.asarray(stats), max(_LEAST_LARGEST, _LARGEST * scale))
    column, row = (centres[label] / _CELL).astype(np.intp).T
    count = np.zeros(cells.shape, dtype=np.float32)
    np.add.at(count, (row, column), 1)
    side = 2 * round(max(_LEAST_WINDOW, _WINDOW * scale) / _CELL / 2) + 1
    crowd = cv2.boxFilter(count, -1, (side, side), normalize=False, borderType=cv2.BORDER_CONSTANT)
    crowded = crowd[row, column] >= _CROWD
    chosen = np.zeros(len(stats), dtype=np.uint8)
    chosen[label[crowded]] = 1
    mask |= chosen[labels]
    cells[row[crowded], column[crowded]] = 1


def _small_and_round(stats: NDArray[np.int32], largest: float) -> NDArray[np.intp]:
    """The numbers of the connected parts that may be specks."""
    width, height, area = (stats[:, column] for column in (cv2.CC_STAT_WIDTH, cv2.CC_STAT_HEIGHT, cv2.CC_STAT_AREA))
    longest = np.maximum(width, height)
    fits = (longest <= largest) & (longest - 1 <= _ELONGATION * np.minimum(width, height))
    fits &= area >= _FILL * width * height
    fits[0] = False
    return np.flatnonzero(fits)


def _zone(cells: NDArray[np.uint8], scale: float, shape: tuple[int, ...]) -> Mask:
    reach = max(1, round(max(_LEAST_REACH, _REACH * scale) / _CELL))
    covered = cv2.erode(cv2.dilate(cells, _disc(2 * reach + 1)), _disc(reach | 1), borderValue=1)
    size = (cells.shape[1] * _CELL, cells.shape[0] * _CELL)
    zone = cv2.resize(covered * 255, size, interpolation=cv2.INTER_LINEAR)
    return np.asarray(zone[: shape[0], : shape[1]] > _MIDDLE)


def _disc(side: int) -> NDArray[np.uint8]:
    return np.asarray(cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (side, side)), dtype=np.uint8)
