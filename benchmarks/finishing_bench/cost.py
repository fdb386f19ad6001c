"""What finishing costs in time and memory."""

import multiprocessing
import time
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from finishing_bench.pages import drawn_pages
from mangaflux.engine.analysis.page import analyze_page
from mangaflux.engine.base import ColourLayer
from mangaflux.engine.finishing.compositing import composite
from mangaflux.engine.finishing.drawing import read_drawing
from mangaflux.engine.finishing.fidelity import measure_fidelity
from mangaflux.samples.engine_layers import at_layer_size

#: Of which the fastest counts.
_RUNS = 3


@dataclass(frozen=True, slots=True)
class Cost:
    """CPU seconds by step, without threads, and MiB of memory beyond the page, its masks and the layer."""

    drawing: float
    compositing: float
    fidelity: float
    added_peak: float


def cost_of(width: int, height: int) -> Cost:
    """The cost of a page of this size, measured in a process of its own."""
    with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as pool:
        return pool.submit(_measured, width, height).result()


def _measured(width: int, height: int) -> Cost:
    cv2.setNumThreads(1)
    (known,) = drawn_pages(1, width=width, height=height)
    page, analysis, layer = known.page, analyze_page(known.page), at_layer_size(known.colour)
    del known
    _forget_peak()
    started = _peak_mib()
    runs = []
    for _ in range(_RUNS):
        laps = [time.process_time()]
        drawing = read_drawing(page, "soften")
        laps.append(time.process_time())
        finished = composite(page, ColourLayer(image=layer), analysis, drawing=drawing)
        laps.append(time.process_time())
        measure_fidelity(page, drawing, layer, finished, analysis)
        laps.append(time.process_time())
        runs.append(np.diff(laps))
    drawing_s, compositing_s, fidelity_s = np.min(runs, axis=0)
    return Cost(drawing_s, compositing_s, fidelity_s, _peak_mib() - started)


def _forget_peak() -> None:
    # Linux: the peak starts anew at what is resident now (proc_pid_clear_refs(5)).
    Path("/proc/self/clear_refs").write_text("5")


def _peak_mib() -> float:
    """The largest resident size since it was last forgotten."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM:")) / 1024
