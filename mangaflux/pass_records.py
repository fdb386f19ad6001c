"""What each pass leaves behind beside pixels: fingerprints, metadata, runmeta, and the artifacts they are stored as.

The functions that store block; they run on the CPU pool.
"""

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime

import numpy as np
from numpy.typing import NDArray

from mangaflux.attempts import Attempt
from mangaflux.engine.analysis.detectors.detector import Detector
from mangaflux.engine.analysis.metadata import PageAnalysis, PageMetadata, ReadingDirection, page_seed
from mangaflux.engine.analysis.page import ANALYSIS_VERSION
from mangaflux.engine.analysis.text_detector import MODEL_NAME, model_sha256
from mangaflux.engine.base import Engine, ModelInfo
from mangaflux.engine.finishing.compositing import FINISHING_VERSION, FinishingRecipe
from mangaflux.engine.imaging import encode_png
from mangaflux.engine.runmeta import RunMeta, RunModel, installed_versions
from mangaflux.jobs import Artifact, ArtifactKind, Job, PagePass, Params, fingerprint
from mangaflux.settings import FinishingSettings
from mangaflux.storage.content_files import ContentFiles


@dataclass(frozen=True, slots=True)
class Folders:
    """Where stored files are."""

    assets: ContentFiles
    artifacts: ContentFiles


@dataclass(frozen=True, slots=True)
class Maker:
    """Who did a pass, as its runmeta names it."""

    name: str
    model: ModelInfo
    device: str


#: Who does Pass 1.
ANALYZER = Maker("analysis", ModelInfo(id="mangaflux-analysis", revision=ANALYSIS_VERSION), "cpu")


def maker_of(engine: Engine) -> Maker:
    """An engine as the maker of Pass 2."""
    return Maker(engine.name, engine.model, engine.device)


def analysis_models(detectors: Iterable[Detector]) -> dict[str, str]:
    """SHA-256 of all weights that an analysis with these detectors uses, by the name of the model.

    Raises:
        InstallationError: the weights of the text detector, which every analysis uses, are missing or unreadable.
    """
    return {MODEL_NAME: model_sha256()} | {detector.name: detector.sha256 for detector in detectors}


def finishing_recipe(settings: FinishingSettings) -> FinishingRecipe:
    """What the operator chose, as finishing takes it."""
    return FinishingRecipe(settings.merge, settings.screentone, settings.max_repairs, settings.palette_strength)


def pass1_fingerprint(job: Job, page: PagePass, models: Mapping[str, str]) -> str:
    """Equal for equal results of Pass 1 with these models."""
    return fingerprint(
        {
            "pass": 1,
            "page": page.asset_sha256,
            "chapter_id": job.chapter_id,
            "page_num": page.page_num,
            "reading_direction": job.params.reading_direction,
            "analysis": ANALYSIS_VERSION,
            "models": dict(models),
        }
    )


@dataclass(frozen=True, slots=True)
class Pass2Work:
    """Everything but the engine that decides what Pass 2 makes of a page."""

    #: Of the page's bytes as they came in.
    page_sha256: str
    page_num: int
    #: SHA-256 of the style references, in the client's order.
    references: tuple[str, ...]
    params: Params
    #: Resolved, whatever the seed mode.
    seed: int
    #: Of the Pass 1 that is built upon.
    analysis_version: str
    analysis_models: Mapping[str, str]
    reading_direction: ReadingDirection
    finishing: FinishingRecipe


