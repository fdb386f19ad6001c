"""Our engine over a chapter, as the server runs it: decoding and encoding beside the device."""

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

from flux_bench.device import Subject, clear, peak_gib
from flux_bench.inputs import Inputs, decode, request_of
from mangaflux.engine.base import ColorizeRequest, RgbImage, SilentContext
from mangaflux.engine.flux.engine import FluxEngine
from mangaflux.engine.imaging import encode_png
from mangaflux.models.store import ModelStore
from mangaflux.settings import FluxSettings


@dataclass(frozen=True)
class Loaded:
    """A warm engine, and what it took to get there."""

    engine: FluxEngine
    load_seconds: float
    load_peak_gib: float


@dataclass(frozen=True)
class Run:
    """A chapter that was coloured."""

    seconds_a_page: float
    #: From PNG bytes in to PNG bytes out, of a page that has the machine to itself.
    latency_seconds: float
    device_seconds: float
    peak_gib: float


@contextmanager
def loaded(subject: Subject, **settings: object) -> Iterator[Loaded]:
    """An engine on a model, with these settings; freed at the end of the block."""
    clear()
    width, height = subject.page
    values = {
        "model": str(subject.folder),
        "cache_dir": str(subject.cache),
        "buckets": (f"{width}x{height}",),
        "min_pixels": min(width * height, 262_144),
    } | settings
    if not torch.cuda.is_available():
        values |= {"device": "cpu", "memory_profile": "auto"}
    engine = FluxEngine(FluxSettings.model_validate(values), ModelStore(subject.cache))
    started = time.perf_counter()
    engine.load()
    taken = Loaded(engine, time.perf_counter() - started, peak_gib())
    # The prompt is one that was seen before, as after the first page of a chapter.
    engine.colorize(request_of(np.full((height, width, 3), 255, np.uint8), ()), SilentContext())
    try:
        yield taken
    finally:
        engine.unload()
        clear()


def colour_chapter(engine: FluxEngine, inputs: Inputs, page_size: tuple[int, int] | None = None) -> Run:
    """PNG bytes in, PNG bytes out, one page after another on the device and everything else beside it."""
    style = decode(inputs.style)

    def prepare(page: bytes) -> ColorizeRequest:
        return request_of(decode(page, page_size), (style,))

    started = time.perf_counter()
    encode_png(engine.colorize(prepare(inputs.pages[0]), SilentContext()).image)
    latency = time.perf_counter() - started
    on_device: list[float] = []
    peaks: list[int] = []
    with ThreadPoolExecutor(4) as pool:
        started = time.perf_counter()
        requests = [pool.submit(prepare, page) for page in inputs.pages]
        files = []
        for request in requests:
            ready = request.result()
            began = time.perf_counter()
            layer = engine.colorize(ready, SilentContext())
            on_device.append(time.perf_counter() - began)
            peaks.append(layer.peak_memory_bytes or 0)
            files.append(pool.submit(encode_png, layer.image))
        assert all(len(file.result()) > 0 for file in files)
        seconds = time.perf_counter() - started
    device_seconds = float(np.median(on_device))
    return Run(seconds / len(inputs.pages), latency, device_seconds, max(peaks) / 1024**3)


def paint(engine: FluxEngine, page: RgbImage, styles: tuple[RgbImage, ...], **changes: Any) -> RgbImage:
    """One layer."""
    return engine.colorize(request_of(page, styles, **changes), SilentContext()).image


def device_seconds(
    engine: FluxEngine, page: RgbImage, styles: tuple[RgbImage, ...], runs: int = 5, **changes: Any
) -> float:
    """Median seconds of one page on the device, after one that warms its size."""
    paint(engine, page, styles, **changes)
    spent = []
    for number in range(runs):
        started = time.perf_counter()
        paint(engine, page, styles, **({"seed": number} | changes))
        spent.append(time.perf_counter() - started)
    return float(np.median(spent))
