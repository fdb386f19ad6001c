"""The life of a page: claim → run a pass → store artifacts → change status → publish.

Lanes claim pages side by side: Pass 1 on the CPU pool, Pass 2 with the device as the narrow place. Three lanes of
Pass 2 share the device, whose one thread takes them in turn, so that page N+1 is decoded, and page N−1 finished,
encoded and written, while the device colours page N.
"""

import asyncio
import contextlib
import logging
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial

from mangaflux import passes
from mangaflux.attempts import Attempt, Pace
from mangaflux.cpu_pool import CpuPool, Urgency
from mangaflux.engine.analysis.detectors.detector import Detector
from mangaflux.engine.analysis.metadata import PageMetadata
from mangaflux.engine.analysis.page import ANALYSIS_VERSION
from mangaflux.engine.base import ColorizeRequest, Engine
from mangaflux.engine.executor import DeviceExecutor
from mangaflux.engine.finishing.draft import Draft, give_up
from mangaflux.engine.registry import EngineRegistry
from mangaflux.errors import (
    AttemptAbortedError,
    DeviceLostError,
    EngineUnavailableError,
    InstallationError,
    MangaFluxError,
    PageFailedError,
)
from mangaflux.events import EventBroker
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

#: Pages of Pass 2 in flight: one being prepared, one on the device, one being finished.
COLORIZATION_LANES = 3

#: Seconds between looks at whether the device was idle for long enough to be freed.
IDLE_LOOK_SECONDS = 15.0


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


