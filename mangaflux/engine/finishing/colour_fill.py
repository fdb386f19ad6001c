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


@dataclass(frozen=True, slots=True)
class ColourFill:
    """The colours of a page, made for any of its rows when they are wanted."""

    coefficients: GuidedCoefficients
    #: (H, W) uint8: the page's drawing, which is the guide.
    drawing: GrayImage

    def rows(self, rows: slice) -> FloatImage:
        """(n, W, 3) float32 CIE Lab of n rows of the page."""
        guide = self.drawing[rows].astype(np.float32)[..., None] / 255.0
        lab = enlarged_rows(self.coefficients.slope, self.drawing.shape, rows)
        lab *= guide
        lab += enlarged_rows(self.coefficients.offset, self.drawing.shape, rows)
        return lab


def read_fill(layer: RgbImage, drawing: GrayImage, uncoloured: Mask) -> ColourFill:
    """The colours of a layer, (h, w, 3) uint8 of any size, for a page.

    Args:
        layer: what an engine painted of the whole page.
        drawing: (H, W) uint8, the page's levels.
        uncoloured: (H, W), True where the page takes no colour, such as balloons; their white is kept from glowing.
    """
    image = _shrunk(layer, drawing.shape)
    size = (image.shape[1], image.shape[0])
    guide = np.asarray(cv2.resize(drawing, size, interpolation=cv2.INTER_AREA), np.uint8).astype(np.float32) / 255.0
    radius = max(1, round(size[0] * _STROKE_RADIUS_SHARE))
    hidden = cv2.resize(uncoloured.astype(np.uint8) * 255, size, interpolation=cv2.INTER_AREA) > _HIDDEN
    lab = _snapped(without_strokes(to_lab(image), radius), guide < _LINE, hidden, max(_LEAST_SNAP, radius))
    return ColourFill(fit_to_guide(lab, guide, _GUIDE_RADIUS, _GUIDE_EPSILON), drawing)


def to_lab(image: RgbImage) -> FloatImage:
    """CIE Lab, float32: L* 0–100."""
    return np.asarray(cv2.cvtColor(image.astype(np.float32) / 255.0, cv2.COLOR_RGB2LAB), dtype=np.float32)


def without_strokes(lab: FloatImage, radius: int) -> FloatImage:
    """Fills dark strokes of a width up to 2 × radius with the colour beside them: a grey closing of L*, and for a* and
    b* a mean over the pixels that the closing left alone (a closing of a* or b* itself would drift towards red and
    yellow).
    """
    side = 2 * radius + 1
    disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (side, side))
    lightness = np.ascontiguousarray(lab[..., 0])
    closed = np.asarray(cv2.morphologyEx(lightness, cv2.MORPH_CLOSE, disc), dtype=np.float32)
    trusted = np.exp((lightness - closed) / _STROKE_DEPTH)[..., None]
    window = (2 * side + 1, 2 * side + 1)
    beside = cv2.blur(lab[..., 1:] * trusted, window) / np.maximum(cv2.blur(trusted, window), 1e-4)[..., None]
    chroma = lab[..., 1:] * trusted + beside * (1.0 - trusted)
    return np.concatenate([closed[..., None], chroma], axis=2).astype(np.float32)


def _shrunk(layer: RgbImage, shape: tuple[int, ...]) -> RgbImage:
    """The layer, no larger than the page and than needed."""
    height, width = layer.shape[:2]
    scale = min(1.0, shape[0] / height, (_LARGEST_LAYER / (height * width)) ** 0.5)
    if scale == 1.0:
        return layer
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    return np.asarray(cv2.resize(layer, size, interpolation=cv2.INTER_AREA), np.uint8)


def _snapped(lab: FloatImage, line: Mask, hidden: Mask, radius: int) -> FloatImage:
    """Beside lines, the colour of the nearest pixel of the same patch that is not beside one, where there is such; and
    where nothing shows, that of the nearest at all.
    """
    clear = (~(line | hidden)).astype(np.uint8)
    deep = cv2.distanceTransform(clear, cv2.DIST_L2, cv2.DIST_MASK_3) >= radius
    if not deep.any():
        return lab
    distance, nearest = _nearest(deep)
    _, patches = cv2.connectedComponents(clear, connectivity=4)
    patch = patches.ravel()
    near = distance <= _SNAP_REACH * radius
    beside = np.flatnonzero((hidden | (~deep & near)).ravel())
    source = nearest.ravel()[beside]
    same = (patch[source] == patch[beside]) | (patch[beside] == 0)
    snapped = lab.reshape(-1, lab.shape[2]).copy()
    snapped[beside[same]] = snapped[source[same]]
    return snapped.reshape(lab.shape)


def _nearest(marked: NDArray[np.bool_]) -> tuple[FloatImage, NDArray[np.intp]]:
    """Per pixel, the distance to the nearest marked one and its flat index; one is marked at least."""
    distance, labels = cv2.distanceTransformWithLabels(
        (~marked).astype(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_5, labelType=cv2.DIST_LABEL_PIXEL
    )
    places = np.flatnonzero(marked.ravel())
    index = np.zeros(int(labels.max()) + 1, dtype=np.intp)
    index[labels.ravel()[places]] = places
    return np.asarray(distance, np.float32), index[labels]
