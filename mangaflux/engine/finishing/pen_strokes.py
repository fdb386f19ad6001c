"""What did the pen draw among the dots of screentone? Pure functions; any thread.

What is dark along some straight stroke of two lattice steps was drawn by the pen; a dot is shorter than that in every
direction, and so is most of a dot that sits on a line (a closing by line segments; Soille, Morphological Image
Analysis, 2003, chapter 8). Where the lattice foresees a dot the stroke must be longer. Where dots have grown into a
net it must be wider than the net's bands, which run in known directions.
"""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from mangaflux.engine.analysis.metadata import Mask
from mangaflux.engine.analysis.screentone_dots import DotScreen
from mangaflux.engine.finishing.dot_surroundings import DotSurroundings
from mangaflux.engine.finishing.tiles import Tile, side_by_side, tiles_of

GrayImage = NDArray[np.uint8]

#: Ends of a stroke, right and down from its middle, in pixels.
Direction = tuple[int, int]

#: Length of the shortest stroke, in steps of the lattice; and where a dot is foreseen.
_STROKE, _STROKE_OVER_DOT = 1.8, 2.6
#: By coverage from which they hold: width of a net's bands, and of the clear ways at other angles, in steps.
_NETS = ((0.38, 0.2, 0.0), (0.44, 0.33, 0.0), (0.48, 0.33, 0.17), (0.66, 0.5, 0.33))
#: Coverage of a net from which its dots are no longer told from each other.
_MESH = 0.48
#: Radians from the directions of a net's bands in which a stroke cannot be one of them, and how alike, 0–1, the
#: directions of a page's dots must be for that.
_OFF_BANDS, _ONE_DIRECTION = 0.35, 0.6
#: Level, 0–255, up to which a stroke is believed; the same where a dot is foreseen; and how far on not at all.
_SURE, _OVER_DOT_SURE, _DOUBT = 128, 64, 76
#: Slopes a stroke may have from level to a half right angle, at most: with all 12 of the longest the drawn pages of the
#: benchmark gain 0.007 dB, with 4 they lose 0.05.
_FAN = 6
#: Darker than this, 0–255, is ink.
_INK = 128
#: Side of the tiles that strokes are looked for in, in pixels; a tile where none is wanted costs nothing.
_TILE = 400


@dataclass(frozen=True, slots=True)
class _Pen:
    """The strokes that tell the pen from a page's dots."""

    #: Distance of the dots, in pixels.
    pitch: float
    #: All short strokes, and those that no net's bands follow.
    directions: list[Direction]
    off_bands: list[Direction]


def pen_among_dots(gray: GrayImage, around: DotSurroundings, screen: DotScreen) -> GrayImage:
    """The page, (H, W) uint8, without its dots; it is the page itself where `around` is not dotted."""
    longest = float(np.percentile(screen.pitches, 90))
    directions = _directions(_STROKE * longest)
    off_bands = _off_bands(directions, _band_direction(screen))
    page = _without_nets(gray, around, _Pen(float(np.median(screen.pitches)), directions, off_bands))
    alone = around.dotted & (around.net_coverage < _NETS[0][0])
    over_dots = (around.net_coverage < _MESH) & around.foreseen & _thick(page, around.dotted)
    drawn = _strokes_where(alone & ~over_dots, page, 0, directions)
    drawn = np.where(over_dots, _strokes_where(over_dots, page, 0, _directions(_STROKE_OVER_DOT * longest)), drawn)
    lifted = around.dotted & (drawn > gray)
    sure = np.where(over_dots[lifted], _OVER_DOT_SURE, _SURE).astype(np.float32)
    drawn[lifted] = _believed(drawn[lifted], gray[lifted], sure)
    return drawn


def _believed(pen: GrayImage, gray: GrayImage, sure: NDArray[np.float32]) -> GrayImage:
    """The strokes with the page's own levels; a thin stroke is lighter where it steps from pixel to pixel."""
    doubt = np.clip((pen - sure) / _DOUBT, 0.0, 1.0)
    return np.rint(gray + (pen.astype(np.float32) - gray) * doubt).astype(np.uint8)


