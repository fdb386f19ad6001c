"""Where are the dots of screentone? Pure functions; any thread.

A dot is a small round speck on a lattice: the specks around it come in opposite pairs at like distances. That is what
tells it from pupils, an ellipsis, freckles and the stipple of a pen. In a tone darker than one half the dots have
grown together and the light holes between them are looked for instead, in the same way. Constants were measured on
synthetic pages whose lines are known, and tried on 1-bit screens of three to fourteen pixels.
"""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import combinations

import cv2
import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from mangaflux.engine.analysis.metadata import Mask

GrayImage = NDArray[np.uint8]

#: Widest lattice as a share of the long side: 14 pixels at 1700; and in pixels, for small pages.
_PITCH_SHARE, _LEAST_LARGEST_PITCH = 0.0083, 8.0
#: Levels by which a speck differs at least from the mean of its surroundings, and in standard deviations of those:
#: enough to part dots that touch.
_CONTRAST, _DEVIATIONS = 20.0, 0.5
#: Surroundings are averaged on a page so many times smaller.
_SHRINK = 4
#: Largest speck in squares of the widest lattice; longest side by shortest, and part of its box that it fills.
_AREA_SHARE, _ELONGATION, _FILL = 0.6, 1.5, 0.5
#: Neighbours of a speck that are looked at: the eight around it on a square lattice, the six on a hexagonal one.
_NEIGHBOURS = 8
#: Part of their distance by which two neighbours may fail to be opposite; pixels added for rounding.
_OPPOSITE, _ROUNDING = 0.2, 0.4
#: Opposite pairs around a dot inside a lattice; how far, in steps of the lattice, its neighbours lie.
_PAIRS, _REACH = 2, 1.6
#: Dots inside the lattice among the neighbours of a dot, for it to be believed; and of one at the edge.
_LATTICE_NEIGHBOURS, _EDGE_NEIGHBOURS = 3, 2
#: Rings of dots that are added around those inside the lattice, at most.
_RINGS = 8
#: A page with so many dots has a lattice of its own, and specks that keep its distance, in parts of it, belong to it.
_MANY, _SAME_PITCH = 60, (0.8, 1.25)
#: Sine of the angle between two steps that do not go on in a line.
_CORNER = 0.7
#: Neighbours differ in area by at most this factor, plus two pixels for rounding.
_LIKE_AREA = 2.5


@dataclass(frozen=True, slots=True)
class DotScreen:
    """The dots of a page's screentone."""

    #: (N, 2) float32: column and row of the middle of each dot or hole, in pixels.
    centres: NDArray[np.float32]
    #: (N, 2) float32: from each to a next one on its lattice, in pixels; the other step is at a right angle.
    steps: NDArray[np.float32]
    #: (N,) float32, 0–1: how much of the paper is inked around each.
    coverage: NDArray[np.float32]

    @property
    def pitches(self) -> NDArray[np.float32]:
        """(N,) float32: the distance to the next ones, in pixels."""
        return _lengths(self.steps)


@dataclass(frozen=True, slots=True)
class _Specks:
    labels: NDArray[np.int32]
    #: (M,) label, (M, 2) middle in pixels, (M,) area in pixels.
    label: NDArray[np.intp]
    centre: NDArray[np.float32]
    area: NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class _Lattice:
    """What surrounds each of M specks, nearest first; (K, M)."""

    neighbour: NDArray[np.intp]
    #: False where there is no such neighbour, or one of another size.
    like: Mask
    #: From the speck to the neighbour, right and down, and how far that is; pixels.
    right: NDArray[np.float32]
    down: NDArray[np.float32]
    distance: NDArray[np.float32]


def find_dots(gray: GrayImage) -> Mask:
    """(H, W) True on the pixels of screentone dots, and on the light holes where dots have grown together.

    Args:
        gray: (H, W) uint8 of any size.
    """
    dots, holes = (_pixels_of(specks, found) for specks, found, _ in _find(gray))
    return np.asarray(dots | holes)


def find_dot_screen(gray: GrayImage) -> DotScreen:
    """The dots of a page, (H, W) uint8, with their places and distances, and the light holes where dots have grown
    together.
    """
    dots, holes = (screen for _, _, screen in _find(gray))
    return DotScreen(
        centres=np.concatenate([dots.centres, holes.centres]),
        steps=np.concatenate([dots.steps, holes.steps]),
        coverage=np.concatenate([dots.coverage, 1 - holes.coverage]),
    )


def _find(gray: GrayImage) -> list[tuple[_Specks, Mask, DotScreen]]:
    """For the dots and for the holes: the specks, which of them lie on a lattice, and what is known of those."""
    largest = max(_LEAST_LARGEST_PITCH, _PITCH_SHARE * max(gray.shape))
    side = 2 * round(1.5 * largest) + 1
    # NumPy, SciPy and OpenCV leave the interpreter to the other thread while they compute.
    with ThreadPoolExecutor(2, thread_name_prefix="dots") as threads:
        marked = _beyond_surroundings(gray, side)
        return list(threads.map(lambda mask: _on_lattice(_specks(mask, largest), largest), marked))


