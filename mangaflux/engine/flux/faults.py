"""What device errors mean: out of memory harms one page, a poisoned CUDA context ends the process."""

import gc
from collections.abc import Callable
from typing import TypeVar

import torch

from mangaflux import metrics
from mangaflux.errors import DeviceLostError

Result = TypeVar("Result")

#: Words of CUDA errors after which every further call fails, as the CUDA runtime says of sticky errors.
_STICKY = (
    "illegal memory access",
    "device-side assert",
    "misaligned address",
    "illegal instruction",
    "unspecified launch failure",
    "hardware stack error",
    "uncorrectable ECC error",
    "launch timed out",
    "GPU is lost",
)


class DeviceMemoryError(Exception):
    """The device's memory did not suffice.

    Args:
        peak_bytes: the most that was taken before.
    """

    def __init__(self, peak_bytes: int) -> None:
        super().__init__(f"out of device memory at {peak_bytes / 1024**3:.1f} GiB")
        self.peak_bytes = peak_bytes


def run_guarded(call: Callable[[], Result], device: torch.device) -> Result:
    """What `call` returns.

    Raises:
        DeviceMemoryError: it ran out of device memory. What it held is free again.
        DeviceLostError: the device cannot be used any more by this process.
    """
    problem: Exception
    try:
        return call()
    except torch.OutOfMemoryError:
        metrics.OUT_OF_MEMORY.inc()
        problem = DeviceMemoryError(peak_memory(device) or 0)
    except RuntimeError as error:
        if not is_sticky(error):
            raise
        problem = DeviceLostError(f"The GPU cannot be used any more by this process: {str(error).splitlines()[0]}")
    # Raised out here: inside the handler it would hold the frames of the first error, and they hold tensors.
    if isinstance(problem, DeviceMemoryError):
        free_memory(device)
    raise problem


def is_sticky(error: BaseException) -> bool:
    """True where a CUDA error makes every later call fail."""
    text = str(error)
    return "CUDA" in text and any(words in text for words in _STICKY)


def free_memory(device: torch.device) -> None:
    """Gives back to the device what nothing holds any more."""
    gc.collect()
    if device.type == "cuda":
        torch.cuda.empty_cache()


def peak_memory(device: torch.device) -> int | None:
    """The most bytes taken on the device since `watch_peak`; None on a CPU."""
    return torch.cuda.max_memory_allocated(device) if device.type == "cuda" else None


def watch_peak(device: torch.device) -> None:
    """Begins a new measurement of the peak."""
    if device.type == "cuda":
        torch.cuda.reset_peak_memory_stats(device)
