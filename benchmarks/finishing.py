"""What does finishing keep of a page, which merge rule is best, are bad layers told from good ones, what does it cost?

Run: .venv/bin/python benchmarks/finishing.py [--pages 8] [--table NAME] [--sheet FILE]; `--help` names the tables

Pages: drawn by the project's own samples, and the pairs in colour and black and white in the folder that
MANGA_FLUX_TEST_PAGES names. Layers: the true colours blurred, shifted or drawn anew, known-bad ones, and the lite
engine's. Time is the CPU time of one process without threads.
"""

import argparse
import multiprocessing
import platform
import shlex
import sys
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import get_args

import cv2
import numpy as np
from finishing_bench.chapters import chapter_drift
from finishing_bench.cost import cost_of
from finishing_bench.layers import STATES, bad_layers, good_layers, lite_layer
from finishing_bench.pages import KnownPage, drawn_pages, licensed_pages
from finishing_bench.scores import Kept, coloured_whites, judge_colours, judge_kept
from finishing_bench.sheet import contact_sheet
from numpy.typing import NDArray

from mangaflux.engine.analysis.page import ANALYSIS_VERSION, analyze_page
from mangaflux.engine.base import ColourLayer
from mangaflux.engine.finishing.compositing import FINISHING_VERSION, FinishingRecipe, composite
from mangaflux.engine.finishing.drawing import read_drawing
from mangaflux.engine.finishing.fidelity import measure_fidelity
from mangaflux.engine.finishing.merging import MergeRule

#: Width and height of the pages that cost is measured on.
TIMED_SIZES = ((1200, 1700), (4000, 6000), (10000, 10000))

#: Share of screentone from which a page is rich in tone.
TONE_RICH = 0.3

#: Chapters whose colours go astray, by seed, their pages, and strengths of the correction.
CHAPTER_SEEDS, CHAPTER_PAGES, STRENGTHS = (41, 52, 63), 12, (0.3, 0.5, 0.7)


#: Pages on a contact sheet.
SHEET_PAGES = 10


def all_pages(count: int) -> list[KnownPage]:
    """The drawn and the licensed pages."""
    return [*drawn_pages(count), *licensed_pages()]


def kept_table(pages: Sequence[KnownPage]) -> str:
    """What finishing keeps, by the masks that say where."""
    kept: dict[tuple[str, str], list[Kept]] = defaultdict(list)
    for known in pages:
        analysis = analyze_page(known.page)
        drawing = read_drawing(known.page, "soften")
        layers = {"re-drawn": STATES["re-drawn"](known), "lite": lite_layer(known, analysis)}
        for name, layer in layers.items():
            kept[known.group, name].append(judge_kept(known, drawing, layer, analysis))
    rows = []
    for (group, name), results in kept.items():
        for masks in ("own", "truth"):
            parts = [getattr(result, masks) for result in results]
            rows.append(
                [
                    f"{group}, {name}",
                    masks,
                    _percent(part.lettering_identical for part in parts),
                    _percent(part.coloured_whites for part in parts),
                    f"{max(part.largest_white_chroma for part in parts):.1f}",
                    f"{np.mean([part.ink_kept for part in parts]):.4f}",
                    f"{np.mean([result.raw_iou for result in results]):.2f}",
                    f"{np.mean([result.finished_iou for result in results]):.2f}",
                ]
            )
    heads = ["layer", "masks", "lettering identical", "whites C* > 3", "max C*", "ink kept", "line IoU raw", "finished"]
    return table(heads, rows)


def whites_table(pages: Sequence[KnownPage]) -> str:
    """Gutters and balloons that lite colours, under the true masks, page by page of the licensed ones."""
    rows, shares = [], []
    for known in (page for page in pages if page.group != "drawn"):
        analysis = analyze_page(known.page)
        finished = composite(known.page, ColourLayer(image=lite_layer(known, analysis)), analysis)
        shares.append(coloured_whites(known, finished))
        rows.append([known.name, *(f"{share:.2%}" for share in shares[-1])])
    if shares:
        rows.append(["all", *(f"{share:.2%}" for share in np.mean(shares, axis=0))])
    return table(["page", "whites C* > 3", "without what the page in colour draws there"], rows)


def merging_table(pages: Sequence[KnownPage]) -> str:
    """PSNR and SSIM against the true colours, by merge rule and screentone."""
    scores: dict[tuple[str, str, str], list[tuple[float, float]]] = defaultdict(list)
    for known in pages:
        analysis = analyze_page(known.page)
        group = f"{known.group}, {'tone-rich' if analysis.tone.tone_share >= TONE_RICH else 'paper-white'}"
        layers = {name: make(known) for name, make in STATES.items()}
        for screentone in ("soften", "keep"):
            drawing = read_drawing(known.page, screentone)
            for rule in get_args(MergeRule):
                recipe = FinishingRecipe(merge=rule, screentone=screentone)
                for name, layer in layers.items():
                    key = (group, f"{rule}, {screentone}", name)
                    scores[key].append(judge_colours(known, drawing, layer, analysis, recipe))
    rows = []
    for group, recipe_name in dict.fromkeys((group, recipe) for group, recipe, _ in scores):
        means = [np.mean(scores[group, recipe_name, name], axis=0) for name in STATES]
        rows.append([group, recipe_name, *(f"{psnr:.2f} / {ssim:.3f}" for psnr, ssim in means)])
    return table(["pages", "rule, screentone", *STATES], rows)


