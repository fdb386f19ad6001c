"""What each pass does with the pixels of one page, from stored bytes to stored bytes.

Pure work on the CPU: every function here blocks and runs on the CPU pool. The engine's own part runs between `prepare`
and `finish` on the device thread, and is not here.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass

import numpy as np
from numpy.typing import NDArray

from mangaflux.attempts import Attempt
from mangaflux.engine.analysis.detectors.detector import Detector, see
from mangaflux.engine.analysis.metadata import PageAnalysis, PageMetadata
from mangaflux.engine.analysis.overlay import draw_overlay
from mangaflux.engine.analysis.page import analyze_page
from mangaflux.engine.base import ColorizeRequest, ColourHint, ColourLayer
from mangaflux.engine.finishing.compositing import FinishingRecipe, at_strength
from mangaflux.engine.finishing.draft import Draft, start_draft
from mangaflux.engine.finishing.draft import mend as mend_draft
from mangaflux.engine.finishing.drawing import read_drawing
from mangaflux.engine.imaging import decode_mask
from mangaflux.engine.runmeta import RunMeta
from mangaflux.errors import PageFailedError
from mangaflux.image_decoder import ImageDecoder
from mangaflux.jobs import Artifact, ArtifactKind, Params, PassOutcome, hex_to_rgb
from mangaflux.palettes import StoredPalette
from mangaflux.pass_records import (
    ANALYZER,
    Folders,
    Maker,
    analysis_models,
    page_metadata,
    pass1_fingerprint,
    run_meta,
    skip_reason,
    store_json,
    store_png,
    store_run_meta,
)
from mangaflux.storage.content_files import StoredFile

_MASKS = {
    ArtifactKind.MASK_LETTERING: "lettering_mask",
    ArtifactKind.MASK_BALLOONS: "balloon_mask",
    ArtifactKind.MASK_PANELS: "panel_mask",
}

#: What is taken over when a pass was done before, by pass; its runmeta is written anew.
_RESULTS = (
    frozenset({*_MASKS, ArtifactKind.OVERLAY, ArtifactKind.METADATA}),
    frozenset({ArtifactKind.COLORIZED, ArtifactKind.PALETTE}),
)


@dataclass(frozen=True, slots=True)
class PageInputs:
    """Everything a pass of a page starts from, resolved to stored files."""

    page: StoredFile
    references: tuple[StoredFile, ...]
    #: What Pass 1 left behind; empty for Pass 1 itself.
    pass1: Mapping[ArtifactKind, Artifact]
    decoder: ImageDecoder


def analyze(attempt: Attempt, inputs: PageInputs, folders: Folders, detectors: Sequence[Detector] = ()) -> PassOutcome:
    """Pass 1 of one page, with these optional detectors: masks, overlay, metadata and runmeta are on disk when it
    returns.
    """
    job, page_num = attempt.claimed.job, attempt.claimed.page.page_num
    attempt.progress("decoding")
    original = _decode(inputs.page, inputs, folders)
    if detectors:
        attempt.progress("detectors")
    seen = see(detectors, original)
    direction = job.params.reading_direction
    analysis = analyze_page(original, reading_direction=direction, seen=seen, report=attempt.progress)
    attempt.progress("encoding")
    images = {kind: store_png(folders, page_num, kind, getattr(analysis, name)) for kind, name in _MASKS.items()}
    images[ArtifactKind.OVERLAY] = store_png(folders, page_num, ArtifactKind.OVERLAY, draw_overlay(original, analysis))
    models = analysis_models(detectors)
    metadata = page_metadata(attempt, analysis, original.shape, images[ArtifactKind.MASK_LETTERING], models)
    document = store_json(folders, page_num, ArtifactKind.METADATA, metadata.model_dump_json(indent=1))
    mark = pass1_fingerprint(job, attempt.claimed.page, models)
    meta = run_meta(attempt, ANALYZER, mark, [*images.values(), document])
    return PassOutcome(
        artifacts=(*images.values(), document, store_run_meta(folders, meta)),
        fingerprint=mark,
        cached=False,
        timings_ms=meta.timings_ms,
        skip_reason=skip_reason(metadata),
    )


def read_metadata(inputs: PageInputs, folders: Folders) -> PageMetadata:
    """What Pass 1 said of the page."""
    return PageMetadata.model_validate_json(_read_artifact(inputs, folders, ArtifactKind.METADATA))


def prepare(attempt: Attempt, inputs: PageInputs, folders: Folders) -> ColorizeRequest:
    """The request for the engine: everything decoded and read, so that the device thread waits for nothing."""
    job, page = attempt.claimed.job, attempt.claimed.page
    metadata = read_metadata(inputs, folders)
    attempt.progress("decoding")
    original = _decode(inputs.page, inputs, folders)
    references = tuple(_decode(file, inputs, folders) for file in inputs.references)
    drawing = read_drawing(original, "soften")
    attempt.progress("waiting")
    return ColorizeRequest(
        page=original,
        drawing=drawing,
        analysis=_analysis(metadata, inputs, folders),
        references=references,
        seed=page.seed,
        prompt=job.params.prompt or metadata.page_prompt,
        num_inference_steps=job.params.num_inference_steps,
        guidance_scale=job.params.guidance_scale,
        palette=job.params.palette_rgb(),
        hints=_hints(job.params, page.page_num),
        quality=job.params.quality,
    )


def draft(
    attempt: Attempt, request: ColorizeRequest, layer: ColourLayer, recipe: FinishingRecipe, palette: StoredPalette
) -> Draft:
    """The page as it comes out of the engine's first layer, and what of it should be painted again.

    Raises:
        PageFailedError: the layer is not a picture of this page.
    """
    attempt.progress("finishing")
    return start_draft(request, layer, recipe, palette.palette)


def mend(attempt: Attempt, before: Draft, patches: Sequence[ColourLayer]) -> Draft:
    """The page with its repairs, where they are better.

    Raises:
        PageFailedError: a patch is not a picture of its region.
    """
    attempt.progress("finishing")
    return mend_draft(before, patches)


def finish(
    attempt: Attempt, best: Draft, palette: StoredPalette, maker: Maker, mark: str, folders: Folders
) -> PassOutcome:
    """The rest of Pass 2: the page and its runmeta are on disk when it returns."""
    job, page_num = attempt.claimed.job, attempt.claimed.page.page_num
    attempt.progress("encoding")
    finished = at_strength(best.finished, best.request.page, job.params.colour_strength)
    colorized = store_png(folders, page_num, ArtifactKind.COLORIZED, finished)
    meta = run_meta(attempt, maker, mark, [colorized, palette.artifact], best.peak_memory_bytes)
    meta = meta.model_copy(update={"fidelity": best.document(), "finishing": asdict(best.recipe)})
    return PassOutcome(
        artifacts=(colorized, palette.artifact, store_run_meta(folders, meta)),
        fingerprint=mark,
        cached=False,
        timings_ms=meta.timings_ms,
        fidelity=best.fidelity.verdict,
    )


def answer_from_stored(
    attempt: Attempt, artifacts: list[Artifact], maker: Maker, mark: str, folders: Folders
) -> PassOutcome | None:
    """The outcome of a pass that was done before, with a runmeta of its own; None where a file is gone."""
    page = attempt.claimed.page
    kept = [
        artifact.model_copy(update={"page_num": page.page_num})
        for artifact in artifacts
        if artifact.kind in _RESULTS[page.pass_num - 1]
    ]
    if not all(folders.artifacts.touch(each.sha256, each.media_type) for each in kept):
        return None
    before = _stored_run_meta(artifacts, folders)
    carried = {"fidelity": before.fidelity, "finishing": before.finishing} if before else {}
    meta = run_meta(attempt, maker, mark, kept).model_copy(update={"cached": True, **carried})
    return PassOutcome(
        artifacts=(*kept, store_run_meta(folders, meta)),
        fingerprint=mark,
        cached=True,
        timings_ms=meta.timings_ms,
        skip_reason=_stored_skip(kept, folders),
        fidelity=before.verdict if before else None,
    )


def _stored_run_meta(artifacts: list[Artifact], folders: Folders) -> RunMeta | None:
    """What the Pass 2 that is taken over said of itself; None for Pass 1, or where the file is gone."""
    stored = next((artifact for artifact in artifacts if artifact.kind is ArtifactKind.RUNMETA_PASS2), None)
    if stored is None or not folders.artifacts.path(stored.sha256, stored.media_type).exists():
        return None
    return RunMeta.model_validate_json(folders.artifacts.read(stored.sha256, stored.media_type))


def _stored_skip(artifacts: list[Artifact], folders: Folders) -> str | None:
    metadata = next((artifact for artifact in artifacts if artifact.kind is ArtifactKind.METADATA), None)
    if metadata is None:
        return None
    text = folders.artifacts.read(metadata.sha256, metadata.media_type)
    return skip_reason(PageMetadata.model_validate_json(text))


def _decode(file: StoredFile, inputs: PageInputs, folders: Folders) -> NDArray[np.uint8]:
    path = folders.assets.path(file.sha256, file.media_type)
    if not path.exists():
        raise PageFailedError(f"The stored image asset:{file.sha256[:12]}… is gone; send it again.")
    return inputs.decoder.pixels(path)


def _analysis(metadata: PageMetadata, inputs: PageInputs, folders: Folders) -> PageAnalysis:
    masks = {name: decode_mask(_read_artifact(inputs, folders, kind)) for kind, name in _MASKS.items()}
    return PageAnalysis(
        is_color=metadata.is_color,
        is_blank=metadata.is_blank,
        tone=metadata.tone,
        reading_direction=metadata.reading_direction,
        panels=metadata.panels,
        balloons=metadata.balloons,
        lettering=metadata.lettering,
        prompt=metadata.page_prompt,
        facts=metadata.facts,
        **masks,
    )


def _read_artifact(inputs: PageInputs, folders: Folders, kind: ArtifactKind) -> bytes:
    artifact = inputs.pass1.get(kind)
    if artifact is None:
        raise PageFailedError(f"Pass 1 left no {kind} for this page; run Pass 1 again with force.")
    return folders.artifacts.read(artifact.sha256, artifact.media_type)


def _hints(params: Params, page_num: int) -> tuple[ColourHint, ...]:
    return tuple(ColourHint(hint.x, hint.y, hex_to_rgb(hint.color)) for hint in params.hints_of(page_num))
