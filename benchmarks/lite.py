"""How well does the lite engine take over the colours of a reference, and what does it cost?

Run: .venv/bin/python benchmarks/lite.py [--every 1] [--table colours|pairs|swap|constancy|cost|all] [--rows NAME …]

Pages: the licensed pairs in the folder that MANGA_FLUX_TEST_PAGES names, after other pages of their episode, and the
project's own sample chapters, after their references; `lite_bench/pairs.py` lists them. Every row is judged as a
finished page: the layer, the chapter's palette and the drawing on top. Time is the CPU time of one process,
OpenCV without threads, but for the clock of the cost table.
"""

import argparse
import multiprocessing
import platform
import shlex
import sys
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import astuple
from functools import cache
from importlib.metadata import version
from pathlib import Path

import cv2
import numpy as np
from lite_bench.chapter import constancy
from lite_bench.contenders import Painter, SeenPage, paint, painters, see
from lite_bench.cost import PARTS, Cost, cost_of
from lite_bench.measures import score
from lite_bench.pairs import Pair, comic_pairs, sample_pairs
from lite_bench.sheet import contact_sheet
from lite_bench.swap import swapped_pages

from mangaflux.engine.analysis.page import ANALYSIS_VERSION
from mangaflux.engine.base import Quality
from mangaflux.engine.finishing.compositing import FINISHING_VERSION
from mangaflux.engine.lite.engine import LiteEngine

#: Chapters that constancy is measured on, by seed, and pages of each.
CHAPTER_SEEDS, CHAPTER_PAGES = (731, 732, 733), 12
#: Width and height of the pages that cost is measured on.
TIMED_SIZE = (1200, 1700)
#: Rows that have a cost.
TIMED: Sequence[tuple[str, Quality]] = (("renderer", "best"), ("renderer", "fast"), ("renderer + network", "best"))
#: Pages on a contact sheet.
SHEET_PAGES = 24

Rows = Mapping[str, Painter]


@cache
def all_pairs(every: int) -> tuple[tuple[Pair, SeenPage], ...]:
    """Every so many-th of the pairs with what is known of their pages."""
    found: dict[str, SeenPage] = {}
    pairs = [*comic_pairs(), *sample_pairs()][::every]
    for pair in pairs:
        if pair.page_name not in found:
            found[pair.page_name] = see(pair.page)
    return tuple((pair, found[pair.page_name]) for pair in pairs)


def colours_table(rows: Rows, every: int) -> str:
    """All rows against the true colours, by group of pairs."""
    lines = []
    for name, painter in rows.items():
        scores: dict[str, list[tuple[float, ...]]] = defaultdict(list)
        for pair, seen in all_pairs(every):
            painted = paint(painter, seen, pair.references)
            scores[pair.group].append((*astuple(score(painted.image, pair.truth, pair.inside)), painted.seconds))
        for group, values in scores.items():
            lines.append([f"{group} ({len(values)})", name, *_formatted(np.mean(values, axis=0))])
    lines.sort(key=lambda line: line[0])
    heads = ["pairs", "row", "hue hit", "a*b* error", "palette", "colourfulness", "PSNR dB", "SSIM", "engine s"]
    return table(heads, lines)


def pairs_table(rows: Rows, every: int) -> str:
    """Hue hit, palette distance and colourfulness of every single pair."""
    lines = []
    for pair, seen in all_pairs(every):
        cells = []
        for painter in rows.values():
            found = score(paint(painter, seen, pair.references).image, pair.truth, pair.inside)
            cells.append(f"{found.hue_hit:.2f} / {found.palette:.1f} / {found.colourfulness:.2f}")
        lines.append([pair.name, *cells])
    return table(["pair", *rows], lines)


def swap_table(rows: Rows, every: int) -> str:
    """With two references, how many pages come out nearer to the palette of their own?"""
    lines = []
    for name, painter in rows.items():
        if name != "grey page":
            nearer = [kept for pair, seen in all_pairs(every) for kept in swapped_pages(painter, pair, seen)]
            lines.append([name, f"{len(nearer)}", f"{np.mean(nearer):.1%}"])
    return table(["row", "pages", "nearer to their own reference"], lines)


