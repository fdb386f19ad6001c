"""Which white of a page is gutter, although a panel was said to reach over it? Pure functions; any thread.

A gutter is a long, straight and narrow strip of bare paper with a straight line along both sides, joined to the paper
beyond the panels; or such a strip between a line and the panel's edge or the page's border. So is the paper beside a
panel's edge that no line parts from the gutter. Panels that touch have a gutter where they do, if there is paper.
"""

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from mangaflux.engine.analysis.metadata import Mask, PageAnalysis
from mangaflux.engine.finishing.tiles import Tile, bands_of, side_by_side

GrayImage = NDArray[np.uint8]
#: Corners of a panel, (n, 2), as shares of the page's width and height.
Shape = NDArray[np.float64]

#: Long side, in pixels, at which strips are looked for: a gutter is two pixels wide there at least.
_SEARCHED_SIDE = 420
#: Gutters darker than this, 0–255, are black; up to so many levels paper may be darker than its gutters; and ink.
_LEAST_GUTTER, _PAPER_SPREAD, _INK = 128, 24, 128
#: Share of a small pixel under ink from which it is ink, and under paper from which it is paper.
_INKED, _BARE = 0.2, 0.85
#: Least length of a strip, and its largest width, as shares of the page's short side.
_LENGTH_SHARE, _WIDTH_SHARE = 0.1, 0.055
#: Slopes, across by along, at which strips are looked for, from level and from upright.
_SLOPES = (-0.5, -0.4, -0.3, -0.22, -0.14, -0.07, 0.0, 0.07, 0.14, 0.22, 0.3, 0.4, 0.5)
#: How far paper at a panel's edge is still gutter, as a share of the page's short side: as far as edges are rounded.
_EDGE_SHARE = 0.004
#: Larger pages are looked at in so many pixels; and pixels of a band of those.
_LARGEST_PAGE, _BAND_PIXELS = 3_000_000, 200_000


def gutter_in_panels(gray: GrayImage, analysis: PageAnalysis) -> Mask:
    """(H, W) True on gutter within panels, and on the rim of the lines beside it; gutters that are black are not
    looked for.

    Args:
        gray: (H, W) uint8, the page.
        analysis: of the page.
    """
    if analysis.tone.gutter_level < _LEAST_GUTTER:
        return np.zeros(gray.shape, np.bool_)
    shrink = max(1.0, (gray.size / _LARGEST_PAGE) ** 0.5)
    size = (max(1, round(gray.shape[1] / shrink)), max(1, round(gray.shape[0] / shrink)))
    small = np.asarray(cv2.resize(gray, size, interpolation=cv2.INTER_AREA), np.uint8)
    panels, balloons = (_resized(mask, small.shape) for mask in (analysis.panel_mask, analysis.balloon_mask))
    shapes = [np.array(panel.polygon) / gray.shape[::-1] for panel in analysis.panels if panel.polygon]
    found = _found(small, analysis.tone.gutter_level - _PAPER_SPREAD, panels, balloons, shapes)
    return _resized(found, gray.shape) & analysis.panel_mask


def _found(gray: GrayImage, lightest: int, panels: Mask, balloons: Mask, shapes: Sequence[Shape]) -> Mask:
    """The gutter within panels; paper is as light as `lightest`."""
    found = np.zeros(gray.shape, np.bool_)
    strips, shrink = _strips(gray, lightest, panels, balloons, shapes)
    reach = round(max(shrink + 1, _EDGE_SHARE * min(gray.shape)))

    def grow(band: Tile) -> None:
        top, bottom = band.surroundings[0].start, min(gray.shape[0], band.surroundings[0].stop)
        certain = _rows(strips, gray.shape, top, bottom) | ~panels[top:bottom]
        found[band.place] = _grown(certain, gray[top:bottom] >= lightest, reach)[band.within]

    side_by_side(grow, bands_of(gray.shape, _BAND_PIXELS, overlap=2 * reach))
    return found


def _resized(mask: Mask, shape: tuple[int, ...]) -> Mask:
    if mask.shape == shape:
        return mask
    return np.asarray(
        cv2.resize(mask.view(np.uint8), (shape[1], shape[0]), interpolation=cv2.INTER_NEAREST).view(np.bool_)
    )


def _strips(
    gray: GrayImage, lightest: int, panels: Mask, balloons: Mask, shapes: Sequence[Shape]
) -> tuple[Mask, float]:
    """The strips on a small page, and how many times smaller it is."""
    shrink = max(1.0, max(gray.shape) / _SEARCHED_SIDE)
    size = (max(1, round(gray.shape[1] / shrink)), max(1, round(gray.shape[0] / shrink)))

    def small(mask: Mask, share: float) -> Mask:
        levels = mask.view(np.uint8) * np.uint8(255)
        return np.asarray(cv2.resize(levels, size, interpolation=cv2.INTER_AREA) > 255 * share)

    bare, ink = small(gray >= lightest, _BARE), small(gray < _INK, _INKED)
    on_balloon, seams = small(balloons, 0.5), _seams(shapes, size)
    outside = small(~panels, 0.5) | seams
    length, width = max(3, round(_LENGTH_SHARE * min(size))), max(2, round(_WIDTH_SHARE * min(size)))
    narrow = bare & ~_wide(bare, width)
    level, upright = side_by_side(
        lambda page: _level_strips(*page, length, width),
        [(narrow, ink, outside), (narrow.T.copy(), ink.T.copy(), outside.T.copy())],
    )
    strips, margins = level[0] | upright[0].T, level[1] | upright[1].T
    beyond = _joined((bare | on_balloon) & outside, _border(bare.shape))
    # A balloon over a gutter, with its outline, does not part it; nor does a strip's end, where no line is beside it.
    over_gutter = _around(on_balloon & outside)
    joined = _joined((_around(strips | margins) & bare) | strips | beyond | over_gutter, margins | beyond)
    return joined & (strips | margins | (seams & bare)), shrink


