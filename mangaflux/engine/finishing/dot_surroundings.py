"""What the nearest screentone dot says of each pixel of a page. Pure functions; any thread."""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from mangaflux.engine.analysis.metadata import Mask
from mangaflux.engine.analysis.screentone_dots import DotScreen

FloatImage = NDArray[np.float32]

#: How far from the middle of a dot, in steps of its lattice, lie the dots that could not be told from a line they
#: touch, and how far its net reaches.
_DOTS_REACH, _NET_REACH = 2.0, 0.85
#: Coverage from which dots may be grown together.
_NET_COVERAGE = 0.38
#: Coverage from which dots are large enough to thicken a line they touch.
_BEADS = 0.1
#: Half the window over which the coverage is averaged, in steps of the lattice.
_WINDOW = 1.5


@dataclass(frozen=True, slots=True)
class DotSurroundings:
    """The neighbourhood of dots, pixel by pixel; all (H, W)."""

    #: True where there may be dots, also such as touch a line.
    dotted: Mask
    #: float32: share of the paper under ink where dots have grown together, 0–1; 0 where they stand alone.
    net_coverage: FloatImage
    #: True where the lattice has a dot, found or foreseen from its neighbours.
    foreseen: Mask


def dot_surroundings(screen: DotScreen, shape: tuple[int, ...]) -> DotSurroundings:
    """The surroundings of the dots of a page of `shape`, which has one dot at least."""
    distance, (pitch, coverage) = _nearest(screen, shape)
    side = 2 * round(_WINDOW * float(np.median(screen.pitches))) + 1
    mean = cv2.blur(coverage, (side, side))
    net = (mean > _NET_COVERAGE) & (distance <= _NET_REACH * pitch)
    return DotSurroundings(
        dotted=distance <= _DOTS_REACH * pitch,
        net_coverage=np.asarray(mean * net, np.float32),
        foreseen=_foreseen(screen, pitch * cv2.sqrt(mean * np.float32(1 / np.pi)) + 1) & (mean > _BEADS),
    )


def _nearest(screen: DotScreen, shape: tuple[int, ...]) -> tuple[FloatImage, list[FloatImage]]:
    """Per pixel, the distance to the nearest dot in pixels, and the pitch and the coverage there."""
    height, width = shape
    columns, rows = np.clip(np.rint(screen.centres), 0, (width - 1, height - 1)).astype(np.intp).T
    elsewhere = np.ones((height, width), dtype=np.uint8)
    elsewhere[rows, columns] = 0
    distance, labels = cv2.distanceTransformWithLabels(
        elsewhere, cv2.DIST_L2, cv2.DIST_MASK_5, labelType=cv2.DIST_LABEL_PIXEL
    )
    facts = np.zeros((2, int(labels.max()) + 1), np.float32)
    facts[:, labels[rows, columns]] = np.maximum(screen.pitches, 1.0), screen.coverage
    return np.asarray(distance, np.float32), [each[labels] for each in facts]


def _foreseen(screen: DotScreen, radius: FloatImage) -> Mask:
    """Discs of (H, W) `radius` around the dots and the eight places around each that its lattice foresees."""
    step = screen.steps
    across = np.stack([-step[:, 1], step[:, 0]], axis=1)
    places = [screen.centres + along * step + aside * across for along in (-1, 0, 1) for aside in (-1, 0, 1)]
    height, width = radius.shape
    columns, rows = np.rint(np.concatenate(places)).astype(np.intp).T
    inside = (columns >= 0) & (columns < width) & (rows >= 0) & (rows < height)
    elsewhere = np.ones((height, width), dtype=np.uint8)
    elsewhere[rows[inside], columns[inside]] = 0
    return np.asarray(cv2.distanceTransform(elsewhere, cv2.DIST_L2, cv2.DIST_MASK_5) <= radius)
