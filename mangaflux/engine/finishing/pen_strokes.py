"""What did the pen draw among the dots of screentone? Pure functions; any thread.

What is dark along some straight stroke of two lattice steps was drawn by the pen; a dot is shorter than that in every
direction, and so is most of a dot that sits on a line (a closing by line segments; Soille, Morphological Image
Analysis, 2003, chapter 8). Where the lattice foresees a dot the stroke must be longer. Where dots have grown into a
net it must be wider than the net's bands, which run in known directions; in a wide mesh the screen tells what is its
own (`dense_screens`).
"""

from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from mangaflux.engine.analysis.metadata import Mask
from mangaflux.engine.analysis.screentone_dots import DotScreen
from mangaflux.engine.finishing.dense_screens import pen_in_mesh
from mangaflux.engine.finishing.dot_surroundings import DotSurroundings
from mangaflux.engine.finishing.segments import Direction, directions_of, segment_of
from mangaflux.engine.finishing.tiles import Tile, side_by_side, tiles_of

GrayImage = NDArray[np.uint8]

#: Length of the shortest stroke, in steps of the lattice; and where a dot is foreseen.
_STROKE, _STROKE_OVER_DOT = 1.8, 2.6
#: By coverage from which they hold: width of a net's bands, and of the clear ways at other angles, in steps.
_NETS = ((0.38, 0.2, 0.0), (0.44, 0.33, 0.0), (0.48, 0.33, 0.17), (0.66, 0.5, 0.33))
#: Coverage of a net from which its dots are no longer told from each other.
_DENSE = 0.48
#: Radians from the directions of a net's bands in which a stroke cannot be one of them, and how alike, 0–1, the
#: directions of a page's dots must be for that.
_OFF_BANDS, _ONE_DIRECTION = 0.35, 0.6
#: Level, 0–255, up to which a stroke is believed; the same where a dot is foreseen; and how far on not at all.
_SURE, _OVER_DOT_SURE, _DOUBT = 128, 64, 76
#: Darker than this, 0–255, is ink.
_INK = 128
#: Side of the tiles that strokes are looked for in, in pixels; a tile where none is wanted costs nothing.
_TILE = 400


def pen_among_dots(gray: GrayImage, around: DotSurroundings, screen: DotScreen) -> GrayImage:
    """The page, (H, W) uint8, without its dots; it is the page itself where `around` is not dotted."""
    longest, pitch = float(np.percentile(screen.pitches, 90)), float(np.median(screen.pitches))
    directions = directions_of(_STROKE * longest)
    kind = _kinds_of_nets(around)
    nets = kind > 0
    along = [0, *(max(1, round(band * pitch)) for _, band, _ in _NETS)]
    drawn = _strokes(gray, kind, along, directions, around.dotted)
    if nets.any():
        aside = [0, *(round(clear * pitch) for _, _, clear in _NETS)]
        off_bands = _off_bands(directions, _band_direction(screen))
        _lay(cv2.min(drawn, _strokes(gray, kind, aside, off_bands, nets)), nets, drawn)
    if around.mesh.any():
        _lay(cv2.max(drawn, pen_in_mesh(gray, screen, around.mesh)), around.mesh, drawn)
    page = _lay(drawn, nets | around.mesh, gray.copy())
    # Where no short stroke is dark no longer one is.
    over_dots = (drawn < _SURE + _DOUBT) & (around.net_coverage < _DENSE) & around.foreseen & ~around.mesh
    over_dots &= _thick(page, around.dotted)
    longer = _dark_along(page, directions_of(_STROKE_OVER_DOT * longest), over_dots)
    believed = _believed(drawn, gray, _SURE)
    return _lay(_believed(longer, gray, _OVER_DOT_SURE), over_dots, believed)


def _believed(pen: GrayImage, gray: GrayImage, sure: int) -> GrayImage:
    """The strokes with the page's own levels; a thin stroke is lighter where it steps from pixel to pixel."""
    doubt = np.clip((np.arange(256) - sure) / _DOUBT, 0.0, 1.0)
    share = cv2.LUT(pen, np.rint(doubt * 255).astype(np.uint8))
    return np.asarray(cv2.add(gray, cv2.multiply(cv2.subtract(pen, gray), share, scale=1 / 255)), np.uint8)


