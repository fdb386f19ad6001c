"""Which colours belong to a chapter, and how far from them did a page come out?

The palette is made of the references alone, or of what the client chose, never of coloured pages: no page depends on
the order in which others were done. Ink, white and near-grey are left out. A page's own clusters of colour are drawn
towards the nearest of the palette, part of the way, and no farther than a bound; a colour that the palette does not
know stays. Clusters are of the references as a whole: Pass 1 counts faces but keeps no regions of characters, with
optional detectors either, so that no colour can be told to be someone's. Pure functions without randomness; any thread.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray
from scipy.cluster.vq import kmeans, vq

from mangaflux.engine.analysis.metadata import Mask
from mangaflux.engine.base import ColourHint, RgbImage

FloatArray = NDArray[np.float32]

#: Clusters of a palette and of a page.
_PALETTE_CLUSTERS, _PAGE_CLUSTERS = 16, 8
#: Long side, in pixels, at which colours are read.
_READ_SIDE = 256
#: CIE L* and C* of what has a colour: no ink, no paper, no near-grey.
_LIGHTNESS, _LEAST_CHROMA = (15.0, 96.0), 8.0
#: Pixels with a colour below which a picture has no palette.
_FEW = 64
#: Side of the cells of a*b* that clusters are seeded from.
_CELL = 8.0
#: Change of the mean distance in a*b* from a pixel to its centre below which clusters are settled.
_SETTLED = 0.01
#: Distances in a*b*: within which a colour is the palette's own, up to which it is one gone astray, and the most that
#: it is moved.
_OWN, _ASTRAY, _LARGEST_SHIFT = 4.0, 30.0, 12.0
#: Reach of a cluster's shift in a*b*: a neighbouring colour moves along.
_SPREAD = 10.0
#: Half the side of the table of shifts: a* and b* of sRGB stay within.
_TABLE_REACH = 128


@dataclass(frozen=True, slots=True, eq=False)
class ChapterPalette:
    """The colours of a chapter."""

    #: (K, 2) float32: a* and b* of each, by falling share; K may be 0.
    entries: FloatArray
    #: (K,) float32: how much of the references has it; sum 1.
    shares: FloatArray

    def document(self) -> list[dict[str, float]]:
        """What a runmeta says of it: each colour in CIE a* and b*, with its share."""
        return [
            {"a": round(float(a), 2), "b": round(float(b), 2), "share": round(float(share), 4)}
            for (a, b), share in zip(self.entries, self.shares, strict=True)
        ]


@dataclass(frozen=True, slots=True)
class Agreement:
    """How well a page's colours agree with its chapter's: mean distance in a*b*, weighted by area."""

    drift_before: float
    drift_after: float

    def document(self) -> dict[str, float]:
        """What a runmeta says of it."""
        return {"drift_before": round(self.drift_before, 2), "drift_after": round(self.drift_after, 2)}


def read_chapter_palette(
    references: Sequence[RgbImage],
    chosen: Mapping[str, tuple[int, int, int]],
) -> ChapterPalette:
    """The palette of the references together, or of the chosen colours where there are any.

    Args:
        references: one to four (h, w, 3) uint8 sRGB images.
        chosen: sRGB by name.
    """
    if chosen:
        chroma = _chroma_of(list(chosen.values()))
        return ChapterPalette(chroma, np.full(len(chroma), 1 / len(chroma), np.float32))
    pixels = [_coloured(image, np.ones(image.shape[:2], np.bool_)) for image in references]
    return ChapterPalette(*_clusters(np.concatenate(pixels), _PALETTE_CLUSTERS))


def agree(layer: RgbImage, coloured: Mask, palette: ChapterPalette, strength: float) -> tuple[RgbImage, Agreement]:
    """A layer, (h, w, 3) uint8, with its colours drawn towards the palette, and how far they were from it.

    Args:
        layer: what an engine painted.
        coloured: bool of any size, True where the page takes colour.
        palette: of the chapter.
        strength: 0 (no correction) … 1 (all the way, within the bound).
    """
    centres, shares = _clusters(_coloured(layer, coloured), _PAGE_CLUSTERS)
    if not len(centres) or not len(palette.entries):
        return layer, Agreement(0.0, 0.0)
    shifts = _shifts(centres, palette, strength)
    before, after = (float(shares @ _distances(places, palette).min(axis=1)) for places in (centres, centres + shifts))
    if not shifts.any():
        return layer, Agreement(before, after)
    return _shifted(layer, centres, shifts), Agreement(before, after)


def with_hints(palette: ChapterPalette, hints: Sequence[ColourHint]) -> ChapterPalette:
    """A chapter's palette with the colours that a client pinned on a page; they belong to that page in any case."""
    if not hints:
        return palette
    entries = np.concatenate([palette.entries, _chroma_of([hint.rgb for hint in hints])])
    shares = np.concatenate([palette.shares, np.zeros(len(hints), np.float32)])
    return ChapterPalette(entries, shares)


def _chroma_of(colours: Sequence[tuple[int, int, int]]) -> FloatArray:
    pixels = np.array([colours], np.float32) / 255.0
    return np.asarray(cv2.cvtColor(pixels, cv2.COLOR_RGB2LAB)[0, :, 1:], np.float32)


