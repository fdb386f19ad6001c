"""Which colours did the engine mean, without its own lines, and where do they end?

An engine draws the page anew, a little beside the original and often smaller. Its strokes are filled with what lies
beside them, and near the page's lines the colour is taken from farther inside the same patch, so that what it drew a
few pixels off does not show beyond a line. Pure functions; any thread.
"""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from mangaflux.engine.analysis.metadata import Mask
from mangaflux.engine.base import RgbImage
from mangaflux.engine.finishing.enlarging import enlarged_rows
from mangaflux.engine.finishing.guided_filter import FloatImage, GuidedCoefficients, fit_to_guide
from mangaflux.engine.finishing.lab_planes import UNIT_LEVELS, lab_planes
from mangaflux.engine.finishing.tiles import Tile, bands_of, side_by_side

GrayImage = NDArray[np.uint8]

#: A larger layer is read at so many pixels: the page carries the detail, the layer only colour.
_LARGEST_LAYER = 2_500_000
#: Radius of the grey closing as a share of the layer's width: 5 px at 1500, the width of a generated stroke. Also how
#: far beside a line colours are not believed.
_STROKE_RADIUS_SHARE = 0.0033
#: CIE L* that a layer's thin stroke lies below its surroundings before its chroma is no longer believed.
_STROKE_DEPTH = 4.0
#: Level of the page, 0–1, below which it is a line that parts two patches.
_LINE = 0.5
#: Pixels of the layer beside a line that are not believed, at least: small layers are blurred by their enlargement.
_LEAST_SNAP = 3
#: Share of a layer's pixel, 0–255, that is uncoloured and from which it is not looked at.
_HIDDEN = 64
#: How far, in radii, the colour beside a line may come from.
_SNAP_REACH = 2.5
#: Window and smallest variance of the guided filter; the values of ColorComic's own colour transfer were the best of
#: those tried (radius 2 or 4, variance 0.01 or 0.1) on drawn pages whose colours are known.
_GUIDE_RADIUS, _GUIDE_EPSILON = 2, 0.01
#: Pixels of a band of the layer, and its height, at least, in rows that are looked at beyond it.
_BAND_PIXELS, _LEAST_BAND_OVERLAPS = 100_000, 8


@dataclass(frozen=True, slots=True)
class ColourFill:
    """The colours of a page, made for any of its rows when they are wanted."""

    coefficients: GuidedCoefficients
    #: (H, W) uint8: the page's drawing, which is the guide.
    drawing: GrayImage

    def rows(self, rows: slice) -> FloatImage:
        """(3, n, W) float32: the planes of CIE Lab of n rows of the page."""
        guide = cv2.LUT(self.drawing[rows], UNIT_LEVELS)
        planes = np.empty((3, *guide.shape), np.float32)
        for plane, slope, offset in zip(planes, self.coefficients.slope, self.coefficients.offset, strict=True):
            np.multiply(enlarged_rows(slope, self.drawing.shape, rows), guide, out=plane)
            plane += enlarged_rows(offset, self.drawing.shape, rows)
        return planes


def read_fill(layer: RgbImage, drawing: GrayImage, uncoloured: Mask) -> ColourFill:
    """The colours of a layer, (h, w, 3) uint8 of any size, for a page.

    Args:
        layer: what an engine painted of the whole page.
        drawing: (H, W) uint8, the page's levels.
        uncoloured: (H, W), True where the page takes no colour, such as balloons; their white is kept from glowing.
    """
    image = _shrunk(layer, drawing.shape)
    size = (image.shape[1], image.shape[0])
    guide = cv2.LUT(np.asarray(cv2.resize(drawing, size, interpolation=cv2.INTER_AREA), np.uint8), UNIT_LEVELS)
    radius = max(1, round(size[0] * _STROKE_RADIUS_SHARE))
    hidden = cv2.resize(uncoloured.view(np.uint8) * np.uint8(255), size, interpolation=cv2.INTER_AREA) > _HIDDEN
    lab = _without_strokes(image, radius)
    _snap(lab, guide < _LINE, hidden, max(_LEAST_SNAP, radius))
    return ColourFill(fit_to_guide(lab, np.asarray(guide, np.float32), _GUIDE_RADIUS, _GUIDE_EPSILON), drawing)