def _seams(shapes: Sequence[Shape], size: tuple[int, int]) -> Mask:
    """Where panels touch, on a page of this (width, height): there they were parted in the middle of a gutter."""
    panels_here = np.zeros(size[::-1], np.uint8)
    for shape in shapes:
        panel = np.zeros_like(panels_here)
        corners = np.round(shape * size).astype(np.int32)
        cv2.fillPoly(panel, [corners], (1,))
        panels_here += _around(panel > 0)
    return np.asarray(panels_here > 1)


def _around(mask: Mask) -> Mask:
    return np.asarray(cv2.dilate(mask.view(np.uint8), np.ones((3, 3), np.uint8)) > 0)


def _level_strips(bare: Mask, ink: Mask, outside: Mask, length: int, width: int) -> tuple[Mask, Mask]:
    """Strips between two lines, or a line and the edge of its panel, and such between a line and the page's border,
    that run rather across than down.
    """
    segments = [_segment(length, slope) for slope in _SLOPES]
    line = _opened(ink, segments)
    below, above = _reached(line, width), _reached(line[::-1], width)[::-1]
    below_edge, above_edge = _reached(outside, width), _reached(outside[::-1], width)[::-1]
    flanked = (above & (below | below_edge)) | (above_edge & below)
    at_top, at_bottom = _at_top(bare, width), _at_top(bare[::-1], width)[::-1]
    # Where another gutter comes in, a side is open.
    gap = np.ones((1, 2 * width + 1), np.uint8)
    between, top, bottom = (
        _opened(bare & (cv2.morphologyEx(sides.astype(np.uint8), cv2.MORPH_CLOSE, gap) > 0), segments)
        for sides in (flanked, at_top & above, at_bottom & below)
    )
    return between, _whole_margin(top, at_top) | _whole_margin(bottom[::-1], at_bottom[::-1])[::-1]


def _whole_margin(found: Mask, at_top: Mask) -> Mask:
    """The upper margin, as deep as what was found of it, also where a balloon reaches into it."""
    depth = int(np.flatnonzero(found.any(axis=1)).max(initial=-1)) + 1
    return found | (at_top & (at_top.sum(axis=0) <= depth + 1)) if depth else found


def _wide(bare: Mask, width: int) -> Mask:
    """Paper that holds a square wider than any strip."""
    framed = cv2.copyMakeBorder(bare.view(np.uint8), 1, 1, 1, 1, cv2.BORDER_CONSTANT, value=(0,))
    opened = cv2.morphologyEx(framed, cv2.MORPH_OPEN, np.ones((width + 1, width + 1), np.uint8))
    return np.asarray(opened[1:-1, 1:-1] > 0)


def _at_top(bare: Mask, width: int) -> Mask:
    """Paper that reaches down from the page's upper border."""
    at_top = np.zeros(bare.shape, np.bool_)
    at_top[:width] = np.logical_and.accumulate(bare[:width], axis=0)
    return at_top


def _reached(line: Mask, width: int) -> Mask:
    """Up to `width` pixels below a line."""
    downwards = np.zeros((2 * width + 1, 1), np.uint8)
    downwards[: width + 1] = 1
    return np.asarray(cv2.dilate(line.view(np.uint8), downwards) > 0)


def _segment(length: int, slope: float) -> NDArray[np.uint8]:
    """A straight segment, (n, length) uint8."""
    reach, rise = length // 2, round(length // 2 * slope)
    segment = np.zeros((2 * abs(rise) + 1, 2 * reach + 1), np.uint8)
    cv2.line(segment, (0, abs(rise) - rise), (2 * reach, abs(rise) + rise), (1,))
    return segment


def _opened(mask: Mask, segments: Sequence[NDArray[np.uint8]]) -> Mask:
    """What one of the segments fits into."""
    found = np.zeros(mask.shape, np.uint8)
    for segment in segments:
        found |= np.asarray(cv2.morphologyEx(mask.view(np.uint8), cv2.MORPH_OPEN, segment), np.uint8)
    return found > 0


def _joined(mask: Mask, seeds: Mask) -> Mask:
    """The connected parts of a mask that hold a seed."""
    count, parts = cv2.connectedComponents(mask.view(np.uint8), connectivity=4)
    chosen = np.bincount(parts[seeds & mask], minlength=count) > 0
    return np.asarray(chosen[parts] & mask)


def _border(shape: tuple[int, ...]) -> Mask:
    border = np.ones(shape, np.bool_)
    border[1:-1, 1:-1] = False
    return border


def _rows(strips: Mask, shape: tuple[int, ...], top: int, bottom: int) -> Mask:
    """Rows of the small mask at the page's size."""
    rows = np.arange(top, bottom) * strips.shape[0] // shape[0]
    part = strips[rows].view(np.uint8)
    return np.asarray(cv2.resize(part, (shape[1], len(rows)), interpolation=cv2.INTER_NEAREST) > 0)


def _grown(certain: Mask, paper: Mask, reach: int) -> Mask:
    """The certain paper and what hangs together with it within reach, and the rim of the lines around that."""
    grown = (certain & paper).view(np.uint8)
    around = np.ones((3, 3), np.uint8)
    for _ in range(reach):
        grown = cv2.dilate(grown, around) & paper.view(np.uint8)
    return np.asarray(cv2.dilate(grown, around) > 0)
