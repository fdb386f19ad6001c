"""Which patches of a page would a colourist fill with one colour each?

Patches are bounded by lines, tone edges, solid blacks and paper. Gaps in lines are closed by growing every patch from
the widest place it has (trapped-ball filling after Zhang et al. 2009, here with a distance transform and a watershed).
Pure functions; any thread.
"""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from mangaflux.engine.analysis.line_art import LineArt
from mangaflux.engine.analysis.metadata import Mask
from mangaflux.engine.lite.borders import Borders, as_float, count_pixels, find_borders

FloatArray = NDArray[np.float32]
LabelImage = NDArray[np.int32]

#: Radii of the ball, in pixels at a long side of 900: a patch starts where the largest of them fits.
_BALL_RADII = (9.0, 6.0, 4.0, 2.6, 1.6, 0.8)
#: Change of tone per pixel that bounds a patch.
_TONE_EDGE = 0.045
#: What each step across a line and across a tone edge costs in the watershed, 0–255.
_LINE_STEP = 240
_EDGE_STEP = 60
#: Two patches stay apart if less than this share of the smaller one's outline has no line on it, or if their tones
#: are farther apart than this.
_CLOSED_SHARE = 0.18
_SAME_TONE = 0.08
#: Lines that leave this share of a border open are rain or hatching, not an outline, if the border is a fair part of
#: the smaller outline and the tones are nearly the same.
_HATCHED_SHARE = 0.28
_HATCHED_LENGTH = 0.1
_HATCHED_TONE = 0.03
#: How much rather a crumb joins a patch than another crumb.
_CRUMB_RELUCTANCE = 8.0
_MERGE_ROUNDS = 2
#: Patches below this share of the page join whatever they lie open to, whatever their tone: 145 pixels of 640 × 900.
_CRUMB_SHARE = 0.00025
#: So do patches of a smaller mean width than this, in pixels at a long side of 900: the strips beside lines.
_SLIVER_WIDTH = 10.0
#: How far above a patch is looked for hair, as a share of the page's long side; thinner blacks are lines, not hair.
_LOOK_ABOVE = 0.014
_THINNEST_HAIR = 0.011


@dataclass(frozen=True, slots=True, eq=False)
class Regions:
    """The patches of one page. Arrays over patches have N entries; N may be 0."""

    #: (h, w) int32: 0 … N−1, and −1 on paper (gutters and balloons), which stays white.
    labels: LabelImage
    #: Pixels.
    area: FloatArray
    #: 0–1 each: mean tone, its standard deviation, and the mean darkness just above.
    tone: FloatArray
    spread: FloatArray
    dark_above: FloatArray
    #: (N, 2) x and y of the centre, 0–1 of the page.
    centre: FloatArray
    #: 0–1: the share of the outline that runs along gutters or the page's edge.
    rim: FloatArray
    #: (N,) number of the panel, or of the group of touching panels, that a patch lies in.
    panel: NDArray[np.int32]
    #: (M, 2) neighbours; and per pair the length of the common border in pixels and the part of it without a line.
    pairs: NDArray[np.intp]
    border: FloatArray
    open_border: FloatArray
    #: (h, w) True where two patches meet without a line between.
    seams: Mask


def find_regions(art: LineArt, paper: Mask) -> Regions:
    """The patches of a page at working size.

    Args:
        art: lines, tone and solids, (h, w).
        paper: (h, w), True on gutters and inside balloons.
    """
    labels = _flood(art, paper)
    for _ in range(_MERGE_ROUNDS):
        labels = _merge_open(labels, art)
    return _measure(labels, art)


def _flood(art: LineArt, paper: Mask) -> LabelImage:
    barrier = art.ink | _tone_edges(art.tone) | paper
    reach = cv2.distanceTransform((~barrier).astype(np.uint8), cv2.DIST_L2, 3)
    # Without any barrier OpenCV answers with the largest float there is.
    distance = np.asarray(np.minimum(reach, float(max(barrier.shape))), np.float32)
    markers = _ball_markers(distance, max(barrier.shape) / 900.0)
    flooded = cv2.watershed(cv2.merge([_resistance(art.ink, barrier)] * 3), markers)
    # The watershed leaves -1 between patches and along the image's rim; the higher label of the neighbours takes it.
    # Patches flood paper too, so that the lines of frames belong to the drawing; paper is cut out afterwards.
    grown = cv2.dilate(flooded.astype(np.float32), np.ones((3, 3), np.uint8)).astype(np.int32)
    labels = np.maximum(np.where(flooded > 0, flooded, grown) - 1, -1)
    labels[paper] = -1
    return _consecutive(np.asarray(labels, np.int32))