def _without_strokes(image: RgbImage, radius: int) -> FloatImage:
    """(3, h, w) CIE Lab of a picture whose dark strokes of a width up to 2 × radius have the colour beside them."""
    lab = np.empty((3, *image.shape[:2]), np.float32)

    def fill(band: Tile) -> None:
        lab[:, *band.place] = fill_strokes(lab_planes(image[band.surroundings]), radius)[:, *band.within]

    overlap = 4 * radius + 1
    # Of a wide layer, low bands would look at more beyond them than they hold.
    pixels = max(_BAND_PIXELS, _LEAST_BAND_OVERLAPS * overlap * image.shape[1])
    side_by_side(fill, bands_of(image.shape, pixels, overlap=overlap))
    return lab


def fill_strokes(lab: FloatImage, radius: int) -> FloatImage:
    """Fills dark strokes of a width up to 2 × radius with the colour beside them: a grey closing of L*, and for a* and
    b* a mean over the pixels that the closing left alone (a closing of a* or b* itself would drift towards red and
    yellow).

    Args:
        lab: (3, h, w) planes of CIE Lab.
        radius: in pixels.
    """
    side = 2 * radius + 1
    disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (side, side))
    window = (2 * side + 1, 2 * side + 1)
    filled = np.empty_like(lab)
    filled[0] = cv2.morphologyEx(lab[0], cv2.MORPH_CLOSE, disc)
    trusted = np.exp((lab[0] - filled[0]) / _STROKE_DEPTH)
    total = np.maximum(cv2.blur(trusted, window), 1e-4)
    for plane, chroma in zip(filled[1:], lab[1:], strict=True):
        np.multiply(chroma, trusted, out=plane)
        plane += cv2.blur(plane, window) / total * (1.0 - trusted)
    return filled


def _shrunk(layer: RgbImage, shape: tuple[int, ...]) -> RgbImage:
    """The layer, no larger than the page and than needed."""
    height, width = layer.shape[:2]
    scale = min(1.0, shape[0] / height, (_LARGEST_LAYER / (height * width)) ** 0.5)
    if scale == 1.0:
        return layer
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    return np.asarray(cv2.resize(layer, size, interpolation=cv2.INTER_AREA), np.uint8)


def _snap(lab: FloatImage, line: Mask, hidden: Mask, radius: int) -> None:
    """Beside lines, (3, h, w) planes get the colour of the nearest pixel of the same patch that is not beside one,
    where there is such; and where nothing shows, that of the nearest at all.
    """
    clear = (~(line | hidden)).view(np.uint8)
    deep = cv2.distanceTransform(clear, cv2.DIST_L2, cv2.DIST_MASK_3) >= radius
    if not deep.any():
        return
    distance, labels = cv2.distanceTransformWithLabels(
        (~deep).view(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_5, labelType=cv2.DIST_LABEL_PIXEL
    )
    beside = np.flatnonzero(hidden | (~deep & (distance <= _SNAP_REACH * radius)))
    source = _places(deep, np.asarray(labels, np.int32))[labels.ravel()[beside]]
    _, patches = cv2.connectedComponents(clear, connectivity=4)
    patch = patches.ravel()
    same = (patch[source] == patch[beside]) | (patch[beside] == 0)
    target, source = beside[same], source[same]
    for plane in lab.reshape(3, -1):
        plane[target] = plane[source]


def _places(marked: Mask, labels: NDArray[np.int32]) -> NDArray[np.intp]:
    """The flat index of the marked pixel that has each label."""
    places = np.flatnonzero(marked)
    index = np.zeros(len(places) + 1, dtype=np.intp)
    index[labels.ravel()[places]] = places
    return index
