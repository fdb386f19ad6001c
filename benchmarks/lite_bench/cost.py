"""What a page costs in time and memory, stage by stage."""

import multiprocessing
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from lite_bench.contenders import Image, Painter, SeenPage, painters, request_of
from mangaflux.engine.analysis.page import analyze_page
from mangaflux.engine.base import Quality
from mangaflux.engine.finishing.chapter_palette import read_chapter_palette
from mangaflux.engine.finishing.compositing import DEFAULT_RECIPE
from mangaflux.engine.finishing.draft import start_draft
from mangaflux.engine.finishing.drawing import read_drawing
from mangaflux.samples.chapter import draw_chapter, draw_reference

GrayImage = NDArray[np.uint8]

#: Of which the fastest counts; and the chapters whose pages are taken, and how many of each.
_RUNS, _SEEDS, _PAGES = 3, (741, 742, 743, 744), 3
#: Of a page.
PARTS = ("Pass 1", "engine", "finishing", "all")


@dataclass(frozen=True, slots=True)
class Cost:
    """Pages with one painter."""

    #: Seconds of CPU for the first page, OpenCV without threads, by part.
    cpu: Mapping[str, float]
    #: Seconds by the clock, OpenCV with as many threads as there are cores, by part and by stage of the engine: the
    #: median page and the slowest.
    by_clock: Mapping[str, tuple[float, float]]
    #: Largest resident size of a process that does all of the first page, in MiB.
    peak_mib: float


def cost_of(row: str, quality: Quality, size: tuple[int, int]) -> Cost:
    """What sample pages of this width and height cost, measured in a process of its own; the reference is read
    before, as for every page of a chapter but its first.
    """
    with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as pool:
        return pool.submit(_measured, row, quality, size).result()


def _measured(row: str, quality: Quality, size: tuple[int, int]) -> Cost:
    pages = (page for seed in _SEEDS for page in _drawn(seed, size))
    first = next(pages)
    _forget_peak()
    painter = painters()[row]
    cv2.setNumThreads(1)
    cpu = _fastest(painter, *first, quality, time.process_time)
    cv2.setNumThreads(multiprocessing.cpu_count())
    clocks = [_fastest(painter, *first, quality, time.perf_counter)]
    peak_mib = _peak_mib()
    clocks += [_fastest(painter, *page, quality, time.perf_counter) for page in pages]
    by_clock = {name: [clock[name] for clock in clocks] for name in clocks[0]}
    spans = {name: (float(np.median(seconds)), max(seconds)) for name, seconds in by_clock.items()}
    return Cost({part: cpu[part] for part in PARTS}, spans, peak_mib)


def _drawn(seed: int, size: tuple[int, int]) -> Iterator[tuple[GrayImage, tuple[Image, ...]]]:
    references = (draw_reference(seed),)
    for page in draw_chapter(seed, _PAGES, width=size[0], height=size[1]):
        yield page.ink, references


def _fastest(
    painter: Painter, ink: GrayImage, references: tuple[Image, ...], quality: Quality, clock: Callable[[], float]
) -> Mapping[str, float]:
    page = np.repeat(ink[..., None], 3, axis=2)
    runs = [_run(painter, page, references, quality, clock) for _ in range(_RUNS)]
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
    # By the clock in any case.
    stages = {name: milliseconds / 1000 for name, milliseconds in layer.timings_ms.items()}
    return {"Pass 1": pass_1, **stages, "engine": engine, "finishing": before + after, "all": laps[-1] - laps[0]}


def _forget_peak() -> None:
    # Linux: the peak starts anew at what is resident now (proc_pid_clear_refs(5)).
    Path("/proc/self/clear_refs").write_text("5")


def _peak_mib() -> float:
    """The largest resident size since it was last forgotten."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM:")) / 1024
