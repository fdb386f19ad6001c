"""What did the pen draw where the dots of screentone have grown into a mesh? Pure functions; any thread.

There the ink hangs together, and no stroke of it can be told by its shape. But a screen repeats itself: seen a step of
its lattice away, in any direction, it is the same, and a line is not. What is dark here and light in most of the
copies a step away was drawn by the pen; where a line runs over ink of the screen it goes on between two such
places.
"""

from concurrent.futures import ThreadPoolExecutor

import cv2
import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from mangaflux.engine.analysis.metadata import Mask
from mangaflux.engine.analysis.screentone_dots import DotScreen
from mangaflux.engine.finishing.dot_surroundings import nearest_dots
from mangaflux.engine.finishing.segments import segments_all_around
from mangaflux.engine.finishing.tiles import Tile, side_by_side, tiles_of

GrayImage = NDArray[np.uint8]
FloatImage = NDArray[np.float32]

#: Where the copies are seen: one step away, along the lattice's two directions and both.
_AWAY = tuple((along, across) for along in (-1, 0, 1) for across in (-1, 0, 1) if along or across)
#: Mean level of the copies, 0–1, from which the screen is light there, and how much darker, 0–255, the pen's ink is:
#: at the rim of a hole both are grey.
_LIGHT, _DARKER = 0.63, 50
#: Ink of the screen that a line is followed across, and the thinnest solid black, which no screen has; in steps.
_GAP, _SOLID = 1.5, 1.1
#: How far a dot's own cell of the lattice reaches: half its diagonal, in steps.
_CELL = 0.71
#: Dots whose steps are averaged: how many, how far in steps, and how unlike, in radians and as a share of the length.
_AVERAGED, _NEAR, _UNLIKE = 13, 4.0, 0.2
#: Darker than this, 0–255, is ink.
_INK = 128
#: Side of the tiles that are looked at, in pixels; one without a mesh costs nothing.
_TILE = 400


def pen_in_mesh(gray: GrayImage, screen: DotScreen, mesh: Mask) -> GrayImage:
    """(H, W) uint8: the page without its screen, right where it is a mesh.

    Args:
        gray: (H, W) uint8, the page.
        screen: its dots, one at least.
        mesh: (H, W) True where they have grown together.
    """
    # Neither uses more than one thread, and together they take most of the time outside the tiles.
    with ThreadPoolExecutor(1, thread_name_prefix="finishing") as thread:
        steps = thread.submit(_even_steps, screen)
        nearest = nearest_dots(screen, gray.shape)
    right, down, pitch = nearest.look_up(np.stack([*steps.result().T, screen.pitches]))
    cell = (nearest.distance <= _CELL * pitch).view(np.uint8)
    # The copies are seen with their weights: a screen ends at its rim.
    weighted = np.asarray(cv2.merge([cell * np.uint8(255), cell * gray]), np.uint8)
    widest = float(pitch.max(where=mesh, initial=0.0))
    pen = np.full_like(gray, 255)

    def look(tile: Tile) -> None:
        here = mesh[tile.place]
        if not here.any():
            return
        step = float(np.median(pitch[tile.place][here]))
        around = gray[tile.surroundings]
        bare = _copies(weighted, right, down, tile.surroundings)
        pen[tile.place] = _drawn(around, bare, step)[tile.within]

    # What is made of what was made of the page looks as far as both together.
    overlap = round((_SOLID + _GAP) * widest) + 2
    side_by_side(look, tiles_of(gray.shape, _TILE, _TILE, overlap=overlap))
    return pen


def _drawn(page: GrayImage, bare: FloatImage, step: float) -> GrayImage:
    """(h, w) uint8: what of a page the bare screen, (h, w) of 0–255, does not have; `step` in pixels."""
    is_pen = (bare >= _LIGHT * 255) & (bare - page >= _DARKER)
    is_pen |= cv2.morphologyEx(bare, cv2.MORPH_CLOSE, _disc(_SOLID * step)) < _INK
    drawn = np.where(is_pen, page, np.uint8(255))
    followed = drawn.copy()
    for segment in segments_all_around(_GAP * step):
        cv2.min(followed, cv2.morphologyEx(drawn, cv2.MORPH_OPEN, segment), followed)
    return np.asarray(cv2.max(followed, page), np.uint8)


def _even_steps(screen: DotScreen) -> NDArray[np.float32]:
    """(N, 2) float32: the step at each dot, averaged with those around it; one alone is off by a part of a pixel."""
    length, angle = screen.pitches, np.arctan2(screen.steps[:, 1], screen.steps[:, 0])
    distance, nearest = cKDTree(screen.centres).query(screen.centres, k=_AVERAGED)
    near = distance <= _NEAR * length[:, None]
    nearest = np.where(near, nearest, np.arange(len(length))[:, None])
    # Steps are the same up to quarter turns.
    turn = (angle[nearest] - angle[:, None] + np.pi / 4) % (np.pi / 2) - np.pi / 4
    alike = near & (np.abs(turn) < _UNLIKE) & (np.abs(length[nearest] / length[:, None] - 1) < _UNLIKE)
    direction = angle + (turn * alike).sum(axis=1) / alike.sum(axis=1)
    mean = (length[nearest] * alike).sum(axis=1) / alike.sum(axis=1)
    return np.stack([mean * np.cos(direction), mean * np.sin(direction)], axis=1).astype(np.float32)


def _disc(across: float) -> NDArray[np.uint8]:
    # One of even side has no middle, and a closing by it is none.
    side = round(across) | 1
    return np.asarray(cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (side, side)), np.uint8)


def _copies(weighted: NDArray[np.uint8], right: FloatImage, down: FloatImage, area: tuple[slice, slice]) -> FloatImage:
    """The mean level, 0–255, of the copies of each pixel of an area; paper where there are none.

    Args:
        weighted: (H, W, 2) uint8: 255 in the cells of the screen and 0 elsewhere, and the page's level there.
        right: (H, W), of the step of the lattice, in pixels.
        down: (H, W), likewise.
        area: rows and columns.
    """
    right, down = right[area], down[area]
    # OpenCV looks up pixels of pictures of fewer than 32768 rows and columns only.
    reach = 1 + int(np.ceil(np.abs(right).max() + np.abs(down).max()))
    top, left = (max(0, side.start - reach) for side in area)
    near = weighted[top : area[0].stop + reach, left : area[1].stop + reach]
    y, x = np.mgrid[0 : right.shape[0], 0 : right.shape[1]].astype(np.float32)
    y, x = y + np.float32(area[0].start - top), x + np.float32(area[1].start - left)
    total = np.zeros((*right.shape, 2), np.float32)
    for along, across in _AWAY:
        there = (x + along * right - across * down, y + along * down + across * right)
        cv2.accumulate(cv2.remap(near, *there, cv2.INTER_LINEAR, borderMode=cv2.BORDER_CONSTANT), total)
    weight, level = cv2.split(total)
    return np.where(weight > 127, level * 255 / np.maximum(weight, 1), np.float32(255)).astype(np.float32)
