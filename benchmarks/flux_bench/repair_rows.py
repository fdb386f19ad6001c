"""Parts of a page painted again on the device: an object that the page does not have, found and put right."""

import time

import numpy as np

from flux_bench import ours
from flux_bench.device import Subject
from flux_bench.inputs import Inputs, decode, request_of
from flux_bench.report import Report
from mangaflux.engine.analysis.page import analyze_page
from mangaflux.engine.base import ColourLayer, RgbImage, SilentContext
from mangaflux.engine.finishing.chapter_palette import read_chapter_palette
from mangaflux.engine.finishing.compositing import FinishingRecipe
from mangaflux.engine.finishing.draft import Draft, mend, start_draft
from mangaflux.engine.flux.engine import FluxEngine
from mangaflux.samples.engine_layers import FAULTS, soft

#: Warm light: the page's own drawing in one colour, as a careful engine might paint it.
_TINT = np.array((255, 226, 190), np.float32) / 255
_SEED = 3


def measure_repairs(report: Report, subject: Subject, inputs: Inputs) -> None:
    """One forced repair: what is planned, how long it takes, and what becomes of the page."""
    report.open_section(f"{subject.folder.name}: an invented object painted over", "what", "result")
    draft = _draft_with_object(decode(inputs.pages[0]), decode(inputs.style))
    report.row("verdicts before", _verdicts(draft))
    report.row("planned", "; ".join(f"{each.verdict} {each.region}" for each in draft.repairs) or "nothing")
    with ours.loaded(subject, memory_profile="embeddings_only") as model:
        for name in ("first time", "again"):
            patches, seconds = _painted(model.engine, draft)
            report.row(f"device, s, {name}", seconds)
        sizes = ", ".join(f"{patch.image.shape[1]}×{patch.image.shape[0]}" for patch in patches)
        report.row("size of what was painted", sizes)
        mended = mend(draft, patches)
        # Random weights paint nothing that the drawing survives; what counts is that the patch fits its place.
        report.row("kept", mended.attempts[-1]["kept"])
        report.row("verdicts after", _verdicts(mended))


def _draft_with_object(page: RgbImage, style: RgbImage) -> Draft:
    analysis = analyze_page(page, reading_direction="rtl")
    careful = np.rint(soft(page) * _TINT).astype(np.uint8)
    polygons = [panel.polygon for panel in analysis.panels if panel.polygon]
    layer = FAULTS["object invented"](careful, polygons, analysis.lettering_mask, _SEED)
    request = request_of(page, (style,), analysis=analysis)
    palette = read_chapter_palette(request.references, request.palette)
    return start_draft(request, ColourLayer(image=layer), FinishingRecipe(palette_strength=0), palette)


def _painted(engine: FluxEngine, draft: Draft) -> tuple[list[ColourLayer], float]:
    started = time.perf_counter()
    patches = [engine.colorize(request, SilentContext()) for request in draft.requests]
    return patches, time.perf_counter() - started


def _verdicts(draft: Draft) -> str:
    panels = ", ".join(panel.verdict for panel in draft.fidelity.panels)
    return f"page {draft.fidelity.page.verdict}; panels {panels}"