def _coloured(image: RgbImage, coloured: Mask) -> FloatArray:
    """(N, 2) a* and b* of the pixels that have a colour."""
    shrink = min(1.0, _READ_SIDE / max(image.shape[:2]))
    size = (max(1, round(image.shape[1] * shrink)), max(1, round(image.shape[0] * shrink)))
    small = cv2.resize(image, size, interpolation=cv2.INTER_AREA).astype(np.float32) / 255.0
    lab = np.asarray(cv2.cvtColor(small, cv2.COLOR_RGB2LAB), np.float32)
    where = cv2.resize(coloured.astype(np.uint8), size, interpolation=cv2.INTER_NEAREST) > 0
    lightest, darkest = _LIGHTNESS[1], _LIGHTNESS[0]
    where &= (lab[..., 0] > darkest) & (lab[..., 0] < lightest)
    where &= np.hypot(lab[..., 1], lab[..., 2]) >= _LEAST_CHROMA
    return lab[where][:, 1:]


def _clusters(chroma: FloatArray, most: int) -> tuple[FloatArray, FloatArray]:
    """(K, 2) centres and (K,) shares by falling share: k-means (Lloyd) from farthest-point seeds."""
    if len(chroma) < _FEW:
        return np.zeros((0, 2), np.float32), np.zeros(0, np.float32)
    points = chroma.astype(np.float64)
    # It leaves out clusters that end up empty; of colours gathered in few places there are fewer than seeds.
    centres, _ = kmeans(points, _seeds(points, most), thresh=_SETTLED)
    labels, _ = vq(points, centres)
    counts = np.bincount(labels, minlength=len(centres))
    order = np.argsort(-counts, kind="stable")
    order = order[counts[order] > 0]
    return centres[order].astype(np.float32), (counts[order] / counts.sum()).astype(np.float32)


def _seeds(points: NDArray[np.float64], most: int) -> NDArray[np.float64]:
    """Middles of cells that many pixels share, taken by distance times √count."""
    cells = np.floor(points / _CELL)
    first = cells.min(axis=0)
    # One number a cell: to sort pairs takes many times as long.
    columns = cells[:, 1].max() - first[1] + 1
    numbers, counts = np.unique((cells - first) @ (columns, 1.0), return_counts=True)
    middles, weight = (np.stack(np.divmod(numbers, columns), axis=1) + first + 0.5) * _CELL, np.sqrt(counts)
    chosen = [int(weight.argmax())]
    distance = np.linalg.norm(middles - middles[chosen[0]], axis=1)
    while len(chosen) < min(most, len(middles)):
        chosen.append(int((distance * weight).argmax()))
        distance = np.minimum(distance, np.linalg.norm(middles - middles[chosen[-1]], axis=1))
    return np.asarray(middles[chosen], np.float64)


def _distances(centres: FloatArray, palette: ChapterPalette) -> FloatArray:
    """(N, K) from each centre to each entry."""
    return np.asarray(np.linalg.norm(centres[:, None] - palette.entries[None], axis=2), np.float32)


def _shifts(centres: FloatArray, palette: ChapterPalette, strength: float) -> FloatArray:
    """(N, 2): where each of a page's clusters is to move."""
    distances = _distances(centres, palette)
    nearest, distance = distances.argmin(axis=1), distances.min(axis=1)
    length = np.clip((distance - _OWN) * strength, 0.0, _LARGEST_SHIFT) * (distance <= _ASTRAY)
    direction = (palette.entries[nearest] - centres) / np.maximum(distance, 1e-3)[:, None]
    return np.asarray(direction * length[:, None], np.float32)


def _shifted(layer: RgbImage, centres: FloatArray, shifts: FloatArray) -> RgbImage:
    lab = np.asarray(cv2.cvtColor(layer.astype(np.float32) / 255.0, cv2.COLOR_RGB2LAB), np.float32)
    table = _shift_table(centres, shifts)
    row, column = (
        np.clip(np.rint(cv2.extractChannel(lab, channel)) + _TABLE_REACH, 0, 2 * _TABLE_REACH) for channel in (1, 2)
    )
    lab[..., 1:] += table.reshape(-1, 2).take((row * len(table) + column).astype(np.intp), axis=0)
    return np.asarray(cv2.convertScaleAbs(cv2.cvtColor(lab, cv2.COLOR_LAB2RGB), alpha=255.0), np.uint8)


def _shift_table(centres: FloatArray, shifts: FloatArray) -> FloatArray:
    """(257, 257, 2): the shift at each whole a* and b*, a mean of the clusters' by nearness; grey stays grey."""
    axis = np.arange(-_TABLE_REACH, _TABLE_REACH + 1, dtype=np.float32)
    anchors = np.concatenate([centres, np.zeros((1, 2), np.float32)])
    moves = np.concatenate([shifts, np.zeros((1, 2), np.float32)])
    a_squares, b_squares = ((axis[:, None] - place[None]) ** 2 for place in anchors.T)
    squares = a_squares[:, None] + b_squares[None]
    weight = np.exp(-squares / (2 * _SPREAD**2)) + 1e-6
    return np.asarray((weight @ moves) / weight.sum(axis=2, keepdims=True), np.float32)
