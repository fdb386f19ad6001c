"""What a page costs in time and memory, stage by stage."""

import multiprocessing
import time
from collections.abc import Mapping
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from lite_bench.contenders import Image, Painter, paint, painters, request_for
from mangaflux.engine.analysis.page import analyze_page
from mangaflux.engine.base import Quality
from mangaflux.samples.chapter import draw_page, draw_reference

#: Of which the fastest counts, and the seed of the chapter whose pages are taken.
_RUNS, _SEED = 3, 741


@dataclass(frozen=True, slots=True)
class Cost:
    """One page with one painter."""

    #: CPU seconds without threads, by stage, "pass 1" and "finishing" among them.
    seconds: Mapping[str, float]
    #: Seconds by the clock with as many threads as there are cores: the engine alone.
    engine_by_clock: float
    #: Largest resident size of a process that does all of it, in MiB.
    peak_mib: float


def cost_of(row: str, quality: Quality, size: tuple[int, int]) -> Cost:
    """What a sample page of this width and height costs, measured in a process of its own; the reference is read
    before, as for every page of a chapter but its first.
    """
    with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as pool:
        return pool.submit(_measured, row, quality, size).result()


def _measured(row: str, quality: Quality, size: tuple[int, int]) -> Cost:
    page = np.repeat(draw_page(_SEED, width=size[0], height=size[1]).ink[..., None], 3, axis=2)
    references = (draw_reference(_SEED),)
    _forget_peak()
    painter = painters()[row]
    cv2.setNumThreads(1)
    runs = [_run(painter, page, references, quality) for _ in range(_RUNS)]
    cv2.setNumThreads(multiprocessing.cpu_count())
    analysis = analyze_page(page)
    started = time.perf_counter()
    painter(request_for(page, analysis, references, 1, quality))
    by_clock = time.perf_counter() - started
    return Cost({name: min(run[name] for run in runs) for name in runs[0]}, by_clock, _peak_mib())


def _run(painter: Painter, page: Image, references: tuple[Image, ...], quality: Quality) -> dict[str, float]:
    started = time.process_time()
    analysis = analyze_page(page)
    analysed = time.process_time() - started
    painted = paint(painter, page, analysis, references, quality=quality)
    stages = {name: milliseconds / 1000 for name, milliseconds in painted.layer.timings_ms.items()}
    return {"Pass 1": analysed, **stages, "engine": painted.engine_seconds, "finishing": painted.finishing_seconds}


def _forget_peak() -> None:
    # Linux: the peak starts anew at what is resident now (proc_pid_clear_refs(5)).
    Path("/proc/self/clear_refs").write_text("5")


def _peak_mib() -> float:
    """The largest resident size since it was last forgotten."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM:")) / 1024
