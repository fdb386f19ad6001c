"""A network in an ONNX file, run on the processor."""

import hashlib
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import onnxruntime
from numpy.typing import NDArray

from mangaflux.errors import SettingsError

#: Threads for one page; more would take them from other pages.
_THREADS = 2
#: What the log of ONNX Runtime is told of: errors.
_ERRORS_ONLY = 3


class OnnxModel:
    """A loaded network. Any thread; several pages at once.

    Args:
        path: the file.

    Raises:
        SettingsError: there is no such file, or ONNX Runtime cannot run it.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        try:
            data = path.read_bytes()
        except OSError as error:
            raise SettingsError(f"The model {path} cannot be read: {error.strerror}.") from error
        #: SHA-256 of the file.
        self.sha256 = hashlib.sha256(data).hexdigest()
        self._session = _session(path, data)
        self.input_names = [each.name for each in self._session.get_inputs()]
        self.output_names = [each.name for each in self._session.get_outputs()]

    def input_sides(self) -> tuple[int | None, int | None]:
        """Height and width that the first input is fixed to; None where any will do."""
        sides = self._session.get_inputs()[0].shape[-2:]
        height, width = (side if isinstance(side, int) else None for side in sides)
        return height, width

    def run(self, inputs: Mapping[str, NDArray[np.generic]]) -> dict[str, NDArray[np.float64]]:
        """Every output by name.

        Raises:
            SettingsError: the network does not take these inputs.
        """
        try:
            answers = self._session.run(self.output_names, dict(inputs))
        # ONNX Runtime raises classes of its own, all of them bare exceptions.
        except Exception as error:
            raise SettingsError(f"The model {self.path.name} does not run on pages: {_first_line(error)}") from error
        return {
            name: np.asarray(answer, dtype=np.float64) for name, answer in zip(self.output_names, answers, strict=True)
        }

    def refuse(self, expected: str) -> SettingsError:
        """An error that says which inputs and outputs there are, and which were expected."""
        return SettingsError(
            f"{self.path.name} is no model that this detector can run. It has the inputs {', '.join(self.input_names)} "
            f"and the outputs {', '.join(self.output_names)}; expected are {expected}."
        )


def planar(pixels: NDArray[np.uint8]) -> NDArray[np.float32]:
    """(h, w, 3) uint8 → (1, 3, h, w) float32, 0–1, as networks take pictures."""
    return np.ascontiguousarray(pixels.transpose(2, 0, 1)[None], dtype=np.float32) / np.float32(255)


def _session(path: Path, data: bytes) -> onnxruntime.InferenceSession:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads, options.inter_op_num_threads = _THREADS, 1
    options.log_severity_level = _ERRORS_ONLY
    # An arena would keep the memory of the largest page for ever.
    options.enable_cpu_mem_arena = False
    try:
        return onnxruntime.InferenceSession(data, options, providers=["CPUExecutionProvider"])
    # As above.
    except Exception as error:
        raise SettingsError(f"The model {path} cannot be loaded: {_first_line(error)}") from error


def _first_line(error: Exception) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0]