def constancy_table(rows: Rows, every: int) -> str:
    """Do characters keep the colours of hair and clothes through a chapter?"""
    lines = []
    for name, painter in rows.items():
        if name != "grey page":
            found = constancy(painter, CHAPTER_SEEDS[: max(1, len(CHAPTER_SEEDS) // every)], CHAPTER_PAGES)
            lines.append([name, f"{found.median:.1f}", f"{found.upper_quartile:.1f}", f"{found.pairs}"])
    return table(["row", "median ΔE", "upper quartile", "pairs of pages"], lines)


def cost_table(rows: Rows, every: int) -> str:
    """Time and memory of pages, by stage."""
    costs = {f"{name}, {quality}": cost_of(name, quality, TIMED_SIZE) for name, quality in TIMED if name in rows}
    lines = [[f"{part}, CPU", *(f"{cost.cpu[part]:.2f}" for cost in costs.values())] for part in PARTS]
    for name in dict.fromkeys(name for cost in costs.values() for name in cost.by_clock):
        lines.append([f"{name}, clock", *(_span(cost, name) for cost in costs.values())])
    lines.append(["peak MiB of the process", *(f"{cost.peak_mib:.0f}" for cost in costs.values())])
    return table(["s", *costs], lines)


def _span(cost: Cost, name: str) -> str:
    if name not in cost.by_clock:
        return ""
    median, slowest = cost.by_clock[name]
    return f"{median:.2f} ({slowest:.2f})"


def write_sheet(path: Path, every: int) -> None:
    """Writes a picture of 24 pages before and after."""
    pairs = all_pairs(every)
    chosen = [pairs[index] for index in np.linspace(0, len(pairs) - 1, SHEET_PAGES).round().astype(int)]
    shipped = list(painters().values())[-1]
    sheet = contact_sheet(chosen, shipped)
    cv2.imwrite(str(path), cv2.cvtColor(sheet, cv2.COLOR_RGB2BGR))


def table(heads: Iterable[str], rows: Iterable[Sequence[str]]) -> str:
    """A Markdown table."""
    heads = list(heads)
    return "\n".join("| " + " | ".join(cells) + " |" for cells in [heads, ["---"] * len(heads), *rows])


def _formatted(means: Iterable[float]) -> list[str]:
    return [
        form.format(mean) for form, mean in zip(("{:.3f}", *["{:.2f}"] * 4, "{:.3f}", "{:.2f}"), means, strict=True)
    ]


def machine() -> str:
    """Processor, number of them, and the versions that the figures depend on."""
    lines = Path("/proc/cpuinfo").read_text().splitlines() if sys.platform == "linux" else []
    name = next((line.split(":")[1].strip() for line in lines if line.startswith("model name")), platform.machine())
    parts = ("numpy", "opencv-python-headless", "scipy", "onnxruntime")
    versions = ", ".join(f"{part} {version(part)}" for part in parts)
    return f"{name} × {multiprocessing.cpu_count()}; Python {platform.python_version()}, {versions}"


def parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Measures the lite engine against pages whose colours are known.")
    parser.add_argument("--every", type=int, default=1, help="take every so many-th pair (default: all)")
    parser.add_argument(
        "--table", choices=("colours", "pairs", "swap", "constancy", "cost", "all"), default="all", help="which table"
    )
    parser.add_argument("--rows", nargs="+", choices=tuple(painters()), help="which rows (default: all)")
    parser.add_argument("--sheet", type=Path, help="write 24 coloured pages as one picture, and no table")
    return parser.parse_args()


def main() -> None:
    options = parse_arguments()
    if options.sheet:
        write_sheet(options.sheet, options.every)
        return
    revision = LiteEngine().model.revision
    print(f"# Lite, revision {revision}, on analysis {ANALYSIS_VERSION} and finishing {FINISHING_VERSION}\n")
    print(f"`{shlex.join(['python', *sys.argv])}`  \n{machine()}", flush=True)
    cv2.setNumThreads(1)
    rows = {name: painter for name, painter in painters().items() if not options.rows or name in options.rows}
    tables: Mapping[str, tuple[str, Callable[[Rows, int], str]]] = {
        "colours": ("finished pages against the true colours", colours_table),
        "pairs": ("hue hit / palette / colourfulness of each pair", pairs_table),
        "swap": ("pages after their own reference and after another", swap_table),
        "constancy": (f"hair and clothes through chapters of {CHAPTER_PAGES} pages", constancy_table),
        "cost": (
            f"pages of {TIMED_SIZE[0]} × {TIMED_SIZE[1]}: one in CPU seconds; by the clock 12, median (slowest)",
            cost_table,
        ),
    }
    for name, (title, make) in tables.items():
        if options.table == name or (options.table == "all" and name != "pairs"):
            print(f"\n## {title}\n\n{make(rows, options.every)}", flush=True)


if __name__ == "__main__":
    main()
