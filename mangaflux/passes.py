"""What each pass does with the pixels of one page, from stored bytes to stored bytes.

Pure work on the CPU: every function here blocks and runs on the CPU pool. The engine's own part runs between `prepare`
and `finish` on the device thread, and is not here.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

import numpy as np
from numpy.typing import NDArray

from mangaflux.attempts import Attempt
from mangaflux.engine.analysis.metadata import PageAnalysis, PageMetadata, page_seed
from mangaflux.engine.analysis.overlay import draw_overlay
from mangaflux.engine.analysis.page import ANALYSIS_VERSION, analyze_page
from mangaflux.engine.base import ColorizeRequest, ColourHint, ColourLayer, Engine, ModelInfo
from mangaflux.engine.finishing.compositing import FINISHING_VERSION, composite
from mangaflux.engine.imaging import decode_mask, decode_original, encode_png
from mangaflux.engine.runmeta import RunMeta, RunModel, installed_versions
from mangaflux.errors import PageFailedError
from mangaflux.jobs import Artifact, ArtifactKind, Job, PagePass, Params, PassOutcome, fingerprint, hex_to_rgb
from mangaflux.storage.content_files import ContentFiles, StoredFile

#: The layer may miss the page's aspect by this much: half a step of a grid of 16 at 512 pixels.
ASPECT_TOLERANCE = 0.02

_MASKS = {
    ArtifactKind.MASK_LETTERING: "lettering_mask",
    ArtifactKind.MASK_BALLOONS: "balloon_mask",
    ArtifactKind.MASK_PANELS: "panel_mask",
}


@dataclass(frozen=True, slots=True)
class PageInputs:
    """Everything a pass of a page starts from, resolved to stored files."""

    page: StoredFile
    references: tuple[StoredFile, ...]
    #: What Pass 1 left behind; empty for Pass 1 itself.
    pass1: Mapping[ArtifactKind, Artifact]
    max_pixels: int


@dataclass(frozen=True, slots=True)
class Folders:
    """Where stored files are."""

    assets: ContentFiles
    artifacts: ContentFiles


def pass1_fingerprint(job: Job, page: PagePass) -> str:
    """Equal for equal results of Pass 1."""
    return fingerprint(
        {
            "pass": 1,
            "page": page.asset_sha256,
            "chapter_id": job.chapter_id,
            "page_num": page.page_num,
            "reading_direction": job.params.reading_direction,
            "analysis": ANALYSIS_VERSION,
        }
    )


def pass2_fingerprint(page_sha256: str, references: tuple[str, ...], engine: Engine, params: Params, seed: int) -> str:
    """Equal for equal results of Pass 2."""
    return fingerprint(
        {
            "pass": 2,
            "page": page_sha256,
            "references": references,
            "engine": engine.name,
            "model": {"id": engine.model.id, "revision": engine.model.revision, "sha256": engine.model.sha256},
            "recipe": dict(engine.recipe),
            "analysis": ANALYSIS_VERSION,
            "finishing": FINISHING_VERSION,
            "params": params.canonical(),
            "seed": seed,
        }
    )


def analyze(attempt: Attempt, inputs: PageInputs, folders: Folders) -> PassOutcome:
    """Pass 1 of one page: masks, overlay, metadata and runmeta are on disk when it returns."""
    job, page = attempt.claimed.job, attempt.claimed.page
    original = _decode(attempt, inputs.page, inputs.max_pixels, folders)
    analysis = analyze_page(original, reading_direction=job.params.reading_direction, report=attempt.progress)
    attempt.progress("encoding")
    images = {kind: _store_png(folders, page, kind, getattr(analysis, name)) for kind, name in _MASKS.items()}
    images[ArtifactKind.OVERLAY] = _store_png(folders, page, ArtifactKind.OVERLAY, draw_overlay(original, analysis))
    metadata = _metadata(job, page, analysis, original.shape, images[ArtifactKind.MASK_LETTERING])
    made = [*images.values(), _store_json(folders, page, ArtifactKind.METADATA, metadata.model_dump_json(indent=1))]
    analyzer = ModelInfo(id="mangaflux-analysis", revision=ANALYSIS_VERSION)
    mark = pass1_fingerprint(job, page)
    timings = attempt.finish_stages()
    runmeta = _runmeta(attempt, made, mark, timings, engine="analysis", model=analyzer, device="cpu", peak=None)
    made.append(_store_json(folders, page, ArtifactKind.RUNMETA_PASS1, runmeta))
    return PassOutcome(
        artifacts=tuple(made), fingerprint=mark, cached=False, timings_ms=timings, skip_reason=skip_reason(metadata)
    )


def skip_reason(metadata: PageMetadata) -> str | None:
    """Why Pass 2 leaves this page as it is, or None."""
    if metadata.is_color:
        return "already_in_colour"
    if metadata.is_blank:
        return "blank_page"
    return None


def read_metadata(inputs: PageInputs, folders: Folders) -> PageMetadata:
    """What Pass 1 said of the page."""
    return PageMetadata.model_validate_json(_read_artifact(inputs, folders, ArtifactKind.METADATA))


def prepare(attempt: Attempt, inputs: PageInputs, folders: Folders) -> ColorizeRequest:
    """The request for the engine: everything decoded, so that the device thread waits for nothing."""
    job, page = attempt.claimed.job, attempt.claimed.page
    metadata = read_metadata(inputs, folders)
    original = _decode(attempt, inputs.page, inputs.max_pixels, folders)
    references = tuple(
        decode_original(folders.assets.read(file.sha256, file.media_type), max_pixels=inputs.max_pixels)
        for file in inputs.references
    )
    attempt.progress("waiting")
    return ColorizeRequest(
        page=original,
        analysis=_analysis(metadata, inputs, folders),
        references=references,
        seed=page.seed,
        prompt=job.params.prompt or metadata.page_prompt,
        num_inference_steps=job.params.num_inference_steps,
        guidance_scale=job.params.guidance_scale,
        palette=job.params.palette_rgb(),
        hints=_hints(job.params, page.page_num),
    )


def finish(
    attempt: Attempt, request: ColorizeRequest, layer: ColourLayer, engine: Engine, folders: Folders
) -> PassOutcome:
    """The rest of Pass 2: the drawing is back in, the page and its runmeta are on disk when it returns.

    Raises:
        PageFailedError: the layer is not a picture of this page.
    """
    job, page = attempt.claimed.job, attempt.claimed.page
    attempt.progress("finishing")
    _check_layer(layer, request.page)
    finished = composite(request.page, layer, request.analysis, colour_strength=job.params.colour_strength)
    attempt.progress("encoding")
    made = [_store_png(folders, page, ArtifactKind.COLORIZED, finished)]
    mark = pass2_fingerprint(page.asset_sha256 or "", job.references, engine, job.params, page.seed)
    timings = attempt.finish_stages()
    runmeta = _runmeta(
        attempt,
        made,
        mark,
        timings,
        engine=engine.name,
        model=engine.model,
        device=engine.device,
        peak=layer.peak_memory_bytes,
    )
    made.append(_store_json(folders, page, ArtifactKind.RUNMETA_PASS2, runmeta))
    return PassOutcome(artifacts=tuple(made), fingerprint=mark, cached=False, timings_ms=timings)


def answer_from_stored(attempt: Attempt, artifacts: list[Artifact], mark: str, folders: Folders) -> PassOutcome | None:
    """The outcome of a pass that was done before, with a runmeta of its own; None where a file is gone."""
    page = attempt.claimed.page
    runmeta_kind = (ArtifactKind.RUNMETA_PASS1, ArtifactKind.RUNMETA_PASS2)[page.pass_num - 1]
    kept = [artifact for artifact in artifacts if _belongs(artifact.kind, page.pass_num)]
    if not all(folders.artifacts.path(each.sha256, each.media_type).exists() for each in kept):
        return None
    stored = {artifact.kind: artifact for artifact in kept}
    if runmeta_kind not in stored:
        return None
    before = RunMeta.model_validate_json(folders.artifacts.read(stored[runmeta_kind].sha256, "application/json"))
    now = datetime.now(UTC)
    runmeta = before.model_copy(update={"cached": True, "started_at": attempt.started_at, "finished_at": now})
    text = runmeta.model_dump_json(by_alias=True, indent=1)
    stored[runmeta_kind] = _store_json(folders, page, runmeta_kind, text)
    renumbered = tuple(artifact.model_copy(update={"page_num": page.page_num}) for artifact in stored.values())
    return PassOutcome(
        artifacts=renumbered, fingerprint=mark, cached=True, timings_ms={}, skip_reason=_stored_skip(stored, folders)
    )


def _stored_skip(stored: Mapping[ArtifactKind, Artifact], folders: Folders) -> str | None:
    artifact = stored.get(ArtifactKind.METADATA)
    if artifact is None:
        return None
    text = folders.artifacts.read(artifact.sha256, artifact.media_type)
    return skip_reason(PageMetadata.model_validate_json(text))


def _belongs(kind: ArtifactKind, pass_num: int) -> bool:
    return (kind in (ArtifactKind.COLORIZED, ArtifactKind.RUNMETA_PASS2)) == (pass_num == 2)


def _decode(attempt: Attempt, file: StoredFile, max_pixels: int, folders: Folders) -> NDArray[np.uint8]:
    attempt.progress("decoding")
    return decode_original(folders.assets.read(file.sha256, file.media_type), max_pixels=max_pixels)


def _metadata(
    job: Job, page: PagePass, analysis: PageAnalysis, shape: tuple[int, ...], lettering_mask: Artifact
) -> PageMetadata:
    return PageMetadata(
        chapter_id=job.chapter_id,
        page_num=page.page_num,
        page_image=f"asset:{page.asset_sha256}",
        page_seed=page_seed(job.chapter_id, page.page_num),
        page_prompt=analysis.prompt,
        text_mask=f"artifact:{lettering_mask.sha256}",
        width=shape[1],
        height=shape[0],
        sha256=page.asset_sha256 or "",
        is_color=analysis.is_color,
        is_blank=analysis.is_blank,
        tone=analysis.tone,
        reading_direction=analysis.reading_direction,
        panels=analysis.panels,
        balloons=analysis.balloons,
        lettering=analysis.lettering,
        analysis_version=ANALYSIS_VERSION,
    )


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
        **masks,
    )


def _read_artifact(inputs: PageInputs, folders: Folders, kind: ArtifactKind) -> bytes:
    artifact = inputs.pass1.get(kind)
    if artifact is None:
        raise PageFailedError(f"Pass 1 left no {kind} for this page; run Pass 1 again with force.")
    return folders.artifacts.read(artifact.sha256, artifact.media_type)


def _hints(params: Params, page_num: int) -> tuple[ColourHint, ...]:
    return tuple(
        ColourHint(hint.x, hint.y, hex_to_rgb(hint.color)) for hint in params.hints if hint.page_num in (None, page_num)
    )


def _check_layer(layer: ColourLayer, page: NDArray[np.uint8]) -> None:
    height, width = layer.image.shape[:2]
    expected = page.shape[1] / page.shape[0]
    wrong_shape = layer.image.ndim != 3 or layer.image.shape[2] != 3 or layer.image.dtype != np.uint8
    if wrong_shape or abs(width / height / expected - 1) > ASPECT_TOLERANCE + 1 / min(width, height):
        raise PageFailedError(
            f"The engine returned a picture of {width}×{height} for a page of {page.shape[1]}×{page.shape[0]}."
        )


def _runmeta(
    attempt: Attempt,
    made: list[Artifact],
    mark: str,
    timings_ms: Mapping[str, float],
    *,
    engine: str,
    model: ModelInfo,
    device: str,
    peak: int | None,
) -> str:
    job, page = attempt.claimed.job, attempt.claimed.page
    runmeta = RunMeta(
        pass_num=page.pass_num,
        chapter_id=job.chapter_id,
        page_num=page.page_num,
        engine=engine,
        model=RunModel(id=model.id, revision=model.revision, sha=model.sha256),
        params=job.params.model_dump(mode="json"),
        seed=page.seed,
        page_image=f"asset:{page.asset_sha256}",
        style_reference=tuple(f"asset:{sha256}" for sha256 in job.references),
        fingerprint=mark,
        outputs={artifact.kind: artifact.sha256 for artifact in made},
        timings_ms=timings_ms,
        device=device,
        peak_memory_bytes=peak,
        cached=False,
        versions=installed_versions(),
        started_at=attempt.started_at,
        finished_at=datetime.now(UTC),
        status="completed",
    )
    return runmeta.model_dump_json(by_alias=True, indent=1)


def _store_png(
    folders: Folders, page: PagePass, kind: ArtifactKind, pixels: NDArray[np.uint8] | NDArray[np.bool_]
) -> Artifact:
    return _store(folders, page, kind, encode_png(pixels), "image/png")


def _store_json(folders: Folders, page: PagePass, kind: ArtifactKind, text: str) -> Artifact:
    return _store(folders, page, kind, text.encode(), "application/json")


def _store(folders: Folders, page: PagePass, kind: ArtifactKind, data: bytes, media_type: str) -> Artifact:
    file = folders.artifacts.store(data, media_type)
    return Artifact(kind=kind, page_num=page.page_num, media_type=file.media_type, size=file.size, sha256=file.sha256)
