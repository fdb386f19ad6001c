"""The flux engine on one device: ours and stock in one run, with random weights of the published sizes.

Run: PYTHONPATH=. python benchmarks/flux.py [--rows pages,server,…] [--models 4B,9B,9B-KV] [--out FILE] [--tiny]

Weights are drawn on the device and written to --work once; nothing is downloaded. --tiny rehearses every row with a
model of a few thousand weights, on a CPU too.
"""

import argparse
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import torch

from benchmarks.flux_bench.device import Place, clear, find_place
from benchmarks.flux_bench.inputs import Inputs, read_inputs
from benchmarks.flux_bench.report import Report, tell_machine
from benchmarks.flux_bench.service_rows import measure_ooms, measure_server, measure_start
from benchmarks.flux_bench.speed_rows import measure_cheaper, measure_pages, measure_sizes
from mangaflux.engine.flux.random_klein import KLEIN_4B, KLEIN_9B, TINY, KleinSize, save_random_klein

#: The 9B models are read with a small text encoder: prompts are embedded once, and 16 GB less are drawn and written.
SMALL_TEXT = {"text_intermediate": 64, "text_layers": 28, "text_heads": 4, "vocabulary": 320}
MODELS: dict[str, tuple[KleinSize, bool]] = {
    "4B": (KLEIN_4B, False),
    "9B": (replace(KLEIN_9B, **SMALL_TEXT), False),  # type: ignore[arg-type]
    "9B-KV": (replace(KLEIN_9B, **SMALL_TEXT), True),  # type: ignore[arg-type]
    "tiny": (TINY, False),
    "tiny-KV": (TINY, True),
}
ROWS = ("pages", "server", "start", "ooms", "sizes", "cheaper")


def main() -> None:
    options = read_options()
    report, place = Report(options.out), find_place()
    tell_machine(report, place)
    inputs = read_inputs(options.inputs, options.pages)
    for name in options.models:
        measure_model(report, place, options, name, inputs)
    report.note("done")


def measure_model(report: Report, place: Place, options: argparse.Namespace, name: str, inputs: Inputs) -> None:
    """Every row that was asked for, of one model."""
    size, keeps_kv = MODELS[name]
    cache = options.work / "cache"
    folder = build(report, place, options.work / f"klein-{name}", size, keeps_kv=keeps_kv)
    measures: dict[str, Callable[[], None]] = {
        "pages": lambda: measure_pages(report, place, folder, cache, size, inputs, keeps_kv=keeps_kv),
        "server": lambda: measure_server(report, folder, cache, inputs),
        "start": lambda: measure_start(report, folder, cache),
        "ooms": lambda: measure_ooms(report, folder, cache, inputs),
        "sizes": lambda: measure_sizes(report, folder, cache, inputs),
        "cheaper": lambda: measure_cheaper(report, folder, cache, inputs),
    }
    for row in options.rows:
        if row != "ooms" or place.device.type == "cuda":
            measures[row]()


def build(report: Report, place: Place, folder: Path, size: KleinSize, *, keeps_kv: bool) -> Path:
    """The folder of a model, written where it is not there."""
    report.note(f"build {folder.name}")
    dtype = torch.float32 if place.device.type == "cpu" else torch.bfloat16
    save_random_klein(folder, size, device=place.device.type, dtype=dtype, keeps_reference_kv=keeps_kv)
    clear()
    return folder


def read_options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=lambda text: text.split(","), default=list(ROWS))
    parser.add_argument("--models", type=lambda text: text.split(","), default=["4B"])
    parser.add_argument("--pages", type=int, default=20)
    parser.add_argument("--out", type=Path)
    parser.add_argument("--inputs", type=Path, default=Path("mangaflux-flux-benchmark/inputs"))
    parser.add_argument("--work", type=Path, default=Path("mangaflux-flux-benchmark"))
    parser.add_argument("--tiny", action="store_true")
    options = parser.parse_args()
    if options.tiny:
        options.models = ["tiny", "tiny-KV"]
    return options


if __name__ == "__main__":
    main()