def _lay(levels: NDArray[Any], where: Mask, page: GrayImage) -> GrayImage:
    """Lays levels over a page, which it changes and returns; several times faster than an assignment by a mask."""
    return np.asarray(cv2.copyTo(levels, where.view(np.uint8), page), np.uint8)


def _kinds_of_nets(around: DotSurroundings) -> NDArray[np.uint8]:
    """(H, W) number of the kind of net, counted from 1 as in `_NETS`; 0 where dots stand alone."""
    kind = np.zeros(around.dotted.shape, np.uint8)
    for start, _, _ in _NETS:
        kind += around.net_coverage >= start
    return kind


def _strokes(
    gray: GrayImage, kind: NDArray[np.uint8], bands: list[int], directions: list[Direction], wanted: Mask
) -> GrayImage:
    """What is dark along a stroke in one of the directions and, in nets, wider than their band; for the wanted pixels.

    Args:
        gray: (H, W) uint8, the page.
        kind: of the net.
        bands: width in pixels by kind, from kind 0.
        directions: of the strokes; without any nothing is dark.
        wanted: elsewhere the page's own level comes back.
    """
    areas = {band: cv2.LUT(kind, np.resize(np.equal(bands, band), 256).view(np.uint8)) > 0 for band in set(bands)}
    worn = gray.copy()
    for band, area in areas.items():
        if band:
            _lay(cv2.dilate(gray, _square(band)), area, worn)
    kept = _dark_along(worn, directions, wanted)
    strokes = kept.copy()
    for band, area in areas.items():
        if band:
            # A square of even side has no middle: the way back takes the other one of its two.
            anchor = (band - (band + 1) // 2, band - (band + 1) // 2)
            _lay(cv2.max(cv2.erode(kept, _square(band), anchor=anchor), gray), area, strokes)
    return _lay(strokes, wanted, gray.copy())


def _square(band: int) -> NDArray[np.uint8]:
    return np.ones((band + 1, band + 1), np.uint8)


def _dark_along(page: GrayImage, directions: list[Direction], wanted: Mask) -> GrayImage:
    """(H, W) uint8: the level up to which some segment through a pixel is dark all along; right where it is wanted."""
    darkest = np.full_like(page, 255)
    segments = [segment_of(*direction) for direction in directions]
    # A closing looks twice as far as its segment.
    reach = 2 * max((len(segment) // 2 for segment in segments), default=0)

    def look(tile: Tile) -> None:
        if not wanted[tile.place].any():
            return
        around = page[tile.surroundings]
        kept = np.full_like(around, 255)
        for segment in segments:
            cv2.min(kept, cv2.morphologyEx(around, cv2.MORPH_CLOSE, segment), kept)
        darkest[tile.place] = kept[tile.within]

    side_by_side(look, tiles_of(page.shape, _TILE, _TILE, overlap=reach))
    return darkest


def _thick(page: GrayImage, dotted: Mask) -> Mask:
    """Ink that is as thick as a dot, and its rim."""
    ink = (dotted & (page < _INK)).astype(np.uint8)
    blobs = cv2.morphologyEx(ink, cv2.MORPH_OPEN, cv2.getStructuringElement(cv2.MORPH_CROSS, (3, 3)))
    return np.asarray(cv2.dilate(blobs, np.ones((3, 3), np.uint8)) > 0)


def _band_direction(screen: DotScreen) -> float | None:
    """The direction of the steps of the page's lattices, radians, up to quarter turns; None where they differ."""
    quarter = np.exp(4j * np.arctan2(screen.steps[:, 1], screen.steps[:, 0]).astype(np.float64))
    mean = complex(quarter.mean())
    return float(np.angle(mean)) / 4 if abs(mean) >= _ONE_DIRECTION else None


def _off_bands(directions: list[Direction], band: float | None) -> list[Direction]:
    """The directions that differ from those of a net's bands, which cross at a right angle."""
    if band is None:
        return []
    turns = [(np.arctan2(down, right) - band + np.pi / 4) % (np.pi / 2) - np.pi / 4 for right, down in directions]
    return [direction for direction, turn in zip(directions, turns, strict=True) if abs(turn) > _OFF_BANDS]
