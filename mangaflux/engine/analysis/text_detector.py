"""How likely is each pixel of a page text? The PP-OCRv6 text detector of the rapidocr package, run on its own.

Only the weights of rapidocr are used: importing the package would cost a second and needs more than this. Any thread;
one session for the process.
"""

import hashlib
import importlib.util
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from threading import Lock

import cv2
import numpy as np
import onnxruntime
from numpy.typing import NDArray

from mangaflux.errors import InstallationError

#: Names the weights in the metadata of a page, and their file in the package.
MODEL_NAME = "PP-OCRv6_det_small"
#: Sides of what the network sees are multiples of this.
_STRIDE = 32
#: Largest side of what it sees at once, and how far two neighbouring looks overlap; pixels.
_TILE, _OVERLAP = 1664, 160
#: Mean and deviation of the channels of the pictures that it was trained on (ImageNet's), 0–1.
_MEAN = np.array([0.485, 0.456, 0.406], dtype=np.float32)
_DEVIATION = np.array([0.229, 0.224, 0.225], dtype=np.float32)
#: Of the processor; more would take them from other pages.
_THREADS = 2

_starting = Lock()


def text_probability(gray: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """(h, w) uint8, 0–255: how likely each pixel of a grey (h, w) page is text. Larger pages are seen in tiles.

    Raises:
        InstallationError: the weights are missing or unreadable.
    """
    height, width = gray.shape
    likely = np.zeros((height, width), dtype=np.uint8)
    for top, bottom in _spans(height):
        for left, right in _spans(width):
            part = likely[top:bottom, left:right]
            np.maximum(part, _look(gray[top:bottom, left:right]), out=part)
    return likely


@cache
def model_sha256() -> str:
    """SHA-256 of the weights.

    Raises:
        InstallationError: they are missing or unreadable.
    """
    try:
        with _model_file().open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise _broken() from error


def _look(gray: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """The answer of the network for a part of the page; its sides are filled up with their last pixels."""
    height, width = gray.shape
    filled = cv2.copyMakeBorder(gray, 0, -height % _STRIDE, 0, -width % _STRIDE, cv2.BORDER_REPLICATE)
    levels = filled.astype(np.float32) / 255
    pixels = np.stack([(levels - mean) / deviation for mean, deviation in zip(_MEAN, _DEVIATION, strict=True)])
    session = _session()
    (answer,) = session.run(None, {session.get_inputs()[0].name: pixels[None]})
    return np.asarray(np.rint(answer[0, 0, :height, :width] * 255), dtype=np.uint8)


def _spans(length: int) -> Iterator[tuple[int, int]]:
    """Equal overlapping parts of a side, each at most as long as a tile."""
    count = max(1, -(-(length - _OVERLAP) // (_TILE - _OVERLAP)))
    size = -(-(length + (count - 1) * _OVERLAP) // count)
    for number in range(count):
        start = min(number * (size - _OVERLAP), length - size) if count > 1 else 0
        yield start, min(length, start + size)


def _session() -> onnxruntime.InferenceSession:
    # Two pages that start at once must not load the weights twice.
    with _starting:
        return _started_session()


@cache
def _started_session() -> onnxruntime.InferenceSession:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads, options.inter_op_num_threads = _THREADS, 1
    options.log_severity_level = 3
    # Threads that wait by spinning would take the processor from the other pages in work.
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    # An arena would keep the memory of the largest page for ever.
    options.enable_cpu_mem_arena = False
    try:
        return onnxruntime.InferenceSession(_model_file().read_bytes(), options, providers=["CPUExecutionProvider"])
    # ONNX Runtime raises classes of its own, all of them bare exceptions, for weights that it cannot read.
    except Exception as error:
        raise _broken() from error


def _model_file() -> Path:
    package = importlib.util.find_spec("rapidocr")
    folders = package.submodule_search_locations if package is not None else None
    for folder in folders or ():
        if (file := Path(folder) / "models" / f"{MODEL_NAME}.onnx").is_file():
            return file
    raise _broken()


def _broken() -> InstallationError:
    return InstallationError(
        "The weights of the text detector are missing or damaged; reinstall them with: "
        "pip install --force-reinstall --no-deps 'rapidocr>=3.10,<3.11'."
    )