def _resistance(ink: Mask, barrier: Mask) -> NDArray[np.uint8]:
    """An image on which the watershed takes open areas first, then tone edges, then lines, each from all sides.

    OpenCV floods by the difference between neighbouring pixels, not by their level, so a plateau falls at once to
    whoever enters it first; a chequered pattern makes every step across it cost the same.
    """
    rows, columns = (np.arange(length) & 1 for length in ink.shape)
    chequer = rows[:, None] ^ columns[None, :]
    height = np.where(ink, _LINE_STEP, np.where(barrier, _EDGE_STEP, 0))
    return np.asarray(height * chequer, dtype=np.uint8)


def _tone_edges(tone: FloatArray) -> Mask:
    across = cv2.Sobel(tone, cv2.CV_32F, 1, 0, scale=1 / 8)
    down = cv2.Sobel(tone, cv2.CV_32F, 0, 1, scale=1 / 8)
    return np.asarray(cv2.magnitude(across, down) > _TONE_EDGE)


def _ball_markers(distance: FloatArray, scale: float) -> LabelImage:
    """One number, from 1 up, per place where a ball of the largest fitting radius rests; 0 elsewhere."""
    markers = np.zeros(distance.shape, dtype=np.int32)
    used = 1
    for radius in _BALL_RADII:
        count, places = cv2.connectedComponents((distance > max(0.5, radius * scale)).astype(np.uint8), connectivity=4)
        taken = np.bincount(places[markers > 0], minlength=count) > 0
        taken[0] = True
        numbers = np.where(taken, 0, np.cumsum(~taken) + used - 1).astype(np.int32)
        markers = np.where(markers > 0, markers, numbers[places])
        used += int((~taken).sum())
    return markers


def _consecutive(labels: LabelImage) -> LabelImage:
    present, numbered = np.unique(labels, return_inverse=True)
    first = 1 if present[0] == -1 else 0
    return np.asarray(numbered.reshape(labels.shape) - first, dtype=np.int32)


def _merge_open(labels: LabelImage, art: LineArt) -> LabelImage:
    """Joins patches that a narrow place split although no line lies between them."""
    count = int(labels.max()) + 1
    if count < 2:
        return labels
    borders = find_borders(labels, art.ink, count)
    crumbs = _crumbs(count_pixels(labels, count), borders.outline, labels)
    joined = _alike(borders, _mean(art.tone, labels, ~art.ink, count)) & ~crumbs[borders.pairs].any(axis=1)
    links = np.concatenate([borders.pairs[joined], _crumb_links(borders, crumbs)])
    graph = coo_array((np.ones(len(links)), (links[:, 0], links[:, 1])), shape=(count, count))
    _, groups = connected_components(graph, directed=False)
    return np.asarray(np.where(labels < 0, -1, groups[labels]), dtype=np.int32)


def _alike(borders: Borders, tone: FloatArray) -> Mask:
    """True for pairs to be joined: the more of the smaller one's outline is open, the more their tones may differ; and
    for those with nothing but strokes between.
    """
    first, second = borders.pairs.T
    smaller = np.minimum(borders.outline[first], borders.outline[second])
    excess = borders.open_length / np.maximum(smaller, 1.0) - _CLOSED_SHARE
    step = np.abs(tone[first] - tone[second])
    hatched = (borders.open_length > _HATCHED_SHARE * borders.length) & (borders.length > _HATCHED_LENGTH * smaller)
    return np.asarray((step < np.minimum(excess, _SAME_TONE)) | (hatched & (step < _HATCHED_TONE)))


def _crumb_links(borders: Borders, crumbs: Mask) -> NDArray[np.intp]:
    """(C, 2) each crumb that lies open to something, and what it is most open to. Only one: a crumb that joined all
    its neighbours would join them to each other.
    """
    ways = np.concatenate([borders.pairs, borders.pairs[:, ::-1]])
    openness = np.tile(borders.open_length, 2) / np.where(crumbs[ways[:, 1]], _CRUMB_RELUCTANCE, 1.0)
    usable = crumbs[ways[:, 0]] & (openness > 0)
    ways, openness = ways[usable], openness[usable]
    best_first = np.lexsort((ways[:, 1], -openness, ways[:, 0]))
    _, place = np.unique(ways[best_first, 0], return_index=True)
    return np.asarray(ways[best_first][place], dtype=np.intp)


