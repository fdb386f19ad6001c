"""What a page costs in time and memory, stage by stage."""

import multiprocessing
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from lite_bench.contenders import Image, Painter, SeenPage, painters, request_of
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

    #: Seconds by stage, "Pass 1", "engine", "finishing" and "all" among them: of CPU, OpenCV without threads; and by
    #: the clock, OpenCV with as many threads as there are cores.
    cpu: Mapping[str, float]
    by_clock: Mapping[str, float]
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
    runs = [_run(painter, page, references, quality, time.process_time) for _ in range(_RUNS)]
    cv2.setNumThreads(multiprocessing.cpu_count())
    clocks = [_run(painter, page, references, quality, time.perf_counter) for _ in range(_RUNS)]
    return Cost(_fastest(runs), _fastest(clocks), _peak_mib())


def _fastest(runs: Sequence[Mapping[str, float]]) -> Mapping[str, float]:
    return {name: min(run[name] for run in runs) for name in runs[0]}


def _run(
    painter: Painter, page: Image, references: tuple[Image, ...], quality: Quality, clock: Callable[[], float]
) -> dict[str, float]:
    palette = read_chapter_palette(references, {})
    laps = [clock()]
    analysis = analyze_page(page)
    laps.append(clock())
    drawing = read_drawing(page, DEFAULT_RECIPE.screentone)
    laps.append(clock())
    request = request_of(SeenPage(page, analysis, drawing), references, quality=quality)
    layer = painter(request)
    laps.append(clock())
    start_draft(request, layer, DEFAULT_RECIPE, palette)
    laps.append(clock())
    pass_1, before, engine, after = np.diff(laps).tolist()
    stages = {name: milliseconds / 1000 for name, milliseconds in layer.timings_ms.items()}
    return {"Pass 1": pass_1, **stages, "engine": engine, "finishing": before + after, "all": laps[-1] - laps[0]}


def _forget_peak() -> None:
    # Linux: the peak starts anew at what is resident now (proc_pid_clear_refs(5)).
    Path("/proc/self/clear_refs").write_text("5")


def _peak_mib() -> float:
    """The largest resident size since it was last forgotten."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM:")) / 1024