def _beyond_surroundings(gray: GrayImage, side: int) -> tuple[Mask, Mask]:
    """(H, W) True where the page is darker than its surroundings, and where it is lighter."""
    height, width = gray.shape
    size = (-(-width // _SHRINK), -(-height // _SHRINK))
    # So wide a mean is the same on a small page; squares are taken before the dots are averaged away.
    level, square = (
        np.asarray(cv2.resize(each, size, interpolation=cv2.INTER_AREA), np.float32)
        for each in (gray.astype(np.float32), cv2.multiply(gray, gray, dtype=cv2.CV_32F))
    )
    window = (2 * (side // (2 * _SHRINK)) + 1,) * 2
    mean, square_mean = (cv2.blur(each, window, borderType=cv2.BORDER_REPLICATE) for each in (level, square))
    # Rounding may leave a negative variance where all is even.
    threshold = np.maximum(_CONTRAST, _DEVIATIONS * np.sqrt(np.maximum(square_mean - mean * mean, 0)))
    darker, lighter = (
        cv2.resize(np.clip(np.rint(bound), 0, 255).astype(np.uint8), (width, height), interpolation=cv2.INTER_LINEAR)
        for bound in (mean - threshold, mean + threshold)
    )
    return gray < darker, gray > lighter


def _specks(marked: Mask, largest_pitch: float) -> _Specks:
    """The small round ones among the connected parts of a mask."""
    _, labels, stats, centres = cv2.connectedComponentsWithStats(marked.astype(np.uint8), connectivity=4)
    width, height = stats[:, cv2.CC_STAT_WIDTH], stats[:, cv2.CC_STAT_HEIGHT]
    area = stats[:, cv2.CC_STAT_AREA]
    # One pixel more or less is nothing in a dot of two pixels; a thin line that falls apart leaves pieces of 1 × 3.
    round_enough = np.maximum(width, height) - 1 <= _ELONGATION * np.minimum(width, height)
    round_enough &= area >= _FILL * width * height
    small = (area <= _AREA_SHARE * largest_pitch**2) & (np.maximum(width, height) <= largest_pitch)
    small[0] = False
    label = np.flatnonzero(small & round_enough)
    return _Specks(
        np.asarray(labels, np.int32), label, centres[label].astype(np.float32), area[label].astype(np.float32)
    )


def _pixels_of(specks: _Specks, found: Mask) -> Mask:
    """(H, W) True on the specks that were found."""
    chosen = np.zeros(int(specks.labels.max(initial=0)) + 1, dtype=np.bool_)
    chosen[specks.label[found]] = True
    return np.asarray(chosen[specks.labels])


def _on_lattice(specks: _Specks, largest_pitch: float) -> tuple[_Specks, Mask, DotScreen]:
    """The specks that lie on a lattice, or at the edge of one."""
    lattice = _neighbourhood(specks, largest_pitch)
    pairs, steps = _opposite_pairs(lattice)
    inside = pairs >= _PAIRS
    inside &= _count(inside, lattice, _lengths(steps)) >= _LATTICE_NEIGHBOURS
    found, steps = _with_edges(inside, lattice, steps)
    if found.sum() >= _MANY:
        usual = _usual_step(steps[inside])
        alike = np.asarray(_keeping_distance(lattice, _lengths(usual)) & ~found)
        steps[alike] = usual
        found |= alike
    coverage = np.minimum(1, specks.area[found] / np.maximum(1, _lengths(steps[found])) ** 2)
    return specks, found, DotScreen(specks.centre[found], steps[found], coverage.astype(np.float32))


def _with_edges(inside: Mask, lattice: _Lattice, steps: NDArray[np.float32]) -> tuple[Mask, NDArray[np.float32]]:
    """The dots inside a lattice and those around them, ring by ring, and the step at each speck."""
    found = inside.copy()
    for _ in range(_RINGS):
        steps = np.where(found[:, None], steps, _steps_beside(found, lattice, steps))
        grown = found | (_count(found, lattice, _lengths(steps)) >= _EDGE_NEIGHBOURS)
        if np.array_equal(grown, found):
            break
        found = grown
    return found, steps


def _steps_beside(found: Mask, lattice: _Lattice, steps: NDArray[np.float32]) -> NDArray[np.float32]:
    """Per speck, the step of the nearest found one of like size around it; zero where there is none."""
    known = lattice.like & found[lattice.neighbour]
    nearest = np.take_along_axis(lattice.neighbour, known.argmax(axis=0, keepdims=True), axis=0)[0]
    return np.where(np.asarray(known.any(axis=0))[:, None], steps[nearest], np.float32(0)).astype(np.float32)


def _usual_step(steps: NDArray[np.float32]) -> NDArray[np.float32]:
    """(2,) the usual length in the usual direction; directions are the same up to quarter turns."""
    turns = 4 * np.arctan2(steps[:, 1], steps[:, 0])
    angle = np.arctan2(np.sin(turns).mean(), np.cos(turns).mean()) / 4
    length = np.median(_lengths(steps))
    return np.array([length * np.cos(angle), length * np.sin(angle)], dtype=np.float32)


def _lengths(steps: NDArray[np.float32]) -> NDArray[np.float32]:
    return np.asarray(np.hypot(steps[..., 0], steps[..., 1]), dtype=np.float32)


def _keeping_distance(lattice: _Lattice, pitch: NDArray[np.float32]) -> Mask:
    """The specks of small groups, four at least, whose steps are those of a lattice that the page is known to have."""
    shortest, longest = _SAME_PITCH
    step = lattice.like & (lattice.distance >= shortest * pitch) & (lattice.distance <= longest * pitch)
    corner = _turns_corner(lattice, step)
    core = corner & (step & corner[lattice.neighbour]).any(axis=0)
    return np.asarray(core | (step & core[lattice.neighbour]).any(axis=0))


def _turns_corner(lattice: _Lattice, step: Mask) -> Mask:
    """Per speck, whether two of its steps lead in directions far from opposite: no dashes of a thin line do."""
    found = np.zeros(step.shape[1], dtype=np.bool_)
    length = np.maximum(lattice.distance, 1e-3)
    right, down = lattice.right / length, lattice.down / length
    for first, second in combinations(range(_NEIGHBOURS), 2):
        across = np.abs(right[first] * down[second] - down[first] * right[second])
        found |= step[first] & step[second] & (across > _CORNER)
    return found


def _neighbourhood(specks: _Specks, largest_pitch: float) -> _Lattice:
    count = len(specks.label)
    if count <= _NEIGHBOURS:
        none = np.zeros((_NEIGHBOURS, count), np.float32)
        return _Lattice(none.astype(np.intp), none > 0, none, none, none)
    # Quicker to build, and as quick to ask, as a balanced tree where points lie evenly.
    tree = cKDTree(specks.centre, balanced_tree=False, compact_nodes=False)
    nearest = tree.query(specks.centre, k=_NEIGHBOURS + 1, distance_upper_bound=_REACH * largest_pitch)
    # The first is the speck itself.
    distance, neighbour = (np.ascontiguousarray(np.asarray(values)[:, 1:].T) for values in nearest)
    there = np.isfinite(distance)
    neighbour[~there] = 0
    columns, rows = np.ascontiguousarray(specks.centre.T)
    area = specks.area[neighbour]
    like = there & (area <= _LIKE_AREA * specks.area + 2) & (specks.area <= _LIKE_AREA * area + 2)
    right, down = (np.where(there, axis[neighbour] - axis, np.float32(0)) for axis in (columns, rows))
    return _Lattice(neighbour, like, right, down, distance.astype(np.float32))


def _opposite_pairs(lattice: _Lattice) -> tuple[NDArray[np.intp], NDArray[np.float32]]:
    """Per speck, how many pairs of its neighbours are opposite, and (M, 2) the step to the nearest of those."""
    pairs = np.zeros(lattice.like.shape[1], dtype=np.intp)
    steps = np.zeros((2, lattice.like.shape[1]), dtype=np.float32)
    nearest = np.min(np.where(lattice.like, lattice.distance, np.inf), axis=0, initial=np.inf)
    near = lattice.like & (lattice.distance <= _REACH * nearest)
    slack = np.square(_OPPOSITE * lattice.distance + _ROUNDING)
    # From the farthest to the nearest, so that the nearest pair has the last word.
    for first, second in reversed(list(combinations(range(_NEIGHBOURS), 2))):
        apart = np.square(lattice.right[first] + lattice.right[second])
        apart += np.square(lattice.down[first] + lattice.down[second])
        match = near[first] & near[second] & (apart <= slack[first])
        pairs += match
        for step, offset in zip(steps, (lattice.right, lattice.down), strict=True):
            np.copyto(step, (offset[first] - offset[second]) / 2, where=match)
    return pairs, np.ascontiguousarray(steps.T)


def _count(found: Mask, lattice: _Lattice, pitch: NDArray[np.float32]) -> NDArray[np.intp]:
    """Per speck, how many of its neighbours of like size, within reach on its lattice, are found."""
    near = lattice.like & (lattice.distance <= _REACH * pitch)
    return np.asarray((near & found[lattice.neighbour]).sum(axis=0))
