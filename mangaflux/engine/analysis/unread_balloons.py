"""Which balloons hold letters that the detector does not see? Pure functions; any thread. Pixels of the reading layout.

A cry of two letters or hand-drawn ones may escape the detector. Here the balloon comes first: a light shape that ink
closes off, with a compact cluster of letter-like shapes in its middle and nothing else in it. Faces are such shapes
too, but their features lie apart, near the edge, and among fine lines.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.typing import NDArray

from mangaflux.engine.analysis.metadata import Mask
from mangaflux.engine.analysis.text_lines import TextLine, line_of

#: Light is at least this part of the brightest paper of the page, which this percentile of its levels tells.
_LIGHT, _BRIGHTEST = 0.75, 98.0
#: Smallest and largest balloon, in square thousandths of what a reader sees at once, and its smallest side.
_SMALLEST, _LARGEST, _NARROWEST = 1000.0, 60_000.0, 20.0
#: Part of its convex hull, and of a circle with its outline, that a balloon fills at least.
_SOLIDITY, _ROUNDNESS = 0.52, 0.1
#: Shapes smaller than this part of the largest are no letters; they may take this part of the balloon.
_LETTER, _DUST = 0.2, 0.006
#: The number of letters or their parts, their larger sides and their widest stroke, in thousandths of what a reader
#: sees at once, and how much the sides vary.
_COUNT, _SIDE, _STROKE, _VARY = (2, 30), (9.0, 40.0), (4.0, 13.0), 0.6
#: Ink in the balloon and in the cluster, and the cluster in the balloon, each as a part.
_INK, _CLUSTER_INK, _CLUSTER = (0.06, 0.2), (0.2, 0.8), (0.12, 0.5)
#: How far the cluster may be from the middle, in sides of a square as large.
_OFF_CENTRE = 0.13
#: Balloons with spikes or a tail fill less of their hulls than this; faces do not.
_SMOOTH = 0.82
#: The part of its box that the cluster fills, and its distance from the edge, in radii of the largest disc inside: of
#: smooth balloons, and of others.
_COMPACT, _CLEARANCE = (0.68, 0.58), (0.17, 0.1)


@dataclass(frozen=True, slots=True, eq=False)
class UnreadBalloon:
    """A balloon found by its shape."""

    #: (N, 2) int32.
    contour: NDArray[np.int32]
    #: The letters in it, as one line.
    line: TextLine
    #: Levels of the ground and of the letters, 0–255.
    paper: float
    ink: float


def find_unread_balloons(gray: NDArray[np.uint8], taken: Mask, unit: float) -> Iterator[UnreadBalloon]:
    """Balloons outside of those in `taken`, from top to bottom.

    Args:
        gray: (h, w) the page at reading size.
        taken: (h, w) True inside balloons that are known.
        unit: one thousandth of what a reader sees at once.
    """
    light = gray > _LIGHT * float(np.percentile(gray, _BRIGHTEST))
    _, labels, stats, _ = cv2.connectedComponentsWithStats(light.astype(np.uint8), connectivity=4)
    areas, sides = stats[:, cv2.CC_STAT_AREA] / unit**2, stats[:, 2:4].min(axis=1) / unit
    possible = (areas > _SMALLEST / 2) & (areas < _LARGEST) & (sides > _NARROWEST)
    possible[0] = False
    for number in np.flatnonzero(possible).tolist():
        x, y, width, height = stats[number, :4].tolist()
        place = np.s_[y : y + height, x : x + width]
        ground = labels[place] == number
        if taken[place][ground].mean() < 0.3:
            found = _examine(gray[place], ground, unit)
            if found is not None:
                yield _moved(found, x, y)


def _examine(gray: NDArray[np.uint8], ground: Mask, unit: float) -> UnreadBalloon | None:
    contours, _ = cv2.findContours(ground.astype(np.uint8), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    contour = np.asarray(max(contours, key=cv2.contourArea), dtype=np.int32)
    filled = np.zeros(ground.shape, dtype=np.uint8)
    cv2.fillPoly(filled, [contour], (1,))
    solidity = cv2.contourArea(contour) / max(1.0, cv2.contourArea(cv2.convexHull(contour)))
    if solidity < _SOLIDITY or not _is_round(contour, unit):
        return None
    letters = _letters((filled > 0) & ~ground, int(filled.sum()), unit)
    if letters is None or not _is_cluster(letters, filled, is_smooth=solidity > _SMOOTH):
        return None
    x, y, width, height = cv2.boundingRect(letters.astype(np.uint8))
    corners = np.array([(x, y), (x + width, y), (x + width, y + height), (x, y + height)], dtype=np.float32)
    paper, ink = float(np.median(gray[ground])), float(np.median(gray[letters]))
    return UnreadBalloon(contour.reshape(-1, 2), line_of(corners, 0.0), paper, ink)


def _is_round(contour: NDArray[np.int32], unit: float) -> bool:
    area = cv2.contourArea(contour)
    return bool(area > _SMALLEST * unit**2 and 4 * np.pi * area > _ROUNDNESS * cv2.arcLength(contour, closed=True) ** 2)


def _letters(dark: Mask, area: int, unit: float) -> Mask | None:
    """The shapes inside a balloon; None where they are not like letters."""
    _, labels, stats, _ = cv2.connectedComponentsWithStats(dark.astype(np.uint8), connectivity=8)
    sides = stats[:, 2:4].max(axis=1)
    kept = sides >= max(3.0, _LETTER * float(sides[1:].max(initial=0)))
    kept[0] = False
    if not _COUNT[0] <= kept.sum() <= _COUNT[1]:
        return None
    ink = float(stats[kept, cv2.CC_STAT_AREA].sum())
    if dark.sum() - ink > _DUST * area or not _INK[0] * area <= ink <= _INK[1] * area:
        return None
    letters = np.asarray(kept[labels])
    stroke = 2 * float(cv2.distanceTransform(letters.astype(np.uint8), cv2.DIST_L2, 3).max())
    usual = float(np.percentile(sides[kept], 75))
    if not _SIDE[0] * unit <= usual <= _SIDE[1] * unit or not _STROKE[0] * unit <= stroke <= _STROKE[1] * unit:
        return None
    return letters if sides[kept].std() <= _VARY * sides[kept].mean() else None


def _is_cluster(letters: Mask, filled: NDArray[np.uint8], *, is_smooth: bool) -> bool:
    """Whether the letters stand close together in the middle of a balloon."""
    rows, columns = np.nonzero(letters)
    points = np.stack([columns, rows], axis=1).astype(np.int32)
    area, ink, hull = float(filled.sum()), float(len(points)), max(1.0, cv2.contourArea(cv2.convexHull(points)))
    if not _CLUSTER_INK[0] <= ink / hull <= _CLUSTER_INK[1] or not _CLUSTER[0] <= hull / area <= _CLUSTER[1]:
        return False
    width, height = (np.ptp(points, axis=0) + 1).tolist()
    middle = np.argwhere(filled).mean(axis=0)
    away = float(np.hypot(rows.mean() - middle[0], columns.mean() - middle[1]))
    depth = cv2.distanceTransform(np.pad(filled, 1), cv2.DIST_L2, 3)[1:-1, 1:-1]
    compact, clearance = _COMPACT[not is_smooth], _CLEARANCE[not is_smooth]
    clear = float(depth[letters].min()) >= clearance * float(depth.max())
    return clear and hull >= compact * width * height and away <= _OFF_CENTRE * float(np.sqrt(area))


def _moved(found: UnreadBalloon, x: int, y: int) -> UnreadBalloon:
    line = replace(found.line, corners=found.line.corners + np.array([x, y], dtype=np.float32))
    return replace(found, contour=np.add(found.contour, (x, y), dtype=np.int32), line=line)
