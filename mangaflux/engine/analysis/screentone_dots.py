"""Where are the dots of screentone? Pure functions; any thread.

A dot is a small round speck on a lattice: the specks around it come in opposite pairs at like distances. That is what
tells it from pupils, an ellipsis, freckles and the stipple of a pen. In a tone darker than one half the dots have
grown together and the light holes between them are looked for instead, in the same way. Constants were measured on
synthetic pages whose lines are known, and tried on 1-bit screens of three to fourteen pixels.
"""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from mangaflux.engine.analysis.metadata import Mask

GrayImage = NDArray[np.uint8]

#: Widest lattice as a share of the long side: 14 pixels at 1700; and in pixels, for small pages.
_PITCH_SHARE, _LEAST_LARGEST_PITCH = 0.0083, 8.0
#: Levels by which a speck differs from the mean of its surroundings.
_CONTRAST = 20
#: Largest speck in squares of the widest lattice; longest side by shortest, and part of its box that it fills.
_AREA_SHARE, _ELONGATION, _FILL = 0.6, 2.3, 0.5
#: Neighbours of a speck that are looked at: the eight around it on a square lattice, the six on a hexagonal one.
_NEIGHBOURS = 8
#: Part of their distance by which two neighbours may fail to be opposite; pixels added for rounding.
_OPPOSITE, _ROUNDING = 0.2, 0.4
#: Opposite pairs around a dot inside a lattice; how far, in steps of the lattice, its neighbours lie.
_PAIRS, _REACH = 2, 1.6
#: Dots inside the lattice among the neighbours of a dot, for it to be believed; and of one at the edge.
_LATTICE_NEIGHBOURS, _EDGE_NEIGHBOURS = 3, 2
#: Neighbours differ in area by at most this factor, plus two pixels for rounding.
_LIKE_AREA = 2.5


@dataclass(frozen=True, slots=True)
class DotScreen:
    """The dots of a page's screentone."""

    #: (H, W) True on dots, and on the light holes where dots have grown together.
    mask: Mask
    #: (N, 2) float32: column and row of the middle of each dot or hole, in pixels.
    centres: NDArray[np.float32]
    #: (N,) float32: the distance to the next ones, in pixels.
    pitches: NDArray[np.float32]
    #: (N,) float32, 0–1: how much of the paper is inked around each.
    coverage: NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class _Specks:
    labels: NDArray[np.int32]
    #: (M,) label, (M, 2) middle in pixels, (M,) area in pixels.
    label: NDArray[np.intp]
    centre: NDArray[np.float32]
    area: NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class _Lattice:
    """What surrounds each of M specks, nearest first; (M, K)."""

    neighbour: NDArray[np.intp]
    #: False where there is no such neighbour, or one of another size.
    like: Mask
    #: (M, K, 2) from the speck to the neighbour, in pixels.
    offset: NDArray[np.float32]
    distance: NDArray[np.float32]


def find_dots(gray: GrayImage) -> Mask:
    """(H, W) True on the pixels of screentone dots, and on the light holes where dots have grown together.

    Args:
        gray: (H, W) uint8 of any size.
    """
    return find_dot_screen(gray).mask


def find_dot_screen(gray: GrayImage) -> DotScreen:
    """The dots of a page, (H, W) uint8, with their places and distances."""
    largest = max(_LEAST_LARGEST_PITCH, _PITCH_SHARE * max(gray.shape))
    side = 2 * round(1.5 * largest) + 1
    mean = cv2.blur(gray, (side, side), borderType=cv2.BORDER_REPLICATE)
    dots = _on_lattice(_specks(cv2.subtract(mean, gray) > _CONTRAST, largest), largest)
    holes = _on_lattice(_specks(cv2.subtract(gray, mean) > _CONTRAST, largest), largest)
    return DotScreen(
        mask=dots.mask | holes.mask,
        centres=np.concatenate([dots.centres, holes.centres]),
        pitches=np.concatenate([dots.pitches, holes.pitches]),
        coverage=np.concatenate([dots.coverage, 1 - holes.coverage]),
    )


