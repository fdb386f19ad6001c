"""How well Pass 1 reads pages: panels, their order, balloons, lettering, art spared, time and memory.

Run: .venv/bin/python benchmarks/analysis.py [--set all] [--pages 500] [--kind regular] [--overlays DIR]

Three sets. `licensed`: the test pages that MANGA_FLUX_TEST_PAGES names. `train`: black-and-white pages made from the
later episodes in the folder that MANGA_FLUX_TRAIN_PAGES names, which nobody tunes on. `composed`: pages drawn by the
project's own composer, kinds in fixed shares, from a fixed seed; give --first-seed to tune on others than these, and
--licensed-art to fill their panels with the art of the training pages instead of own drawings.
"""

import argparse
import multiprocessing
import platform
import resource
import shlex
import statistics
import sys
import time
from collections.abc import Callable, Iterable
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from importlib.metadata import version
from pathlib import Path

import numpy as np
from analysis_bench.miss_pictures import write_misses
from analysis_bench.page_sets import Case, composed_cases, licensed_cases, training_cases
from analysis_bench.scores import Verdict, judge
from analysis_bench.tables import balloon_kind_table, score_table
from numpy.typing import NDArray

from mangaflux.engine.analysis.page import ANALYSIS_VERSION, analyze_page
from mangaflux.samples.composer.kinds import LAYOUT_KINDS
from mangaflux.samples.composer.page import compose_page

#: Of the first composed page that counts.
FIRST_SEED = 1000
#: Pages that the time is measured on, 1200 × 1700 each, after one that warms up.
TIMED_PAGES = 9


def judge_case(case: Case, overlays: Path | None) -> Verdict:
    """Makes a page, analyses it and holds the answer against the truth; runs in a worker process."""
    truth = case.load()
    found = analyze_page(truth.page, reading_direction=truth.reading_direction)
    verdict, misses = judge(truth, found)
    if overlays is not None:
        write_misses(overlays, truth, found, misses)
    return verdict


def judge_all(cases: list[Case], overlays: Path | None, jobs: int) -> list[Verdict]:
    """Every case, in `jobs` processes."""
    with ProcessPoolExecutor(jobs, mp_context=multiprocessing.get_context("spawn")) as pool:
        return list(pool.map(partial(judge_case, overlays=overlays), cases))


def seconds_of(page: NDArray[np.uint8]) -> float:
    """How long one analysis takes; runs in a process that does nothing else."""
    started = time.perf_counter()
    analyze_page(page)
    return time.perf_counter() - started


def peak_mib() -> float:
    """The largest resident size that this process ever had."""
    # Linux counts it in KiB.
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def measure() -> tuple[list[float], float]:
    """Seconds of each timed page, one page at a time in one process, and that process's peak memory in MiB."""
    kinds = tuple(LAYOUT_KINDS)[:4]
    with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as pool:
        seconds = []
        for number in range(TIMED_PAGES + 1):
            gray = compose_page(FIRST_SEED + number, kinds[number % len(kinds)]).gray
            seconds.append(pool.submit(seconds_of, np.repeat(gray[..., None], 3, axis=2)).result())
        return seconds[1:], pool.submit(peak_mib).result()


def chosen_sets(options: argparse.Namespace) -> dict[str, list[Case]]:
    """The cases of each set that was asked for."""
    makers: dict[str, Callable[[], list[Case]]] = {
        "licensed": licensed_cases,
        "train": training_cases,
        "composed": partial(
            composed_cases, options.pages, options.first_seed, options.kind, licensed_art=options.licensed_art
        ),
    }
    return {name: make() for name, make in makers.items() if options.set in (name, "all")}


def print_set(name: str, verdicts: list[Verdict]) -> None:
    print(f"\n## {name}\n")
    if not verdicts:
        print("No pages: the environment variable that names their folder is not set.")
        return
    print(score_table(verdicts))
    kinds = balloon_kind_table(verdicts)
    if kinds:
        print(f"\n{kinds}")


def print_time(seconds: Iterable[float], peak: float) -> None:
    times = sorted(seconds)
    print(f"\n## time and memory, {TIMED_PAGES} pages of 1200 × 1700, one process\n")
    print("| median s | fastest s | slowest s | peak RSS MiB |\n| --- | --- | --- | --- |")
    print(f"| {statistics.median(times):.2f} | {times[0]:.2f} | {times[-1]:.2f} | {peak:.0f} |", flush=True)


def machine() -> str:
    """Processor, number of them, and the versions that the figures depend on."""
    lines = Path("/proc/cpuinfo").read_text().splitlines() if sys.platform == "linux" else []
    name = next((line.split(":")[1].strip() for line in lines if line.startswith("model name")), platform.machine())
    parts = ("numpy", "opencv-python-headless", "scipy", "onnxruntime", "rapidocr")
    versions = ", ".join(f"{part} {version(part)}" for part in parts)
    return f"{name} × {multiprocessing.cpu_count()}; Python {platform.python_version()}, {versions}"


def parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Measures Pass 1 against pages with truth.")
    parser.add_argument("--set", choices=("licensed", "train", "composed", "all"), default="all")
    parser.add_argument("--pages", type=int, default=500, help="composed pages (default 500)")
    parser.add_argument("--first-seed", type=int, default=FIRST_SEED, help="of the composed pages")
    parser.add_argument("--kind", choices=tuple(LAYOUT_KINDS), help="only composed pages of this kind")
    parser.add_argument(
        "--licensed-art", action="store_true", help="composed pages show panels of MANGA_FLUX_TRAIN_PAGES"
    )
    parser.add_argument("--overlays", type=Path, help="a folder for pictures of what was seen and missed")
    parser.add_argument("--jobs", type=int, default=2, help="processes, but for the timing (default 2)")
    parser.add_argument("--no-timing", action="store_true", help="scores only")
    return parser.parse_args()


def main() -> None:
    options = parse_arguments()
    print(f"# Page analysis, version {ANALYSIS_VERSION}\n")
    print(f"`{shlex.join(['python', *sys.argv])}`  \n{machine()}", flush=True)
    for name, cases in chosen_sets(options).items():
        print_set(name, judge_all(cases, options.overlays, options.jobs))
    if not options.no_timing:
        print_time(*measure())


if __name__ == "__main__":
    main()
