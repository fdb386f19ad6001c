"""What the nearest screentone dot says of each pixel of a page. Pure functions; any thread."""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from mangaflux.engine.analysis.metadata import Mask
from mangaflux.engine.analysis.screentone_dots import DotScreen

FloatImage = NDArray[np.float32]

#: How far from the middle of a dot, in steps of its lattice, lie the dots that could not be told from a line they
#: touch, and how far its net and its mesh reach.
_DOTS_REACH, _NET_REACH, _MESH_REACH = 2.0, 0.85, 1.0
#: Coverage from which dots may be grown together, and pixels from one to the next from which that is a mesh.
_TOGETHER, _MESH_PITCH = 0.38, 4.5
#: Coverage from which dots are large enough to thicken a line they touch.
_BEADS = 0.1
#: Pixels; far from any dot.
_NOWHERE = 100.0
#: Times by which a page is shrunk whose dots are so many pixels apart at least.
_SHRINK, _WIDE_PITCH = 2, 5.5
#: Half the window over which the coverage is averaged, in steps of the lattice.
_WINDOW = 1.5


@dataclass(frozen=True, slots=True)
class DotSurroundings:
    """The neighbourhood of dots, pixel by pixel; all (H, W)."""

    #: True where there may be dots, also such as touch a line.
    dotted: Mask
    #: float32: share of the paper under ink in a net, where fine dots have grown together, 0–1; 0 elsewhere.
    net_coverage: FloatImage
    #: True where dots have grown together whose holes are wide enough to be seen one by one.
    mesh: Mask
    #: True where the lattice has a dot, found or foreseen from its neighbours.
    foreseen: Mask


@dataclass(frozen=True, slots=True)
class NearestDots:
    """The dot that is nearest to each pixel of a page."""

    #: (h, w) float32, to it, in pixels.
    distance: FloatImage
    #: (h, w) int32 labels, and the number of the dot of each label.
    labels: NDArray[np.int32]
    dot: NDArray[np.intp]

    def look_up(self, facts: FloatImage) -> list[FloatImage]:
        """(h, w) each: what is known of the nearest dot, from the (K, N) facts of all."""
        return [each.take(self.labels) for each in facts[:, self.dot]]


def dot_surroundings(screen: DotScreen, shape: tuple[int, ...]) -> DotSurroundings:
    """The surroundings of the dots of a page of `shape`, which has one dot at least."""
    # Distances change evenly: those of a smaller page are good to a part of a pixel where dots lie farther apart.
    shrink = _SHRINK if np.percentile(screen.pitches, 10) >= _WIDE_PITCH else 1
    size = (-(-shape[0] // shrink), -(-shape[1] // shrink))
    nearest = nearest_dots(screen, size, shrink)
    distance = nearest.distance
    pitch, coverage = nearest.look_up(np.stack([np.maximum(screen.pitches, 1.0), screen.coverage]))
    side = 2 * round(_WINDOW * float(np.median(screen.pitches)) / shrink) + 1
    mean = np.asarray(cv2.blur(coverage, (side, side)), np.float32)
    together, wide = mean > _TOGETHER, pitch >= _MESH_PITCH
    net = together & ~wide & (distance <= _NET_REACH * pitch)
    mesh = together & wide & (distance <= _MESH_REACH * pitch)
    beyond = _beyond_foreseen(screen, pitch * cv2.sqrt(mean * np.float32(1 / np.pi)) + 1, shrink)
    beyond[mean <= _BEADS] = _NOWHERE
    return DotSurroundings(
        dotted=_enlarged(distance - _DOTS_REACH * pitch, shape) <= 0,
        net_coverage=_enlarged(mean * net, shape),
        mesh=_enlarged(mesh.astype(np.float32), shape) > 0,
        foreseen=_enlarged(beyond, shape) <= 0,
    )


def nearest_dots(screen: DotScreen, shape: tuple[int, ...], shrink: int = 1) -> NearestDots:
    """The nearest dot of each pixel of a page.

    Args:
        screen: of one dot at least.
        shape: of the page, shrunk so many times.
        shrink: 1 for the page as it is.
    """
    rows, columns = _places(screen.centres, shrink)
    rows, columns = np.clip(rows, 0, shape[0] - 1), np.clip(columns, 0, shape[1] - 1)
    elsewhere = np.ones(shape[:2], dtype=np.uint8)
    elsewhere[rows, columns] = 0
    distance, found = cv2.distanceTransformWithLabels(
        elsewhere, cv2.DIST_L2, cv2.DIST_MASK_5, labelType=cv2.DIST_LABEL_PIXEL
    )
    labels = np.asarray(found, np.int32)
    dot = np.zeros(int(labels.max()) + 1, np.intp)
    dot[labels[rows, columns]] = np.arange(len(rows))
    return NearestDots(np.asarray(distance * np.float32(shrink), np.float32), labels, dot)


def _beyond_foreseen(screen: DotScreen, radius: FloatImage, shrink: int) -> FloatImage:
    """(h, w): pixels of the page from the discs of `radius` around the dots and the eight places around each that its
    lattice foresees; 0 and less within.
    """
    step = screen.steps
    across = np.stack([-step[:, 1], step[:, 0]], axis=1)
    around = [screen.centres + along * step + aside * across for along in (-1, 0, 1) for aside in (-1, 0, 1)]
    height, width = radius.shape
    rows, columns = _places(np.concatenate(around), shrink)
    inside = (columns >= 0) & (columns < width) & (rows >= 0) & (rows < height)
    elsewhere = np.ones((height, width), dtype=np.uint8)
    elsewhere[rows[inside], columns[inside]] = 0
    distance = cv2.distanceTransform(elsewhere, cv2.DIST_L2, cv2.DIST_MASK_5)
    return np.asarray(distance * np.float32(shrink) - radius, np.float32)


def _places(points: NDArray[np.float32], shrink: int) -> NDArray[np.intp]:
    """Rows and columns of points of a page on the shrunk one."""
    return np.asarray(np.rint((points + 0.5) / shrink - 0.5).astype(np.intp).T[::-1])


def _enlarged(image: FloatImage, shape: tuple[int, ...]) -> FloatImage:
    if image.shape == shape[:2]:
        return image
    return np.asarray(cv2.resize(image, (shape[1], shape[0]), interpolation=cv2.INTER_LINEAR), np.float32)
