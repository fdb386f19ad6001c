"""What a page costs in time and memory, stage by stage."""

import multiprocessing
import time
from collections.abc import Mapping
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from lite_bench.contenders import Image, Painter, painters
from mangaflux.engine.analysis.page import analyze_page
from mangaflux.engine.base import ColorizeRequest, Quality
from mangaflux.engine.finishing.chapter_palette import read_chapter_palette
from mangaflux.engine.finishing.compositing import DEFAULT_RECIPE
from mangaflux.engine.finishing.draft import start_draft
from mangaflux.samples.chapter import draw_page, draw_reference

#: Of which the fastest counts, and the seed of the chapter whose pages are taken.
_RUNS, _SEED = 3, 741


@dataclass(frozen=True, slots=True)
class Cost:
    """One page with one painter."""

    #: CPU seconds without threads, by stage, "Pass 1" and "finishing" among them.
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
    request = _request(page, references, quality)
    cv2.setNumThreads(multiprocessing.cpu_count())
    started = time.perf_counter()
    painter(request)
    by_clock = time.perf_counter() - started
    return Cost({name: min(run[name] for run in runs) for name in runs[0]}, by_clock, _peak_mib())


def _run(painter: Painter, page: Image, references: tuple[Image, ...], quality: Quality) -> dict[str, float]:
    palette = read_chapter_palette(references, {})
    laps = [time.process_time()]
    request = _request(page, references, quality)
    laps.append(time.process_time())
    layer = painter(request)
    laps.append(time.process_time())
    start_draft(request, layer, DEFAULT_RECIPE, palette)
    laps.append(time.process_time())
    analysis, engine, finishing = np.diff(laps).tolist()
    stages = {name: milliseconds / 1000 for name, milliseconds in layer.timings_ms.items()}
    return {"Pass 1": analysis, **stages, "engine": engine, "finishing": finishing}


def _request(page: Image, references: tuple[Image, ...], quality: Quality) -> ColorizeRequest:
    return ColorizeRequest(page, analyze_page(page), references, 1, prompt="", quality=quality)


def _forget_peak() -> None:
    # Linux: the peak starts anew at what is resident now (proc_pid_clear_refs(5)).
    Path("/proc/self/clear_refs").write_text("5")


def _peak_mib() -> float:
    """The largest resident size since it was last forgotten."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM:")) / 1024
