"""What happens to one page: each pass from its inputs to its row, and what is left of a page that failed."""

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial

from mangaflux import passes
from mangaflux.attempts import Attempt
from mangaflux.cpu_pool import CpuPool, Urgency
from mangaflux.engine.analysis.detectors.detector import Detector
from mangaflux.engine.analysis.metadata import PageMetadata
from mangaflux.engine.analysis.page import ANALYSIS_VERSION
from mangaflux.engine.base import ColorizeRequest, Engine
from mangaflux.engine.executor import DeviceExecutor
from mangaflux.engine.finishing.draft import Draft, give_up
from mangaflux.engine.registry import EngineRegistry
from mangaflux.errors import EngineUnavailableError, InstallationError, MangaFluxError, PageFailedError, StorageError
from mangaflux.events import EventBroker
from mangaflux.image_decoder import ImageDecoder
from mangaflux.jobs import Artifact, ArtifactKind, ClaimedPage, Job, PassOutcome
from mangaflux.palettes import StoredPalette, chapter_palette
from mangaflux.pass_records import (
    ANALYZER,
    Folders,
    Maker,
    Pass2Work,
    analysis_models,
    finishing_recipe,
    maker_of,
    pass1_fingerprint,
    pass2_fingerprint,
    skip_reason,
    store_failure,
)
from mangaflux.passes import PageInputs
from mangaflux.settings import Settings
from mangaflux.storage.artifact_store import ArtifactStore
from mangaflux.storage.asset_store import AssetStore
from mangaflux.storage.content_files import StoredFile
from mangaflux.storage.page_queue import PageQueue

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class WorkerParts:
    """What the worker works with; it owns none of it."""

    settings: Settings
    queue: PageQueue
    assets: AssetStore
    artifacts: ArtifactStore
    broker: EventBroker
    device: DeviceExecutor
    engines: EngineRegistry
    #: Those that help Pass 1.
    detectors: tuple[Detector, ...]
    cpu: CpuPool
    decoder: ImageDecoder


