"""Which colours of the references belong where on a page, by what a small network has learned of matching drawings.

The network sees the greys of a page and the colours of its references; what it returns are means of the references'
own colours. It is a hint to the renderer, on a coarse grid, and says how far it can be trusted.
"""

import hashlib
import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from importlib import resources

import cv2
import numpy as np
import onnxruntime
from numpy.typing import NDArray

from mangaflux.engine.base import RgbImage
from mangaflux.engine.lite.prior_values import (
    CELL,
    CHROMA_SCALE,
    PAGE_AREA,
    REFERENCES_AREA,
    FloatArray,
    colour_weight,
    fitted_size,
    group_colours,
    settle_colours,
)

#: The weights, beside this module.
_WEIGHTS = "prior.onnx"
#: A second thread waits more than it works, and the server has a page to analyse meanwhile.
_THREADS = 1
#: What the log of ONNX Runtime is told of: errors.
_ERRORS_ONLY = 3


@dataclass(frozen=True, slots=True, eq=False)
class PriorColours:
    """Colours for a page on a grid that covers all of it; a cell is about 1/44 of the width."""

    #: (K, 2) float32 Lab a*, b*: the colours that the references are told apart by, K ≤ 24.
    centres: FloatArray
    #: (K, h, w) float32: how much of the attention fell on each of them; sums to 1.
    shares: FloatArray
    #: (h, w) float32, 0–1: how likely the colour is right to within 12 units.
    confidence: FloatArray

    @property
    def ab(self) -> FloatArray:
        """(h, w, 2) float32 Lab a*, b*: one colour for each cell."""
        return settle_colours(self.shares, self.centres)


@dataclass(frozen=True, slots=True, eq=False)
class _References:
    """The references on canvases of one size, as the network takes them."""

    #: (1, R, 3, h, w) greys 0–1 and a*, b* / 50; (1, R, h / 8, w / 8), 1 where a reference is.
    pictures: FloatArray
    shown: FloatArray
    #: (R·h/8·w/8, 2) a*, b* of each cell.
    colours: FloatArray


class ColourPrior:
    """The network, loaded. Any thread; several pages at once.

    Args:
        model: the bytes of its ONNX file.
    """

    def __init__(self, model: bytes) -> None:
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads, options.inter_op_num_threads = _THREADS, 1
        options.log_severity_level = _ERRORS_ONLY
        # An arena would keep the memory of the largest page for ever.
        options.enable_cpu_mem_arena = False
        self._session = onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])

    @classmethod
    def load(cls) -> "ColourPrior | None":
        """The network of this package, loaded once; None where the package has no weights."""
        return _packaged()

    def predict(self, page_grey: NDArray[np.uint8], references: Sequence[RgbImage]) -> PriorColours:
        """Colours for a page out of its references.

        Args:
            page_grey: (H, W), 0 black to 255 white.
            references: one or more (h, w, 3) sRGB images.
        """
        known = _read_references(references)
        centres, groups = group_colours(known.colours)
        inputs = {
            "page": _read_page(page_grey),
            "references": known.pictures,
            "shown": known.shown,
            "values": np.concatenate([known.colours, groups], axis=1)[None],
        }
        carried, trust = self._session.run(["carried", "trust"], inputs)
        return PriorColours(
            centres=centres,
            shares=np.asarray(carried, np.float32)[0, 2:],
            confidence=np.asarray(1.0 / (1.0 + np.exp(-np.asarray(trust)[0, 0])), np.float32),
        )


@lru_cache(maxsize=1)
def weights_sha256() -> str | None:
    """SHA-256 of the weights of this package; None where it has none."""
    weights = resources.files(__package__) / _WEIGHTS
    return hashlib.sha256(weights.read_bytes()).hexdigest() if weights.is_file() else None


@lru_cache(maxsize=1)
def _packaged() -> ColourPrior | None:
    weights = resources.files(__package__) / _WEIGHTS
    return ColourPrior(weights.read_bytes()) if weights.is_file() else None


def _read_page(page_grey: NDArray[np.uint8]) -> FloatArray:
    height, width = fitted_size(page_grey.shape[0], page_grey.shape[1], PAGE_AREA)
    scaled = cv2.resize(page_grey, (width, height), interpolation=cv2.INTER_AREA)
    return (np.asarray(scaled, np.float32) / 255.0)[None, None]


def _read_references(references: Sequence[RgbImage]) -> _References:
    shapes = np.array([image.shape[:2] for image in references], np.float64)
    usual = np.exp(np.log(shapes).mean(axis=0))
    size = fitted_size(usual[0], usual[1], REFERENCES_AREA // len(references))
    canvases = [_on_canvas(image, size) for image in references]
    pictures, shown, colours = (np.stack(parts) for parts in zip(*canvases, strict=True))
    return _References(pictures[None], shown[None], colours.reshape(-1, 2))


def _on_canvas(image: RgbImage, size: tuple[int, int]) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Picture, shown cells and the cells' colours of one reference, scaled into the corner of a white canvas."""
    scale = min(size[0] / image.shape[0], size[1] / image.shape[1])
    height, width = (max(CELL, math.ceil(side * scale)) for side in image.shape[:2])
    canvas = np.full((*size, 3), 255, np.uint8)
    canvas[:height, :width] = cv2.resize(image, (width, height), interpolation=cv2.INTER_AREA)[: size[0], : size[1]]
    lab = np.asarray(cv2.cvtColor(canvas.astype(np.float32) / 255.0, cv2.COLOR_RGB2LAB), np.float32)
    grey = cv2.cvtColor(canvas, cv2.COLOR_RGB2GRAY).astype(np.float32) / 255.0
    shown = np.zeros((size[0] // CELL, size[1] // CELL), np.float32)
    shown[: max(1, height // CELL), : max(1, width // CELL)] = 1.0
    picture = np.concatenate([grey[None], lab[..., 1:].transpose(2, 0, 1) / CHROMA_SCALE])
    return picture.astype(np.float32), shown, _cell_colours(lab)


def _cell_colours(lab: FloatArray) -> FloatArray:
    """(h / 8, w / 8, 2): the mean a*, b* of each cell, in which ink hardly counts."""
    weight = colour_weight(lab[..., 0])[..., None]
    weighted = np.concatenate([lab[..., 1:] * weight, weight], axis=-1)
    cells = weighted.reshape(lab.shape[0] // CELL, CELL, lab.shape[1] // CELL, CELL, 3).mean(axis=(1, 3))
    return np.asarray(cells[..., :2] / cells[..., 2:], np.float32)
