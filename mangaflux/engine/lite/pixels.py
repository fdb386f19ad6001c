"""Which pixels of a reference carry colour, and where in its pictures do they lie?

A reference is one picture, or a page of several on paper. Pure functions; any thread.
"""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from mangaflux.engine.analysis.metadata import Mask
from mangaflux.engine.base import RgbImage
from mangaflux.engine.lite.surroundings import surroundings

FloatArray = NDArray[np.float32]

#: References are read at this long side: colours survive, brush strokes do not.
_SIDE = 192
#: Fewest coloured pixels of a reference; below, paper and ink count as colours.
_FEWEST = 16
#: Share of the edge from which white that runs in from it is the paper around a picture.
_MARGIN_EDGE = 0.25
#: Least share of the reference that is a picture of its own and not a stray mark.
_LEAST_PICTURE = 0.01


@dataclass(frozen=True, slots=True, eq=False)
class Pixels:
    """The P coloured pixels of one reference."""

    #: (P, 3) CIE Lab.
    lab: FloatArray
    #: (P,) 0 (centre of the reference) … 1 (its edge).
    rim: FloatArray
    #: (P,) 0–1 each: how light they and their surroundings are, and how far down their picture they lie.
    lightness: FloatArray
    around: FloatArray
    height: FloatArray
    #: (P,) the area of the box around their picture, in pixels.
    picture_area: FloatArray
    #: 0–1: the share of the reference, less the paper around it, that is left white: clouds, shirts, balloons.
    white: float
    #: (h, w) True on each of them, in reading order of rows.
    where: Mask


def read_pixels(image: RgbImage) -> Pixels:
    """Everything but paper and ink of an (h, w, 3) uint8 sRGB image; all pixels where nothing else is there."""
    height, width = image.shape[:2]
    shrink = min(1.0, _SIDE / max(height, width))
    size = (max(1, round(width * shrink)), max(1, round(height * shrink)))
    small = cv2.resize(image, size, interpolation=cv2.INTER_AREA).astype(np.float32) / 255.0
    lab = np.asarray(cv2.cvtColor(small, cv2.COLOR_RGB2LAB), dtype=np.float32)
    lightness, chroma = lab[..., 0], np.hypot(lab[..., 1], lab[..., 2])
    paper = (lightness > 92) & (chroma < 6)
    ink = (lightness < 14) | ((lightness < 25) & (chroma < 8))
    margin = _margin(paper)
    kept = ~(paper | ink)
    if kept.sum() < _FEWEST:
        kept = np.ones(kept.shape, dtype=np.bool_)
    light = np.asarray(lightness / np.float32(100.0), np.float32)
    down, area = _in_pictures(paper)
    return Pixels(
        lab=lab[kept],
        rim=_distance_from_centre(size)[kept],
        lightness=light[kept],
        around=surroundings(light, kept)[kept],
        height=down[kept],
        picture_area=area[kept],
        white=float((paper & ~margin).sum() / max(1, (~margin).sum())),
        where=kept,
    )


def _margin(paper: Mask) -> Mask:
    """The paper around pictures: pieces of white that hold more than a quarter of the edge. Clouds that the edge cuts
    off hold less; a ground of snow passes for paper.
    """
    _, pieces = cv2.connectedComponents(paper.astype(np.uint8), connectivity=4)
    edge = np.concatenate([pieces[0], pieces[-1], pieces[:, 0], pieces[:, -1]])
    held = np.bincount(edge, minlength=pieces.max() + 1) / len(edge)
    held[0] = 0.0
    return np.asarray(held[pieces] > _MARGIN_EDGE, np.bool_)


def _distance_from_centre(size: tuple[int, int]) -> FloatArray:
    width, height = size
    column = np.abs(np.linspace(-1, 1, width, dtype=np.float32))
    row = np.abs(np.linspace(-1, 1, height, dtype=np.float32))
    return np.asarray(np.maximum(column[None, :], row[:, None]), dtype=np.float32)


def _in_pictures(paper: Mask) -> tuple[FloatArray, FloatArray]:
    """(h, w) how far down its picture each pixel lies, 0–1, and the area of that picture's box; pictures are what paper
    that runs in from the edge leaves.
    """
    _, pieces = cv2.connectedComponents(paper.astype(np.uint8), connectivity=4)
    edge = np.concatenate([pieces[0], pieces[-1], pieces[:, 0], pieces[:, -1]])
    drawn = ~np.isin(pieces, edge[edge > 0])
    _, pictures, boxes, _ = cv2.connectedComponentsWithStats(drawn.astype(np.uint8), connectivity=4)
    whole = np.array([0, 0, paper.shape[1], paper.shape[0], paper.size])
    boxes = np.where((boxes[:, 4] > _LEAST_PICTURE * paper.size)[:, None], boxes, whole)
    top, width, height = (boxes[:, column][pictures] for column in (1, 2, 3))
    down = (np.arange(paper.shape[0])[:, None] - top) / height
    return np.clip(down, 0.0, 1.0).astype(np.float32), (width * height).astype(np.float32)