def _specks(marked: Mask, largest_pitch: float) -> _Specks:
    """The small round ones among the connected parts of a mask."""
    _, labels, stats, centres = cv2.connectedComponentsWithStats(marked.astype(np.uint8), connectivity=4)
    width, height = stats[:, cv2.CC_STAT_WIDTH], stats[:, cv2.CC_STAT_HEIGHT]
    area = stats[:, cv2.CC_STAT_AREA]
    # One pixel more or less is nothing in a dot of two pixels.
    round_enough = (np.maximum(width, height) - 1 <= _ELONGATION * np.minimum(width, height)) & (
        area >= _FILL * width * height
    )
    small = (area <= _AREA_SHARE * largest_pitch**2) & (np.maximum(width, height) <= largest_pitch)
    small[0] = False
    label = np.flatnonzero(small & round_enough)
    return _Specks(labels, label, centres[label].astype(np.float32), area[label].astype(np.float32))


def _on_lattice(specks: _Specks, largest_pitch: float) -> DotScreen:
    """The specks that lie on a lattice, or at the edge of one."""
    lattice = _neighbourhood(specks, largest_pitch)
    paired, pitch = _opposite_pairs(lattice)
    inside = paired >= _PAIRS
    inside &= _count(inside, lattice, pitch) >= _LATTICE_NEIGHBOURS
    found = inside.copy()
    for _ in range(2):
        pitch = np.where(found, pitch, _pitch_beside(found, lattice, pitch))
        found |= _count(found, lattice, pitch) >= _EDGE_NEIGHBOURS
    chosen = np.zeros(int(specks.labels.max(initial=0)) + 1, dtype=np.bool_)
    chosen[specks.label[found]] = True
    coverage = np.minimum(1, specks.area[found] / np.maximum(1, pitch[found]) ** 2)
    return DotScreen(chosen[specks.labels], specks.centre[found], pitch[found], coverage.astype(np.float32))


def _neighbourhood(specks: _Specks, largest_pitch: float) -> _Lattice:
    count = len(specks.label)
    if count <= _NEIGHBOURS:
        none = np.zeros((count, _NEIGHBOURS), np.float32)
        return _Lattice(none.astype(np.intp), none > 0, np.zeros((count, _NEIGHBOURS, 2), np.float32), none)
    tree = cKDTree(specks.centre)
    distance, neighbour = tree.query(specks.centre, k=_NEIGHBOURS + 1, distance_upper_bound=_REACH * largest_pitch)
    distance, neighbour = distance[:, 1:], neighbour[:, 1:]
    there = np.isfinite(distance)
    neighbour = np.where(there, neighbour, 0)
    offset = specks.centre[neighbour] - specks.centre[:, None]
    larger = np.maximum(specks.area[neighbour], specks.area[:, None])
    smaller = np.minimum(specks.area[neighbour], specks.area[:, None])
    like = there & (larger <= _LIKE_AREA * smaller + 2)
    return _Lattice(neighbour, like, offset, np.where(there, distance, np.inf).astype(np.float32))


def _opposite_pairs(lattice: _Lattice) -> tuple[NDArray[np.intp], NDArray[np.float32]]:
    """Per speck, how many pairs of its neighbours are opposite, and the shortest distance among those pairs."""
    pairs = np.zeros(len(lattice.like), dtype=np.intp)
    pitch = np.full(len(lattice.like), np.inf, dtype=np.float32)
    nearest = np.min(np.where(lattice.like, lattice.distance, np.inf), axis=1, initial=np.inf)
    for first in range(_NEIGHBOURS):
        for second in range(first + 1, _NEIGHBOURS):
            apart = np.linalg.norm(lattice.offset[:, first] + lattice.offset[:, second], axis=1)
            mean = (lattice.distance[:, first] + lattice.distance[:, second]) / 2
            match = lattice.like[:, first] & lattice.like[:, second] & (apart <= _OPPOSITE * mean + _ROUNDING)
            match &= mean <= _REACH * nearest
            pairs += match
            pitch = np.where(match, np.minimum(pitch, mean), pitch)
    return pairs, pitch


def _count(found: Mask, lattice: _Lattice, pitch: NDArray[np.float32]) -> NDArray[np.intp]:
    """Per speck, how many of its neighbours of like size, within reach on its lattice, are found."""
    near = lattice.like & (lattice.distance <= _REACH * pitch[:, None])
    return np.asarray((near & found[lattice.neighbour]).sum(axis=1))


def _pitch_beside(found: Mask, lattice: _Lattice, pitch: NDArray[np.float32]) -> NDArray[np.float32]:
    """Per speck, the widest pitch among the found ones around it; 0 where there is none."""
    around = np.where(lattice.like & found[lattice.neighbour], pitch[lattice.neighbour], 0)
    return np.asarray(around.max(axis=1, initial=0), dtype=np.float32)
