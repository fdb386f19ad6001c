"""Seconds a page: ours and stock, by model, by size, by references."""

from collections.abc import Sequence

import numpy as np

from flux_bench import ours, stock
from flux_bench.device import Place, Subject, page_tflop
from flux_bench.inputs import Inputs, decode
from flux_bench.report import Report
from mangaflux.engine.flux.fitting import CELL

#: Tokens of a style of 512 × 512.
STYLE_TOKENS = 1024
STEPS = 4

#: Seconds after which a profile is given up.
PROFILE_LIMIT_SECONDS = 240

#: Names of memory profiles in tables.
PROFILE_NAMES = {"embeddings_only": "ours, bf16", "resident": "ours, bf16, all resident", "fp8": "ours, fp8"}


def measure_pages(report: Report, place: Place, subject: Subject, inputs: Inputs, profiles: Sequence[str]) -> None:
    """Ours and stock over the same chapter, and what ours takes of memory."""
    folder, keeps_kv = subject.folder, subject.keeps_kv
    width, height = subject.page
    tokens = width * height // CELL**2
    work = page_tflop(subject.size, tokens, tokens + STYLE_TOKENS, STEPS, keeps_kv=keeps_kv)
    report.open_section(
        f"{folder.name}: {len(inputs.pages)} pages {width}×{height}, PNG bytes in → PNG bytes out",
        "what",
        "s a page",
        "÷ stock 512²",
        "÷ stock 1024²",
        "one page alone, s",
        "device, s",
        f"TFLOP/s of {place.matmul_tflops:.0f}",
        "peak colouring, GiB",
        "peak loading, GiB",
        "load + warm, s",
    )
    with stock.stock_pipeline(folder, place.device, keeps_kv=keeps_kv) as pipeline:
        at_512 = stock.colour_chapter(pipeline, inputs, 512, subject.page)
        report.row("stock, style 512²", at_512, 1.0, "", "", "", work / at_512)
        at_1024 = stock.colour_chapter(pipeline, inputs, 1024, subject.page)
        report.row("stock, style 1024²", at_1024, "", 1.0)
        del pipeline
    for profile in profiles:
        name = PROFILE_NAMES[profile]
        report.note(f"load {name}")
        with (
            report.guarded(name, PROFILE_LIMIT_SECONDS),
            ours.loaded(subject, memory_profile=profile) as model,
        ):
            run = ours.colour_chapter(model.engine, inputs)
            report.row(
                name,
                run.seconds_a_page,
                at_512 / run.seconds_a_page,
                at_1024 / run.seconds_a_page,
                run.latency_seconds,
                run.device_seconds,
                work / run.device_seconds,
                run.peak_gib,
                model.load_peak_gib,
                model.load_seconds,
            )


def measure_sizes(report: Report, subject: Subject, inputs: Inputs) -> None:
    """Device seconds as pages and references grow."""
    report.open_section(f"{subject.folder.name}, bf16: device seconds a page", "page", "references", "s")
    style, page = decode(inputs.style), decode(inputs.pages[0])
    with ours.loaded(subject, memory_profile="embeddings_only", max_pixels=2_200_000) as model:
        for scale in (0.7, 1.0, 1.41):
            width, height = (round(side * scale / CELL) * CELL for side in subject.page)
            sized = decode(inputs.pages[0], (width, height))
            megapixels = f"{width}×{height} ({width * height / 1e6:.1f} MP)"
            report.row(megapixels, 1, ours.device_seconds(model.engine, sized, (style,)))
        for count in (2, 3, 4):
            styles = tuple(np.roll(style, 7 * number, axis=1) for number in range(count))
            report.row(f"{subject.page[0]}×{subject.page[1]}", count, ours.device_seconds(model.engine, page, styles))