def _without_nets(gray: GrayImage, around: DotSurroundings, pen: _Pen) -> GrayImage:
    """The page with only the pen's strokes where dots have grown together."""
    kind = np.digitize(around.net_coverage, [start for start, _, _ in _NETS])
    along = [max(1, round(band * pen.pitch)) for _, band, _ in _NETS]
    aside = [round(clear * pen.pitch) for _, _, clear in _NETS]
    return np.minimum(
        _strokes_of_kinds(gray, kind, along, pen.directions), _strokes_of_kinds(gray, kind, aside, pen.off_bands)
    )


def _strokes_of_kinds(
    gray: GrayImage, kind: NDArray[np.intp], bands: list[int], directions: list[Direction]
) -> GrayImage:
    """Strokes wider than the band of each kind of net, counted from 1; kinds of one band are looked at together."""
    page = gray
    for band in sorted(set(bands)):
        kinds = np.array([False, *(each == band for each in bands)])[kind]
        page = np.where(kinds, _strokes_where(kinds, gray, band, directions), page)
    return page


def _strokes_where(wanted: Mask, gray: GrayImage, band: int, directions: list[Direction]) -> GrayImage:
    """The strokes (see `_strokes`) of the wanted pixels of a page; elsewhere the page itself."""
    page = gray.copy()
    # A closing looks twice as far as its stroke.
    reach = 2 * (max((max(map(abs, way)) for way in directions), default=0) + band) + 2

    def look(tile: Tile) -> None:
        here = wanted[tile.place]
        if here.any():
            strokes = _strokes(gray[tile.surroundings], band, directions)[tile.within]
            page[tile.place][here] = strokes[here]

    side_by_side(look, tiles_of(gray.shape, _TILE, _TILE, overlap=reach))
    return page


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


def _directions(length: float) -> list[Direction]:
    """The ends of straight strokes of a length in pixels, in a fan all around."""
    reach = max(1, round(length / 2))
    most = min(reach, _FAN)
    slopes = [round(reach * part / most) for part in range(-most, most + 1)]
    return [(reach, across) for across in slopes] + [(across, reach) for across in slopes[1:-1]]


def _off_bands(directions: list[Direction], band: float | None) -> list[Direction]:
    """The directions that differ from those of a net's bands, which cross at a right angle."""
    if band is None:
        return []
    turns = [(np.arctan2(down, right) - band + np.pi / 4) % (np.pi / 2) - np.pi / 4 for right, down in directions]
    return [direction for direction, turn in zip(directions, turns, strict=True) if abs(turn) > _OFF_BANDS]


def _strokes(gray: GrayImage, band: int, directions: list[Direction]) -> GrayImage:
    """What is dark along a stroke in one of the directions and wider than `band` pixels."""
    square = np.ones((band + 1, band + 1), np.uint8)
    worn = gray if band == 0 else np.asarray(cv2.dilate(gray, square), np.uint8)
    kept = np.full_like(gray, 255)
    for direction in directions:
        cv2.min(kept, cv2.morphologyEx(worn, cv2.MORPH_CLOSE, _segment(*direction)), kept)
    if band == 0:
        return kept
    # A square of even side has no middle: the way back takes the other one of its two.
    anchor = (band - (band + 1) // 2, band - (band + 1) // 2)
    return np.maximum(np.asarray(cv2.erode(kept, square, anchor=anchor), np.uint8), gray)


def _segment(right: int, down: int) -> NDArray[np.uint8]:
    """A straight segment through the middle of a square, (n, n) uint8."""
    reach = max(abs(right), abs(down))
    segment = np.zeros((2 * reach + 1, 2 * reach + 1), np.uint8)
    cv2.line(segment, (reach - right, reach - down), (reach + right, reach + down), (1,))
    return segment