def _crumbs(size: NDArray[np.int64], outline: FloatArray, labels: LabelImage) -> Mask:
    """True for patches too small or too thin to carry a colour of their own."""
    width = 2.0 * size / np.maximum(outline, 1.0)
    return np.asarray((size < _CRUMB_SHARE * labels.size) | (width < _SLIVER_WIDTH * max(labels.shape) / 900.0))


def _measure(labels: LabelImage, art: LineArt) -> Regions:
    count = int(labels.max()) + 1
    borders = find_borders(labels, art.ink, count)
    tone = _mean(art.tone, labels, ~art.ink, count)
    squares = _mean(art.tone**2, labels, ~art.ink, count)
    return Regions(
        labels=labels,
        area=as_float(count_pixels(labels, count)),
        tone=tone,
        spread=np.sqrt(np.maximum(squares - tone**2, 0.0)),
        dark_above=_darkness_above(labels, art, count),
        centre=_centres(labels, count),
        rim=as_float(borders.rim / np.maximum(borders.outline, 1.0)),
        panel=_panels(labels, count),
        pairs=borders.pairs,
        border=borders.length,
        open_border=borders.open_length,
        seams=_seams(labels, art.ink),
    )


def _mean(values: FloatArray, labels: LabelImage, trusted: Mask, count: int) -> FloatArray:
    """Mean of the trusted pixels of each patch; of all its pixels where none is trusted."""
    total = np.zeros(count)
    weight = np.zeros(count)
    for share, mask in ((1.0, (labels >= 0) & trusted), (1e-3, labels >= 0)):
        total += share * np.bincount(labels[mask], weights=values[mask], minlength=count)
        weight += share * np.bincount(labels[mask], minlength=count)
    return as_float(total / np.maximum(weight, 1e-6))


def _darkness_above(labels: LabelImage, art: LineArt, count: int) -> FloatArray:
    """Mean darkness, 0–1, a little above the upper outline of each patch: what hair does to a face."""
    step = max(1, round(max(labels.shape) * _LOOK_ABOVE))
    if labels.shape[0] <= step:
        return np.zeros(count, dtype=np.float32)
    masses = _black_masses(art.solid)
    below = np.where(art.ink, -1, labels)[step:]
    above = np.where(masses, -2, labels)[:-step]
    leaving = (below >= 0) & (above != below)
    owner, beyond = below[leaving], above[leaving]
    # Paper above is not dark, whatever the tone says there.
    darkness = np.where(beyond == -2, 1.0, np.where(beyond == -1, 0.0, 1.0 - _known_tone(art)[:-step][leaving]))
    total = np.bincount(owner, weights=darkness, minlength=count)
    return as_float(total / np.maximum(np.bincount(owner, minlength=count), 1))


def _known_tone(art: LineArt) -> FloatArray:
    """The tone, white under solids, whose thin lines would pass for hair."""
    return np.where(art.solid, np.float32(1.0), art.tone)


def _black_masses(solid: Mask) -> Mask:
    side = max(3, round(max(solid.shape) * _THINNEST_HAIR) | 1)
    disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (side, side))
    return np.asarray(cv2.morphologyEx(solid.astype(np.uint8), cv2.MORPH_OPEN, disc) > 0)


def _centres(labels: LabelImage, count: int) -> FloatArray:
    height, width = labels.shape
    rows, columns = np.nonzero(labels >= 0)
    owners = labels[rows, columns]
    size = np.maximum(np.bincount(owners, minlength=count), 1)
    across = np.bincount(owners, weights=columns, minlength=count) / size / width
    down = np.bincount(owners, weights=rows, minlength=count) / size / height
    return as_float(np.stack([across, down], axis=1))


def _panels(labels: LabelImage, count: int) -> NDArray[np.int32]:
    inside = labels >= 0
    _, islands = cv2.connectedComponents(inside.astype(np.uint8), connectivity=4)
    panel = np.zeros(count, dtype=np.int32)
    np.maximum.at(panel, labels[inside], islands[inside])
    return panel


def _seams(labels: LabelImage, ink: Mask) -> Mask:
    seams = np.zeros(labels.shape, dtype=np.bool_)
    seams[:, 1:] |= labels[:, 1:] != labels[:, :-1]
    seams[1:] |= labels[1:] != labels[:-1]
    return seams & ~ink & (labels >= 0)
