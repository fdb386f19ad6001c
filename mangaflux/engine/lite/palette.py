"""Which colours does a style reference live on, and which of them belong to which lightness?

A palette is a handful of Lab entries with their shares, with what lies where in the references, and with the people
that they show. Pure functions without randomness; any thread.
"""

import functools
import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from mangaflux.engine.base import RgbImage
from mangaflux.engine.lite.cast import read_cast
from mangaflux.engine.lite.likeness import MOST_PLACES, Places
from mangaflux.engine.lite.pixels import Pixels, read_pixels
from mangaflux.engine.lite.tone_curve import read_tone_curve
from mangaflux.engine.lite.traits import place_traits

FloatArray = NDArray[np.float32]
IntArray = NDArray[np.intp]

#: Entries of a palette before near-equal ones are merged.
_ENTRIES = 14
_ROUNDS = 12
#: Entries closer than this (weighted Lab) become one.
_MERGE_DISTANCE = 11.0
#: No entry may hold more of the palette than this, or it floods the mid greys of every page.
_LARGEST_SHARE = 0.25
#: Weights of L*, a*, b* in clustering: hue tells things apart better than lightness does.
_AXES = np.array([0.6, 1.2, 1.2], dtype=np.float32)
#: Lab window of painted skin under white light: L* 65–95, a* 5–28, b* 6–34, a* not far above b*.
_SKIN_LOW = np.array([65.0, 5.0, 6.0], dtype=np.float32)
_SKIN_HIGH = np.array([95.0, 28.0, 34.0], dtype=np.float32)
#: Lab of skin where the reference knows no warm colour.
_PAPER_TINT = np.array([92.0, 2.0, 7.0], dtype=np.float32)


@dataclass(frozen=True, slots=True, eq=False)
class Palette:
    """The colours a page is painted with."""

    #: (K, 3) float32 CIE Lab, by falling share; K ≥ 1.
    entries: FloatArray
    #: (K,) float32, the share of each entry in the reference; sum 1.
    shares: FloatArray
    #: (K,) float32, 0 (figure) … 1 (backdrop): how far towards the rim of the reference an entry lies.
    backdrop: FloatArray
    #: (3,) float32 Lab of light skin, or of the nearest thing to it in the reference.
    skin: FloatArray
    #: (H, 3) float32 Lab: hair of the reference's people; H may be 0.
    hairs: FloatArray
    #: Of each of them, (C, 3) float32 Lab: the clothes below; C may be 0.
    clothes: tuple[FloatArray, ...]
    #: (101, 2) float32: a* and b* usual at rank 0 (darkest), 0.01, … 1.
    tone_curve: FloatArray
    #: What lies where in the references; None where the colours were chosen.
    places: Places | None
    #: 0–1: the mean of the shares of the references' pictures that are left white; 0 where the colours were chosen.
    white: float


def read_palette(references: Sequence[RgbImage], chosen: Mapping[str, tuple[int, int, int]]) -> Palette:
    """The palette of the references together, or of the chosen colours where there are any.

    Args:
        references: one to four (h, w, 3) uint8 sRGB images.
        chosen: sRGB by name; they replace the entries, and one named "skin" is the skin. The tone curve stays the
            references' own only where nothing is chosen.
    """
    if chosen:
        return _chosen_palette(chosen)
    return _reference_palette(tuple(_Reference(image) for image in references))


class _Reference:
    """An image that is equal to another of the same pixels, so that a chapter's reference is read once."""

    def __init__(self, image: RgbImage) -> None:
        self.image = image
        self._digest = hashlib.sha256(np.ascontiguousarray(image).data).digest() + repr(image.shape).encode()

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Reference) and self._digest == other._digest

    def __hash__(self) -> int:
        return hash(self._digest)


@functools.lru_cache(maxsize=4)
def _reference_palette(references: tuple[_Reference, ...]) -> Palette:
    casts = [read_cast(reference.image) for reference in references]
    skins, hairs = (np.concatenate([getattr(cast, name) for cast in casts]) for name in ("skins", "hairs"))
    pictures = [read_pixels(reference.image) for reference in references]
    lab, rim = (np.concatenate([getattr(picture, name) for picture in pictures]) for name in ("lab", "rim"))
    centres, labels = _cluster(lab)
    entries, groups = _merge_near(centres, np.bincount(labels, minlength=len(centres)))
    labels = groups[labels]
    counts = np.bincount(labels, minlength=len(entries))
    entries = _vivid_members(lab, labels, len(entries))
    backdrop = np.bincount(labels, weights=rim, minlength=len(entries)) / np.maximum(counts, 1)
    order = np.argsort(-counts, kind="stable")
    return Palette(
        entries=entries[order],
        shares=_capped_shares(counts[order]),
        backdrop=backdrop[order].astype(np.float32),
        skin=_skin_of(lab, entries) if len(skins) == 0 else _usual_skin(skins),
        hairs=hairs,
        clothes=tuple(clothes for cast in casts for clothes in cast.clothes),
        tone_curve=read_tone_curve(lab),
        places=_places(pictures, np.argsort(order)[labels]),
        white=float(np.mean([picture.white for picture in pictures])),
    )


