"""What the device can do at most, what a page asks of it, and how memory and time are read."""

import gc
import time
from dataclasses import dataclass
from pathlib import Path

import torch

from mangaflux.engine.flux.prompt_embeddings import TOKENS
from mangaflux.engine.flux.random_klein import KleinSize

GIB = 1024**3


@dataclass(frozen=True)
class Place:
    """Where everything is measured."""

    device: torch.device
    #: Rate of a large matrix product on random data, in TFLOP/s; 0 on a CPU.
    matmul_tflops: float


@dataclass(frozen=True)
class Subject:
    """A model that is measured."""

    folder: Path
    cache: Path
    size: KleinSize
    keeps_kv: bool
    #: Width and height of its pages, in pixels.
    page: tuple[int, int]


def find_place() -> Place:
    """The first GPU, or the CPU."""
    if not torch.cuda.is_available():
        return Place(torch.device("cpu"), 0.0)
    return Place(torch.device("cuda:0"), _matmul_tflops())


def synchronize() -> None:
    if torch.cuda.is_available():
        torch.cuda.synchronize()


def clear() -> None:
    """Gives everything back that nothing holds."""
    gc.collect()
    if torch.cuda.is_available():
        torch.cuda.empty_cache()
        torch.cuda.reset_peak_memory_stats()


def peak_gib() -> float:
    return torch.cuda.max_memory_allocated() / GIB if torch.cuda.is_available() else 0.0


def page_tflop(size: KleinSize, canvas: int, references: int, steps: int, *, keeps_kv: bool = False) -> float:
    """TFLOP of the transformer for one page, by tokens of canvas and references: 2 per multiply and add."""
    blocks, width = size.num_layers + size.num_single_layers, size.width
    full = TOKENS + canvas + references
    matmul = 26 * width**2 * blocks
    attention = 4 * width * blocks
    if not keeps_kv:
        return steps * (matmul * full + attention * full**2) / 1e12
    seen = TOKENS + canvas
    first = matmul * full + attention * (seen * full + references**2)
    later = matmul * seen + attention * seen * full
    return (first + (steps - 1) * later) / 1e12


def _matmul_tflops(side: int = 8192, runs: int = 20) -> float:
    first, second = (torch.randn(side, side, device="cuda", dtype=torch.bfloat16) for _ in range(2))
    for _ in range(3):
        first @ second
    synchronize()
    started = time.perf_counter()
    for _ in range(runs):
        first @ second
    synchronize()
    return 2 * side**3 * runs / (time.perf_counter() - started) / 1e12