class Worker:
    """Takes pages as long as it runs. One per server; everything here happens on the event loop."""

    def __init__(self, parts: WorkerParts) -> None:
        self._parts = parts
        self._folders = Folders(parts.assets.files, parts.artifacts.files)
        self._recipe = finishing_recipe(parts.settings.finishing)
        self._pace = Pace()
        # By attempt, not by page: after a cancel and a retry two attempts at one page may be in flight.
        self._running: set[Attempt] = set()
        self._wakes: list[asyncio.Event] = []
        self._stopping = False
        self._lost: DeviceLostError | None = None
        #: Ends the work at once, when it is set: see `_lose_device`.
        self._deadline = asyncio.timeout(None)
        #: Why the engine of the settings was not loaded at the start.
        self.engine_problem: str | None = None
        #: True once a thread did not come back: the process must end without it.
        self.abandoned = False

    async def run(self) -> None:
        """Works until `stop`. An error that is not a page's own ends it, and with it the server.

        Raises:
            DeviceLostError: nothing can be coloured any more; no page is left running.
        """
        async with self._deadline:
            await self._warm_up()
            await self._run_suspects()
            await self._run_lanes()
        if self._lost is not None:
            raise self._lost

    async def _run_lanes(self) -> None:
        # One thread stays free for what the device waits for, where there is more than one.
        analysis_lanes = max(1, self._parts.cpu.threads - 1)
        async with asyncio.TaskGroup() as lanes:
            for pass_num in [1] * analysis_lanes + [2] * COLORIZATION_LANES:
                wake = asyncio.Event()
                self._wakes.append(wake)
                lanes.create_task(self._work_lane(pass_num, wake), name=f"lane of pass {pass_num}")
            if self._parts.settings.flux.idle_unload_minutes:
                lanes.create_task(self._unload_when_idle(), name="idle unload")

    def notify(self) -> None:
        """Wakes the lanes: the table has work. The table is the queue; this only says to look."""
        for wake in self._wakes:
            wake.set()

    def abort(self, job_id: str) -> None:
        """Stops what runs of a job that was cancelled in the table already."""
        for attempt in self._running:
            if attempt.claimed.job.job_id == job_id:
                attempt.abort()
        self.notify()

    def stop(self) -> None:
        """Stops claiming and aborts what runs; those pages go back to the queue."""
        self._stopping = True
        for attempt in self._running:
            attempt.abort()
        self.notify()

    @property
    def is_stopping(self) -> bool:
        """True once no new work is taken."""
        return self._stopping

    def readiness(self) -> list[str]:
        """Why this server cannot take work to its end now; empty when it is ready."""
        if self._lost is not None:
            return [self._lost.message]
        if self._stopping:
            return ["the server is stopping"]
        snapshot = self._parts.device.snapshot
        if snapshot.engine is not None or snapshot.state == "unloaded":
            return []
        return [self.engine_problem or snapshot.error or "the engine is loading"]

    async def _warm_up(self) -> None:
        try:
            await self._parts.device.load(self._parts.engines.resolve(None))
        except EngineUnavailableError as error:
            # Other engines may still do their jobs; `readiness` tells who asks.
            self.engine_problem = error.message
            logger.error("%s", error.message)

    async def _run_suspects(self) -> None:
        while not self._stopping and (claimed := await self._parts.queue.claim_suspect()) is not None:
            await self._process(claimed)

    async def _work_lane(self, pass_num: int, wake: asyncio.Event) -> None:
        while not self._stopping:
            # Cleared before looking, so that no notification is lost.
            wake.clear()
            pages_ahead = self._parts.settings.worker.pages_ahead
            claimed = await self._parts.queue.claim(pass_num, pages_ahead=pages_ahead)
            if claimed is None:
                await wake.wait()
                continue
            # One of two lanes may sleep on work that this claim made possible (Pass 1 may go further ahead).
            self.notify()
            await self._process(claimed)
            self.notify()

    async def _unload_when_idle(self) -> None:
        """Frees the GPU whenever flux had no page for as long as the settings say."""
        idle_seconds = self._parts.settings.flux.idle_unload_minutes * 60
        wake = asyncio.Event()
        self._wakes.append(wake)
        while not self._stopping:
            wake.clear()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(min(idle_seconds, IDLE_LOOK_SECONDS)):
                    await wake.wait()
            snapshot = self._parts.device.snapshot
            if snapshot.engine == "flux" and not self._running and snapshot.idle_seconds >= idle_seconds:
                await self._parts.device.unload()

    async def _process(self, claimed: ClaimedPage) -> None:
        """What happens to a claimed page, whatever happens to it."""
        broker = self._parts.broker
        attempt = Attempt(claimed, broker.publish, self._pace, broker.wants_previews)
        self._running.add(attempt)
        try:
            if self._stopping or not await self._parts.queue.is_mine(claimed):
                attempt.abort()
            await self._run_pass(attempt)
            self._pace.page_finished(claimed, attempt.started)
        except AttemptAbortedError:
            # A cancelled page is cancelled in the table already, and this changes nothing then.
            await self._parts.queue.release(claimed)
        except DeviceLostError as error:
            # A page which breaks the device every time is found out: the next process runs it alone.
            await self._parts.queue.suspect(claimed, self._parts.settings.worker.max_attempts)
            self._lose_device(error)
        except Exception as error:  # noqa: BLE001 — one bad page harms only itself
            await self._fail(attempt, error)
        finally:
            self._running.discard(attempt)

    def _lose_device(self, error: DeviceLostError) -> None:
        """Ends the work: nothing can be coloured before another process has started. What runs beside goes back to the
        queue; what does not stop in time stays `running`, as after a death.
        """
        logger.critical("the device is lost, so the server stops: %s", error.message)
        self._lost = error
        self.stop()
        self._deadline.reschedule(asyncio.get_running_loop().time() + self._parts.settings.worker.drain_timeout_seconds)

    async def _run_pass(self, attempt: Attempt) -> None:
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
            max_pixels=self._parts.settings.limits.max_pixels,
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

    async def _fail(self, attempt: Attempt, error: Exception) -> None:
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
        except (OSError, EngineUnavailableError, InstallationError):
            logger.warning(
                "the runmeta of the failed page %d of %s was not written", claimed.page.page_num, claimed.job.job_id
            )
            return None
