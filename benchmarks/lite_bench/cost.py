"""What a page costs in time and memory, stage by stage."""

import multiprocessing
import time
from collections.abc import Mapping
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from lite_bench.contenders import Image, Painter, SeenPage, painters, request_of, see
from mangaflux.engine.analysis.page import analyze_page
from mangaflux.engine.base import Quality
from mangaflux.engine.finishing.chapter_palette import read_chapter_palette
from mangaflux.engine.finishing.compositing import DEFAULT_RECIPE
from mangaflux.engine.finishing.draft import start_draft
from mangaflux.engine.finishing.drawing import read_drawing
from mangaflux.samples.chapter import draw_page, draw_reference

#: Of which the fastest counts, and the seed of the chapter whose pages are taken.
_RUNS, _SEED = 3, 741


@dataclass(frozen=True, slots=True)
class Cost:
    """One page with one painter."""

    #: CPU seconds without threads, by stage, "Pass 1" and "finishing" among them.
    seconds: Mapping[str, float]
    #: Seconds by the clock with as many threads as there are cores: the engine alone, and Pass 1 to finishing.
    engine_by_clock: float
    all_by_clock: float
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
    clocks = [_by_clock(painter, page, references, quality) for _ in range(_RUNS)]
    seconds = {name: min(run[name] for run in runs) for name in runs[0]}
    engine, everything = (min(laps) for laps in zip(*clocks, strict=True))
    return Cost(seconds, engine, everything, _peak_mib())


def _by_clock(painter: Painter, page: Image, references: tuple[Image, ...], quality: Quality) -> tuple[float, float]:
    """Seconds of the engine and of everything."""
    palette = read_chapter_palette(references, {})
    started = time.perf_counter()
    request = request_of(see(page), references, quality=quality)
    prepared = time.perf_counter()
    layer = painter(request)
    painted = time.perf_counter()
    start_draft(request, layer, DEFAULT_RECIPE, palette)
    return painted - prepared, time.perf_counter() - started


def _run(painter: Painter, page: Image, references: tuple[Image, ...], quality: Quality) -> dict[str, float]:
    palette = read_chapter_palette(references, {})
    laps = [time.process_time()]
    analysis = analyze_page(page)
    laps.append(time.process_time())
    drawing = read_drawing(page, DEFAULT_RECIPE.screentone)
    laps.append(time.process_time())
    request = request_of(SeenPage(page, analysis, drawing), references, quality=quality)
    layer = painter(request)
    laps.append(time.process_time())
    start_draft(request, layer, DEFAULT_RECIPE, palette)
    laps.append(time.process_time())
    pass_1, before, engine, after = np.diff(laps).tolist()
    stages = {name: milliseconds / 1000 for name, milliseconds in layer.timings_ms.items()}
    return {"Pass 1": pass_1, **stages, "engine": engine, "finishing": before + after}


def _forget_peak() -> None:
    # Linux: the peak starts anew at what is resident now (proc_pid_clear_refs(5)).
    Path("/proc/self/clear_refs").write_text("5")


def _peak_mib() -> float:
    """The largest resident size since it was last forgotten."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM:")) / 1024