def pass2_fingerprint(work: Pass2Work, engine: Engine, recipe: Mapping[str, str]) -> str:
    """Equal for equal results of Pass 2. The page's number counts only where params tell pages apart by it.

    Args:
        work: what is to be coloured, and how.
        engine: what colours it.
        recipe: what decides the bytes beside the request: the engine's own, or that of a layer it made.
    """
    return fingerprint(
        {
            "pass": 2,
            "page": work.page_sha256,
            "references": work.references,
            "engine": engine.name,
            "model": {"id": engine.model.id, "revision": engine.model.revision, "sha256": engine.model.sha256},
            "recipe": dict(recipe),
            "analysis": work.analysis_version,
            "analysis_models": dict(work.analysis_models),
            "reading_direction": work.reading_direction,
            "finishing": {"version": FINISHING_VERSION, **asdict(work.finishing)},
            "params": work.params.canonical(),
            "hints": [hint.model_dump(exclude={"page_num"}) for hint in work.params.hints_of(work.page_num)],
            "seed": work.seed,
        }
    )


def skip_reason(metadata: PageMetadata) -> str | None:
    """Why Pass 2 leaves this page as it is, or None."""
    if metadata.is_color:
        return "already_in_colour"
    if metadata.is_blank:
        return "blank_page"
    return None


def page_metadata(
    attempt: Attempt,
    analysis: PageAnalysis,
    shape: tuple[int, ...],
    lettering_mask: Artifact,
    models: Mapping[str, str],
) -> PageMetadata:
    """What Pass 1 says of a page of this (H, W, …) shape, found with these models."""
    job, page = attempt.claimed.job, attempt.claimed.page
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
        models=dict(models),
        facts=analysis.facts,
    )


def run_meta(
    attempt: Attempt, maker: Maker, mark: str, made: Iterable[Artifact], peak_memory_bytes: int | None = None
) -> RunMeta:
    """What an attempt that made these artifacts says of itself."""
    job, page = attempt.claimed.job, attempt.claimed.page
    return RunMeta(
        pass_num=page.pass_num,
        chapter_id=job.chapter_id,
        page_num=page.page_num,
        engine=maker.name,
        model=RunModel(id=maker.model.id, revision=maker.model.revision, sha=maker.model.sha256),
        params=job.params.model_dump(mode="json"),
        seed=page.seed,
        page_image=f"asset:{page.asset_sha256}",
        style_reference=tuple(f"asset:{sha256}" for sha256 in job.references),
        fingerprint=mark,
        outputs={artifact.kind: artifact.sha256 for artifact in made},
        timings_ms=attempt.finish_stages(),
        device=maker.device,
        peak_memory_bytes=peak_memory_bytes,
        cached=False,
        versions=installed_versions(),
        started_at=attempt.started_at,
        finished_at=datetime.now(UTC),
        status="completed",
    )


def store_run_meta(folders: Folders, meta: RunMeta) -> Artifact:
    """Stores a runmeta as the artifact of its pass."""
    kind = (ArtifactKind.RUNMETA_PASS1, ArtifactKind.RUNMETA_PASS2)[meta.pass_num - 1]
    return store_json(folders, meta.page_num, kind, meta.model_dump_json(by_alias=True, indent=1))


def store_failure(attempt: Attempt, maker: Maker, mark: str, error: Mapping[str, str], folders: Folders) -> Artifact:
    """Stores what a failed attempt says of itself."""
    meta = run_meta(attempt, maker, mark, ())
    return store_run_meta(folders, meta.model_copy(update={"status": "failed", "error": dict(error)}))


def store_png(
    folders: Folders, page_num: int, kind: ArtifactKind, pixels: NDArray[np.uint8] | NDArray[np.bool_]
) -> Artifact:
    """Stores pixels or a mask as PNG."""
    return _store(folders, page_num, kind, encode_png(pixels), "image/png")


def store_json(folders: Folders, page_num: int, kind: ArtifactKind, text: str) -> Artifact:
    """Stores a JSON document."""
    return _store(folders, page_num, kind, text.encode(), "application/json")


def _store(folders: Folders, page_num: int, kind: ArtifactKind, data: bytes, media_type: str) -> Artifact:
    file = folders.artifacts.store(data, media_type)
    return Artifact(kind=kind, page_num=page_num, media_type=file.media_type, size=file.size, sha256=file.sha256)