def bank_table(pages: Sequence[KnownPage]) -> str:
    """How well bad layers are told from good ones: the area under the ROC curve of the fidelity score."""
    scores: dict[str, list[float]] = defaultdict(list)
    verdicts: dict[str, list[str]] = defaultdict(list)
    good: set[str] = set()
    for known in pages:
        analysis = analyze_page(known.page)
        drawing = read_drawing(known.page, "soften")
        fine = good_layers(known, analysis)
        good |= set(fine)
        for name, layer in {"the page itself": known.page, **fine, **bad_layers(known)}.items():
            finished = composite(known.page, ColourLayer(image=layer), analysis, drawing=drawing)
            fidelity = measure_fidelity(known.page, drawing, layer, finished, analysis)
            scores[name].append(fidelity.score)
            verdicts[name].append(fidelity.verdict)
    fine_scores = np.concatenate([scores[name] for name in sorted(good)])
    rows = []
    for name, values in scores.items():
        shares = (
            f"{verdicts[name].count(verdict) / len(values):.0%}"
            for verdict in ("acceptable", "micro_repair", "critical")
        )
        of_bad = "" if name in good or name == "the page itself" else f"{area_under_curve(fine_scores, values):.3f}"
        rows.append([name, f"{min(values):.2f}", f"{np.median(values):.2f}", f"{max(values):.2f}", *shares, of_bad])
    return table(["layer", "lowest", "median", "highest", "acceptable", "micro repair", "critical", "ROC AUC"], rows)


def palette_table() -> str:
    """How far the colours of a chapter are from the true ones and from its palette, by strength of the correction."""
    means = np.mean([chapter_drift(seed, CHAPTER_PAGES, STRENGTHS) for seed in CHAPTER_SEEDS], axis=0)
    rows = [[f"{strength}", *(f"{value:.2f}" for value in row)] for strength, row in zip(STRENGTHS, means, strict=True)]
    heads = ["strength", "error before", "after", "of true colours after", "drift before", "after"]
    return table(heads, rows)


def write_sheet(path: Path) -> None:
    """Writes a picture of ten finished pages, drawn ones where there are not enough of the others."""
    licensed = list(licensed_pages())[: SHEET_PAGES // 2]
    sheet = contact_sheet([*drawn_pages(SHEET_PAGES - len(licensed)), *licensed])
    cv2.imwrite(str(path), cv2.cvtColor(sheet, cv2.COLOR_RGB2BGR))


def area_under_curve(good: NDArray[np.float64], bad: Sequence[float]) -> float:
    """The chance that a good one scores above a bad one; ties count half."""
    one, other = good[:, None], np.asarray(bad)[None, :]
    return float(((one > other) + 0.5 * (one == other)).mean())


def cost_table() -> str:
    """Time and memory by the size of the page."""
    rows = []
    for width, height in TIMED_SIZES:
        cost = cost_of(width, height)
        seconds = (cost.drawing, cost.compositing, cost.fidelity)
        told = [f"{value:.2f}" for value in (*seconds, sum(seconds))]
        rows.append([f"{width} × {height}", *told, f"{cost.added_peak:.0f}"])
    return table(["page", "drawing s", "compositing s", "fidelity s", "all s", "added peak MiB"], rows)


def table(heads: Iterable[str], rows: Iterable[Sequence[str]]) -> str:
    """A Markdown table."""
    heads = list(heads)
    return "\n".join("| " + " | ".join(cells) + " |" for cells in [heads, ["---"] * len(heads), *rows])


def _percent(shares: Iterable[float]) -> str:
    return f"{np.mean(list(shares)):.2%}"


def machine() -> str:
    """Processor, number of them, and the versions that the figures depend on."""
    lines = Path("/proc/cpuinfo").read_text().splitlines() if sys.platform == "linux" else []
    name = next((line.split(":")[1].strip() for line in lines if line.startswith("model name")), platform.machine())
    versions = ", ".join(f"{part} {version(part)}" for part in ("numpy", "opencv-python-headless", "scipy"))
    return f"{name} × {multiprocessing.cpu_count()}; Python {platform.python_version()}, {versions}"


def parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Measures finishing against pages whose colours are known.")
    parser.add_argument("--pages", type=int, default=8, help="drawn pages (default 8)")
    parser.add_argument(
        "--table", choices=("kept", "whites", "merging", "bank", "palette", "cost", "all"), default="all"
    )
    parser.add_argument("--sheet", type=Path, help="write ten finished pages as one picture, and no table")
    return parser.parse_args()


def main() -> None:
    options = parse_arguments()
    if options.sheet:
        write_sheet(options.sheet)
        return
    print(f"# Finishing, version {FINISHING_VERSION}, on analysis {ANALYSIS_VERSION}\n")
    print(f"`{shlex.join(['python', *sys.argv])}`  \n{machine()}", flush=True)
    cv2.setNumThreads(1)
    pages = all_pages(options.pages)
    tables: Mapping[str, tuple[str, Callable[[], str]]] = {
        "kept": ("what the finished page keeps", lambda: kept_table(pages)),
        "whites": ("whites with colour, page by page, lite, true masks", lambda: whites_table(pages)),
        "merging": ("finished page against the true colours, PSNR dB / SSIM", lambda: merging_table(pages)),
        "bank": ("known-bad layers and good ones", lambda: bank_table(pages)),
        "palette": (f"colours gone astray on chapters of {CHAPTER_PAGES} pages, in a*b*", palette_table),
        "cost": ("CPU time and memory", cost_table),
    }
    for name, (title, make) in tables.items():
        if options.table in (name, "all"):
            print(f"\n## {title}\n\n{make()}", flush=True)


if __name__ == "__main__":
    main()
