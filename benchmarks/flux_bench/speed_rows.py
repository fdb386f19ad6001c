"""Seconds a page: ours and stock, by model, by size, by references."""

from collections.abc import Sequence

import numpy as np

from flux_bench import ours, stock
from flux_bench.device import Place, Subject, page_tflop
from flux_bench.inputs import PAGE, Inputs, decode
from flux_bench.report import Report
from mangaflux.engine.flux.fitting import CELL

#: Tokens of a page and of a style of 512 × 512.
PAGE_TOKENS, STYLE_TOKENS = PAGE[0] * PAGE[1] // CELL**2, 1024
STEPS = 4

#: Pages of the stock pipeline, which takes the same time for each.
STOCK_PAGES = 6

#: Names of memory profiles in tables.
PROFILE_NAMES = {"embeddings_only": "ours, bf16", "fp8": "ours, fp8"}


def measure_pages(report: Report, place: Place, subject: Subject, inputs: Inputs, profiles: Sequence[str]) -> None:
    """Ours and stock over the same chapter, and what ours takes of memory."""
    folder, keeps_kv = subject.folder, subject.keeps_kv
    work = page_tflop(subject.size, PAGE_TOKENS, PAGE_TOKENS + STYLE_TOKENS, STEPS, keeps_kv=keeps_kv)
    report.open_section(
        f"{folder.name}: {len(inputs.pages)} pages {PAGE[0]}×{PAGE[1]}, PNG bytes in → PNG bytes out",
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
        few = Inputs(inputs.pages[:STOCK_PAGES], inputs.style)
        at_512 = stock.colour_chapter(pipeline, few, 512)
        report.row("stock, style 512²", at_512, 1.0, "", "", "", work / at_512)
        at_1024 = stock.colour_chapter(pipeline, few, 1024)
        report.row("stock, style 1024²", at_1024, "", 1.0)
        del pipeline
    for profile in profiles:
        name = PROFILE_NAMES[profile]
        report.note(f"load {name}")
        with ours.loaded(folder, subject.cache, memory_profile=profile) as model:
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
    with ours.loaded(subject.folder, subject.cache, memory_profile="embeddings_only", max_pixels=2_200_000) as model:
        for width, height in ((592, 848), (848, 1216), (1200, 1712)):
            sized = decode(inputs.pages[0], (width, height))
            megapixels = f"{width}×{height} ({width * height / 1e6:.1f} MP)"
            report.row(megapixels, 1, ours.device_seconds(model.engine, sized, (style,)))
        for count in (2, 3, 4):
            styles = tuple(np.roll(style, 7 * number, axis=1) for number in range(count))
            report.row("848×1216", count, ours.device_seconds(model.engine, page, styles))


def measure_cheaper(report: Report, subject: Subject, inputs: Inputs) -> None:
    """What goes below four steps in bf16, and what it costs in likeness to it."""
    report.open_section(f"{subject.folder.name}: cheaper pages", "what", "device, s", "PSNR against 4 steps bf16, dB")
    style, page = decode(inputs.style), decode(inputs.pages[0])
    with ours.loaded(subject.folder, subject.cache, memory_profile="embeddings_only") as model:
        whole = ours.paint(model.engine, page, (style,))
        report.row("4 steps, bf16, style 512²", ours.device_seconds(model.engine, page, (style,)), "∞")
        for steps in (3, 2):
            seconds = ours.device_seconds(model.engine, page, (style,), num_inference_steps=steps)
            report.row(
                f"{steps} steps",
                seconds,
                psnr(whole, ours.paint(model.engine, page, (style,), num_inference_steps=steps)),
            )
    variants: dict[str, dict[str, object]] = {
        "style 256²": {"style_long_side": 256},
        "attention native": {"attention": "native"},
        "not compiled": {"compile": False, "compile_vae": False},
        "fp8": {"memory_profile": "fp8"},
    }
    for name, changes in variants.items():
        with ours.loaded(subject.folder, subject.cache, **({"memory_profile": "embeddings_only"} | changes)) as model:
            seconds = ours.device_seconds(model.engine, page, (style,))
            report.row(name, seconds, psnr(whole, ours.paint(model.engine, page, (style,))))


def psnr(whole: np.ndarray, other: np.ndarray) -> float:
    """Peak signal-to-noise ratio of two uint8 pictures, in dB."""
    error = np.mean((whole.astype(np.float64) - other) ** 2)
    return float(10 * np.log10(255**2 / error)) if error else float("inf")