def _places(pictures: Sequence[Pixels], entry: IntArray) -> Places:
    step = -(-len(entry) // MOST_PLACES)
    return Places(place_traits(pictures, entry)[::step], entry[::step])


def _chosen_palette(chosen: Mapping[str, tuple[int, int, int]]) -> Palette:
    colours = np.array([list(chosen.values())], dtype=np.float32) / 255.0
    entries = np.asarray(cv2.cvtColor(colours, cv2.COLOR_RGB2LAB)[0], dtype=np.float32)
    named = {name.lower(): index for index, name in enumerate(chosen)}
    skin = entries[named["skin"]] if "skin" in named else _skin_of(entries, entries)
    count = len(entries)
    return Palette(
        entries=entries,
        shares=np.full(count, 1.0 / count, np.float32),
        backdrop=np.full(count, 0.5, np.float32),
        skin=skin,
        hairs=entries[[named["hair"]]] if "hair" in named else np.zeros((0, 3), np.float32),
        clothes=(np.zeros((0, 3), np.float32),) if "hair" in named else (),
        tone_curve=read_tone_curve(entries),
        places=None,
        white=0.0,
    )


def _cluster(lab: FloatArray) -> tuple[FloatArray, IntArray]:
    """k-means (Lloyd) from farthest-point seeds; the same pixels always give the same clusters."""
    points = lab * _AXES
    centres = _farthest_points(points)
    labels = np.zeros(len(points), dtype=np.intp)
    for _ in range(_ROUNDS):
        labels = _nearest(points, centres)
        centres = _means(points, labels, centres)
    return (centres / _AXES).astype(np.float32), labels


def _farthest_points(points: FloatArray) -> FloatArray:
    """Seeds over the colours that many pixels share: cells of a coarse Lab grid, taken by distance times √count."""
    cells, counts = np.unique(np.floor(points / 8.0), axis=0, return_counts=True)
    middles = ((cells + 0.5) * 8.0).astype(np.float32)
    weight = np.sqrt(counts).astype(np.float32)
    chosen = [int(np.argmax(weight))]
    distance = np.linalg.norm(middles - middles[chosen[0]], axis=1)
    while len(chosen) < min(_ENTRIES, len(middles)):
        chosen.append(int(np.argmax(distance * weight)))
        distance = np.minimum(distance, np.linalg.norm(middles - middles[chosen[-1]], axis=1))
    return middles[chosen]


def _nearest(points: FloatArray, centres: FloatArray) -> IntArray:
    squares = (centres**2).sum(axis=1)[None, :] - 2.0 * points @ centres.T
    return np.asarray(squares.argmin(axis=1), dtype=np.intp)


def _means(points: FloatArray, labels: IntArray, previous: FloatArray) -> FloatArray:
    count = len(previous)
    sizes = np.bincount(labels, minlength=count)
    sums = np.stack([np.bincount(labels, weights=points[:, axis], minlength=count) for axis in range(3)], axis=1)
    means = np.where(sizes[:, None] > 0, sums / np.maximum(sizes, 1)[:, None], previous)
    return means.astype(np.float32)


def _merge_near(centres: FloatArray, counts: NDArray[np.int64]) -> tuple[FloatArray, IntArray]:
    """The larger of two near entries takes the smaller; returns the kept centres and each centre's place among them."""
    kept: list[int] = []
    groups = np.zeros(len(centres), dtype=np.intp)
    for index in np.argsort(-counts, kind="stable"):
        distances = np.linalg.norm((centres[kept] - centres[index]) * _AXES, axis=1) if kept else np.array([np.inf])
        nearest = int(distances.argmin())
        if distances[nearest] >= _MERGE_DISTANCE:
            nearest = len(kept)
            kept.append(int(index))
        groups[index] = nearest
    return centres[kept], groups


def _vivid_members(lab: FloatArray, labels: IntArray, count: int) -> FloatArray:
    """Each entry as the mean of the more colourful half of its pixels: plain means of shaded paintings are mud."""
    chroma = np.hypot(lab[:, 1], lab[:, 2])
    entries = np.zeros((count, 3), dtype=np.float32)
    for index in range(count):
        members = labels == index
        vivid = members & (chroma >= np.median(chroma[members]))
        entries[index] = lab[vivid].mean(axis=0)
    return entries


def _capped_shares(counts: NDArray[np.int64]) -> FloatArray:
    shares = counts / counts.sum()
    cap = max(_LARGEST_SHARE, 1.0 / len(shares))
    for _ in range(len(shares)):
        shares = np.minimum(shares, cap)
        shares = shares / shares.sum()
    return np.asarray(shares, dtype=np.float32)


def _usual_skin(skins: FloatArray) -> FloatArray:
    """The skin of the middle one by lightness: a mean of several people is nobody's."""
    return np.asarray(skins[np.argsort(skins[:, 0], kind="stable")[len(skins) // 2]], np.float32)


def _skin_of(lab: FloatArray, entries: FloatArray) -> FloatArray:
    """The middle of what lies in the skin window; else the lightest warm entry, paled; else the tint of paper."""
    inside = ((lab >= _SKIN_LOW) & (lab <= _SKIN_HIGH) & (lab[:, 1:2] < lab[:, 2:3] + 12)).all(axis=1)
    warm = entries[(entries[:, 1] > 0) & (entries[:, 2] > 0)]
    if inside.sum() >= max(1, 0.004 * len(lab)):
        skin = np.median(lab[inside], axis=0)
    elif len(warm):
        skin = warm[int(warm[:, 0].argmax())] * np.array([1.0, 0.5, 0.5])
    else:
        skin = _PAPER_TINT
    return np.array([max(78.0, skin[0]), skin[1], skin[2]], dtype=np.float32)