class PageWork:
    """Both passes of a page, on the event loop; what blocks runs on the CPU pool or on the device thread."""

    def __init__(self, parts: WorkerParts) -> None:
        self._parts = parts
        self._folders = Folders(parts.assets.files, parts.artifacts.files)
        self._recipe = finishing_recipe(parts.settings.finishing)

    async def run(self, attempt: Attempt) -> None:
        """Runs the pass that was claimed, to its end in the table.

        Raises:
            AttemptAbortedError: the attempt was told to stop.
            MangaFluxError: the page cannot be done, or nothing can be done at the moment.
        """
        attempt.progress("starting")
        if attempt.claimed.page.pass_num == 1:
            await self._analyze(attempt)
        else:
            await self._colorize(attempt)

    async def _analyze(self, attempt: Attempt) -> None:
        """Pass 1 of a page: what was done before is taken from there, else it is analysed on the CPU pool."""
        outcome = await self._stored_outcome(attempt, ANALYZER, self._pass1_mark(attempt.claimed))
        if outcome is None:
            inputs = await self._inputs(attempt.claimed)
            outcome = await self._parts.cpu.run(
                Urgency.ANALYZE, lambda: passes.analyze(attempt, inputs, self._folders, self._parts.detectors)
            )
        await self._parts.queue.complete(attempt.claimed, outcome)

    async def _colorize(self, attempt: Attempt) -> None:
        """Pass 2 of a page: inputs → request → painted on the device, judged and repaired → stored."""
        claimed = attempt.claimed
        engine = self._engine(claimed.job)
        inputs = await self._inputs(claimed)
        metadata = await self._parts.cpu.run(Urgency.PREPARE, lambda: passes.read_metadata(inputs, self._folders))
        if (reason := skip_reason(metadata)) is not None:
            await self._parts.queue.skip(claimed, reason)
            return
        mark = self._pass2_mark(claimed, metadata, engine.recipe)
        outcome = await self._stored_outcome(attempt, maker_of(engine), mark)
        if outcome is None:
            request = await self._parts.cpu.run(Urgency.PREPARE, lambda: passes.prepare(attempt, inputs, self._folders))
            palette = await self._palette(claimed, request)
            best = await self._paint(attempt, engine, request, palette)
            # Loading it may have decided otherwise than the engine said before.
            mark = self._pass2_mark(claimed, metadata, best.layer.recipe or engine.recipe)
            maker = maker_of(engine)
            outcome = await self._parts.cpu.run(
                Urgency.FINISH, partial(passes.finish, attempt, best, palette, maker, mark, self._folders)
            )
        await self._parts.queue.complete(claimed, outcome)

    async def _palette(self, claimed: ClaimedPage, request: ColorizeRequest) -> StoredPalette:
        """The palette of the page's chapter: the stored one where there is one of these references, else made now."""
        stored = await self._parts.artifacts.of_chapter(claimed.job.chapter_id, ArtifactKind.PALETTE)
        return await self._parts.cpu.run(
            Urgency.PREPARE, lambda: chapter_palette(claimed, request, stored, self._folders.artifacts)
        )

    async def _paint(self, attempt: Attempt, engine: Engine, request: ColorizeRequest, palette: StoredPalette) -> Draft:
        """A page painted, judged, and painted again where it came out wrong: the device and the CPU pool in turns."""
        cpu, device = self._parts.cpu, self._parts.device
        layer = await device.colorize(engine.name, request, attempt)
        best = await cpu.run(Urgency.FINISH, lambda: passes.draft(attempt, request, layer, self._recipe, palette))
        while best.repairs:
            try:
                patches = [await device.colorize(engine.name, part, attempt) for part in best.requests]
                best = await cpu.run(Urgency.FINISH, partial(passes.mend, attempt, best, patches))
            except PageFailedError as error:
                # What was painted first is a page all the same.
                best = give_up(best, error.message)
        return best

    async def _stored_outcome(self, attempt: Attempt, maker: Maker, mark: str) -> PassOutcome | None:
        if attempt.claimed.job.params.force:
            return None
        before = await self._parts.artifacts.made_before(mark, attempt.claimed.page.pass_num)
        if not before:
            return None
        return await self._parts.cpu.run(
            Urgency.PREPARE, lambda: passes.answer_from_stored(attempt, before, maker, mark, self._folders)
        )

    async def _inputs(self, claimed: ClaimedPage) -> PageInputs:
        job, page = claimed.job, claimed.page
        pass1 = await self._parts.artifacts.of_page(job.job_id, page.page_num) if page.pass_num == 2 else {}
        return PageInputs(
            page=await self._asset(page.asset_sha256 or ""),
            references=tuple([await self._asset(sha256) for sha256 in job.references]),
            pass1=pass1,
            decoder=self._parts.decoder,
        )

    async def _asset(self, sha256: str) -> StoredFile:
        asset = await self._parts.assets.get(sha256)
        if asset is None:
            raise PageFailedError(f"The stored image asset:{sha256[:12]}… is gone; send it again.")
        return asset.file

    def _engine(self, job: Job) -> Engine:
        return self._parts.engines.engines[self._parts.engines.resolve(job.engine)]

    def _pass1_mark(self, claimed: ClaimedPage) -> str:
        return pass1_fingerprint(claimed.job, claimed.page, analysis_models(self._parts.detectors))

    def _pass2_mark(self, claimed: ClaimedPage, metadata: PageMetadata | None, recipe: Mapping[str, str]) -> str:
        """The fingerprint of Pass 2 on what Pass 1 said; where that cannot be read, on what it would say now."""
        job, page = claimed.job, claimed.page
        work = Pass2Work(
            page_sha256=page.asset_sha256 or "",
            page_num=page.page_num,
            references=job.references,
            params=job.params,
            seed=page.seed,
            analysis_version=metadata.analysis_version if metadata else ANALYSIS_VERSION,
            analysis_models=metadata.models if metadata else analysis_models(self._parts.detectors),
            reading_direction=metadata.reading_direction if metadata else job.params.reading_direction,
            finishing=self._recipe,
        )
        return pass2_fingerprint(work, self._engine(job), recipe)

    async def fail(self, attempt: Attempt, error: Exception) -> None:
        """Fails the page: one line for the person, the traceback of what nobody foresaw in the log."""
        page = attempt.claimed.page
        if isinstance(error, MangaFluxError):
            logger.info("page %d of %s failed: %s", page.page_num, page.job_id, error.message)
            code, message = error.code, error.message
        else:
            logger.error("page %d of %s failed", page.page_num, page.job_id, exc_info=error)
            code, message = "internal_error", "Something went wrong inside the server; its log says what."
        runmeta = await self._failure(attempt, {"code": code, "message": message})
        await self._parts.queue.fail(attempt.claimed, code, message, runmeta)

    async def _failure(self, attempt: Attempt, error: dict[str, str]) -> Artifact | None:
        """The runmeta of a failed attempt; None where it cannot be written: the page has failed all the same."""
        claimed = attempt.claimed
        try:
            if claimed.page.pass_num == 1:
                maker, mark = ANALYZER, self._pass1_mark(claimed)
            else:
                engine = self._engine(claimed.job)
                maker, mark = maker_of(engine), self._pass2_mark(claimed, None, engine.recipe)
            return await self._parts.cpu.run(
                Urgency.FINISH, lambda: store_failure(attempt, maker, mark, error, self._folders)
            )
        except (StorageError, EngineUnavailableError, InstallationError):
            logger.warning(
                "the runmeta of the failed page %d of %s was not written", claimed.page.page_num, claimed.job.job_id
            )
            return None
