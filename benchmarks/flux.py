"""The flux engine on one device: ours and stock in one run, with random weights of the published sizes.

Run: PYTHONPATH=. python benchmarks/flux.py [--rows pages,server,…] [--models 4B,9B,9B-KV] [--out FILE] [--tiny]

Weights are drawn on the device and written to --work once; nothing is downloaded. --tiny rehearses every row with a
model of a few thousand weights, on a CPU too. A row that fails or takes too long is named, and the others are measured.
"""

import argparse
import time
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path

import torch
from flux_bench.cheaper_rows import measure_cheaper
from flux_bench.device import Place, Subject, clear, find_place
from flux_bench.effect_rows import measure_effects, measure_kernel_choice
from flux_bench.inputs import Inputs, read_inputs
from flux_bench.lean_rows import measure_lean
from flux_bench.ours import loaded
from flux_bench.repair_rows import measure_repairs
from flux_bench.report import Report, tell_machine
from flux_bench.service_rows import measure_ooms, measure_server, measure_start
from flux_bench.speed_rows import PROFILE_NAMES, measure_pages, measure_sizes

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
#: Seconds after which compiling is given up.
COMPILE_LIMIT_SECONDS = 100
ROWS = (
    "build",
    "compile",
    "pages",
    "server",
    "ooms",
    "sizes",
    "start",
    "cheaper",
    "effects",
    "kernels",
    "repairs",
    "lean",
)


def main() -> None:
    options = read_options()
    report, place = Report(options.out), find_place()
    tell_machine(report, place)
    inputs = read_inputs(options.inputs, options.pages, options.page)
    for name in options.models:
        measure_model(report, place, options, name, inputs)
    report.note("done")


def measure_model(report: Report, place: Place, options: argparse.Namespace, name: str, inputs: Inputs) -> None:
    """Every row that was asked for, of one model."""
    size, keeps_kv = MODELS[name]
    subject = Subject(options.work / f"klein-{name}", options.work / "cache", size, keeps_kv, options.page)
    measures: dict[str, Callable[[], None]] = {
        "build": lambda: build(report, place, subject),
        "compile": lambda: measure_compiling(report, place, subject, options.profiles),
        "pages": lambda: measure_pages(report, place, subject, inputs, options.profiles),
        "server": lambda: measure_server(report, subject, inputs, options.cores),
        "ooms": lambda: measure_ooms(report, subject, inputs),
        "sizes": lambda: measure_sizes(report, subject, inputs),
        "start": lambda: measure_start(report, subject, options.starts),
        "cheaper": lambda: measure_cheaper(report, place, subject, inputs),
        "effects": lambda: measure_effects(report, subject, inputs),
        "kernels": lambda: measure_kernel_choice(report, subject, inputs),
        "repairs": lambda: measure_repairs(report, subject, inputs),
        "lean": lambda: measure_lean(report, subject, inputs),
    }
    for row in options.rows:
        if row not in ("build", "compile"):
            build(report, place, subject)
        if row != "ooms" or place.device.type == "cuda":
            with report.guarded(f"{name}, {row}", options.row_limit):
                measures[row]()


def measure_compiling(report: Report, place: Place, subject: Subject, profiles: list[str]) -> None:
    """Seconds to load and warm a model of one block of each kind: every kernel of the whole model is compiled then.
    Later rows find them in the compile cache.
    """
    size = replace(subject.size, num_layers=1, num_single_layers=1, **SMALL_TEXT)  # type: ignore[arg-type]
    folder = subject.folder.with_name(f"{subject.folder.name}-shallow-{'-'.join(profiles)}")
    shallow = replace(subject, folder=folder, size=size)
    build(report, place, shallow)
    report.open_section(
        f"{subject.folder.name}, one block of each kind: load, compile and warm one bucket", "what", "s"
    )
    for profile in profiles:
        with (
            report.guarded(PROFILE_NAMES[profile], COMPILE_LIMIT_SECONDS),
            loaded(shallow, memory_profile=profile) as model,
        ):
            report.row(PROFILE_NAMES[profile], model.load_seconds)


def build(report: Report, place: Place, subject: Subject) -> None:
    """Writes the weights of a model where they are not there. 9B and 9B-KV share theirs: only their recipes differ."""
    if (subject.folder / "model_index.json").exists():
        return
    started = time.perf_counter()
    sibling = subject.folder.with_name(subject.folder.name.removesuffix("-KV"))
    if subject.keeps_kv and (sibling / "model_index.json").exists():
        _share(sibling, subject.folder)
    else:
        save_random_klein(
            subject.folder,
            subject.size,
            device=place.device.type,
            dtype=torch.float32 if place.device.type == "cpu" else torch.bfloat16,
            keeps_reference_kv=subject.keeps_kv,
        )
    clear()
    report.note(f"{subject.folder.name} was made in {time.perf_counter() - started:.0f} s")


def _share(sibling: Path, folder: Path) -> None:
    folder.mkdir()
    for part in sibling.iterdir():
        if part.is_dir():
            (folder / part.name).symlink_to(part.resolve())
    text = (sibling / "model_index.json").read_text(encoding="utf-8")
    (folder / "model_index.json").write_text(
        text.replace("Flux2KleinPipeline", "Flux2KleinKVPipeline"), encoding="utf-8"
    )


def _size(text: str) -> tuple[int, int]:
    width, height = text.split("x")
    return int(width), int(height)


def read_options() -> argparse.Namespace:
    split = partial(str.split, sep=",")
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=split, default=list(ROWS), help=f"of {','.join(ROWS)}")
    parser.add_argument("--models", type=split, default=["4B"], help=f"of {','.join(MODELS)}")
    parser.add_argument("--profiles", type=split, default=["embeddings_only", "fp8"])
    parser.add_argument("--row-limit", type=int, default=600, help="seconds after which a row is given up")
    parser.add_argument("--cores", type=lambda text: [int(part) for part in text.split(",")], default=[0, 2])
    parser.add_argument("--starts", type=int, default=2, help="starts of a server, one after another")
    parser.add_argument("--pages", type=int, default=20)
    parser.add_argument("--page", type=_size, default=(848, 1216), help="width x height, multiples of 16")
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
