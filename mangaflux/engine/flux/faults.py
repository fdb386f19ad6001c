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

#: What CUDA and its libraries say where PyTorch's allocator was not asked, or was not the one that failed.
_OUT_OF_MEMORY = ("CUDA error: out of memory", "CUBLAS_STATUS_ALLOC_FAILED", "CUDNN_STATUS_ALLOC_FAILED")


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
    try:
        return call()
    except RuntimeError as error:
        if is_sticky(error):
            reason = str(error).splitlines()[0]
            raise DeviceLostError(f"The GPU cannot be used any more by this process: {reason}") from error
        if not is_memory_error(error):
            raise
        metrics.OUT_OF_MEMORY.inc()
        peak_bytes = peak_memory(device) or 0
    # Raised out here: inside the handler it would hold the frames of the first error, and they hold tensors.
    free_memory(device)
    raise DeviceMemoryError(peak_bytes)


def is_memory_error(error: BaseException) -> bool:
    """True where the device's memory did not suffice, whoever asked for it."""
    return isinstance(error, torch.OutOfMemoryError) or any(words in str(error) for words in _OUT_OF_MEMORY)


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
    """The most bytes that tensors took on the device since `watch_peak` (`max_memory_allocated`: without what PyTorch
    holds in reserve, and without the CUDA context); None on a CPU.
    """
    return torch.cuda.max_memory_allocated(device) if device.type == "cuda" else None


def watch_peak(device: torch.device) -> None:
    """Begins a new measurement of the peak."""
    if device.type == "cuda":
        torch.cuda.reset_peak_memory_stats(device)
