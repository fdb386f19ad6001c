"""The flux engine on one device: ours and stock in one run, with random weights of the published sizes.

Run: PYTHONPATH=. python benchmarks/flux.py [--rows pages,server,…] [--models 4B,9B,9B-KV] [--out FILE] [--tiny]

Weights are drawn on the device and written to --work once; nothing is downloaded. --tiny rehearses every row with a
model of a few thousand weights, on a CPU too.
"""

import argparse
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import torch
from flux_bench.device import Place, Subject, clear, find_place
from flux_bench.inputs import Inputs, read_inputs
from flux_bench.report import Report, tell_machine
from flux_bench.service_rows import measure_ooms, measure_server, measure_start
from flux_bench.speed_rows import measure_cheaper, measure_pages, measure_sizes

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
    subject = Subject(options.work / f"klein-{name}", options.work / "cache", size, keeps_kv)
    build(report, place, subject)
    measures: dict[str, Callable[[], None]] = {
        "pages": lambda: measure_pages(report, place, subject, inputs, options.profiles),
        "server": lambda: measure_server(report, subject, inputs),
        "start": lambda: measure_start(report, subject),
        "ooms": lambda: measure_ooms(report, subject, inputs),
        "sizes": lambda: measure_sizes(report, subject, inputs),
        "cheaper": lambda: measure_cheaper(report, subject, inputs),
    }
    for row in options.rows:
        if row != "ooms" or place.device.type == "cuda":
            with limited(report, row, options.row_limit):
                measures[row]()


@contextmanager
def limited(report: Report, row: str, seconds: int) -> Iterator[None]:
    """Gives a row up after so many seconds, and says so; the rows after it are measured all the same."""

    def stop(_number: int, _frame: object) -> None:
        raise TimeoutError

    signal.signal(signal.SIGALRM, stop)
    signal.alarm(seconds)
    try:
        yield
    except TimeoutError:
        report.say(f"\n{row} did not end within {seconds} s.")
    finally:
        signal.alarm(0)
        clear()


def build(report: Report, place: Place, subject: Subject) -> None:
    """Writes the weights of a model where they are not there. 9B and 9B-KV share theirs: only their recipes differ."""
    report.note(f"build {subject.folder.name}")
    sibling = subject.folder.with_name(subject.folder.name.removesuffix("-KV"))
    if subject.keeps_kv and sibling.exists() and not subject.folder.exists():
        subject.folder.mkdir()
        for part in sibling.iterdir():
            (subject.folder / part.name).symlink_to(part.resolve())
        index = subject.folder / "model_index.json"
        text = index.read_text(encoding="utf-8").replace("Flux2KleinPipeline", "Flux2KleinKVPipeline")
        index.unlink()
        index.write_text(text, encoding="utf-8")
    dtype = torch.float32 if place.device.type == "cpu" else torch.bfloat16
    save_random_klein(
        subject.folder, subject.size, device=place.device.type, dtype=dtype, keeps_reference_kv=subject.keeps_kv
    )
    clear()


def read_options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=lambda text: text.split(","), default=list(ROWS))
    parser.add_argument("--models", type=lambda text: text.split(","), default=["4B"])
    parser.add_argument("--profiles", type=lambda text: text.split(","), default=["embeddings_only", "fp8"])
    parser.add_argument("--row-limit", type=int, default=600, help="seconds after which a row is given up")
    parser.add_argument("--small-text", action="store_true", help="a small text encoder for 4B too")
    parser.add_argument("--pages", type=int, default=20)
    parser.add_argument("--out", type=Path)
    parser.add_argument("--inputs", type=Path, default=Path("mangaflux-flux-benchmark/inputs"))
    parser.add_argument("--work", type=Path, default=Path("mangaflux-flux-benchmark"))
    parser.add_argument("--tiny", action="store_true")
    options = parser.parse_args()
    if options.small_text:
        MODELS["4B"] = (replace(KLEIN_4B, **SMALL_TEXT), False)  # type: ignore[arg-type]
    if options.tiny:
        options.models = ["tiny", "tiny-KV"]
    return options


if __name__ == "__main__":
    main()
