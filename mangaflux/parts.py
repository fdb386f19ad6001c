"""The parts of a running MangaFlux, opened and closed in one place and in the right order.

The server and the command line work with the same parts; only the server adds HTTP on top.
"""

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Coroutine, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AsyncExitStack, asynccontextmanager, closing, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from mangaflux.admission import Admission
from mangaflux.cpu_pool import CpuPool
from mangaflux.engine.analysis.detectors.detector import Detector
from mangaflux.engine.executor import DeviceExecutor
from mangaflux.engine.registry import EngineRegistry
from mangaflux.events import EventBroker
from mangaflux.image_decoder import ImageDecoder, open_decoder
from mangaflux.outgoing import guarded_session
from mangaflux.page_work import WorkerParts
from mangaflux.recovery import recover
from mangaflux.settings import Settings
from mangaflux.storage.artifact_store import ArtifactStore
from mangaflux.storage.asset_store import AssetStore
from mangaflux.storage.content_files import ContentFiles
from mangaflux.storage.data_folder import ARTIFACTS_FOLDER, ASSETS_FOLDER, DATABASE_NAME, locked_data_folder
from mangaflux.storage.database import Database, open_database
from mangaflux.storage.event_store import EventStore
from mangaflux.storage.job_store import JobStore
from mangaflux.storage.outbox import Outbox
from mangaflux.storage.page_queue import PageQueue
from mangaflux.storage.removal import Removal
from mangaflux.storage.retention import Retention
from mangaflux.submission import SubmissionParts, Submissions
from mangaflux.upkeep import keep_tidy
from mangaflux.webhooks import Courier, read_secret
from mangaflux.worker import Worker

logger = logging.getLogger(__name__)

#: Threads for blocking file work of requests. More than two gain nothing on one disk.
FILE_THREADS = 2
#: Threads that wait for uploads to be decoded, and so the decodings of uploads that go on at once.
DECODING_THREADS = 2


@dataclass(frozen=True, slots=True)
class Parts:
    """Everything that is open while MangaFlux runs."""

    settings: Settings
    engines: EngineRegistry
    broker: EventBroker
    database: Database
    jobs: JobStore
    queue: PageQueue
    events: EventStore
    assets: AssetStore
    artifacts: ArtifactStore
    device: DeviceExecutor
    worker: Worker
    #: Ends only when the server stops; ends with an error when the worker itself failed.
    worker_task: asyncio.Task[None]
    admission: Admission
    submissions: Submissions
    removal: Removal
    retention: Retention
    #: Threads for blocking file work; never the loop's default executor, which aiohttp sends files with.
    files: ThreadPoolExecutor


@dataclass(frozen=True, slots=True)
class _Storage:
    jobs: JobStore
    queue: PageQueue
    events: EventStore
    assets: AssetStore
    artifacts: ArtifactStore


@asynccontextmanager
async def open_parts(
    settings: Settings, engines: EngineRegistry, detectors: tuple[Detector, ...] = ()
) -> AsyncIterator[Parts]:
    """The parts, with recovery done and the worker running; the engine loads meanwhile.

    Order: lock → database → recovery → worker. After the block, in reverse: the worker's pages go back to the queue,
    its threads are awaited until the drain timeout, the database closes.

    Raises:
        DataFolderError: the data folder is locked, not writable, or from a newer version.
    """
    async with AsyncExitStack() as stack:
        folder = stack.enter_context(locked_data_folder(settings.data_dir))
        files = stack.enter_context(_threads(FILE_THREADS, "files"))
        decoding = stack.enter_context(_threads(DECODING_THREADS, "decoding"))
        # Whoever still waits for it hears at once that it is gone.
        decoder = stack.enter_context(closing(open_decoder(settings.limits)))
        database = await stack.enter_async_context(open_database(folder / DATABASE_NAME))
        broker = EventBroker()
        storage = _storage(folder, database, broker, settings)
        folders = (storage.assets.files, storage.artifacts.files)
        await recover(storage.queue, folders, files, settings.worker.max_attempts)
        device = DeviceExecutor(engines.engines, settings.worker.hang_seconds)
        worker, task = await stack.enter_async_context(
            _working(settings, engines, detectors, storage, broker, device, decoder)
        )
        admission = Admission(settings, storage.jobs, worker.pace, files=files, is_stopping=lambda: worker.is_stopping)
        submissions = _submissions(settings, engines, storage, files, worker, admission, decoder, decoding)
        if secret := settings.webhooks.secret.get_secret_value():
            courier = _courier(settings, read_secret(secret), Outbox(database), broker)
            # What is on its way at the end stays in the outbox: it may be delivered twice, never less than once.
            await stack.enter_async_context(_running_beside(courier.run(), "webhooks"))
        retention = Retention(database, storage.assets.files, storage.artifacts.files, settings.retention)
        await stack.enter_async_context(_running_beside(keep_tidy(retention, files), "upkeep"))
        yield Parts(
            settings=settings,
            engines=engines,
            broker=broker,
            database=database,
            jobs=storage.jobs,
            queue=storage.queue,
            events=storage.events,
            assets=storage.assets,
            artifacts=storage.artifacts,
            device=device,
            worker=worker,
            worker_task=task,
            admission=admission,
            submissions=submissions,
            removal=Removal(database),
            retention=retention,
            files=files,
        )


@asynccontextmanager
async def _working(
    settings: Settings,
    engines: EngineRegistry,
    detectors: tuple[Detector, ...],
    storage: _Storage,
    broker: EventBroker,
    device: DeviceExecutor,
    decoder: ImageDecoder,
) -> AsyncIterator[tuple[Worker, asyncio.Task[None]]]:
    cpu = CpuPool(settings.cpu_thread_count)
    parts = WorkerParts(
        settings=settings,
        queue=storage.queue,
        assets=storage.assets,
        artifacts=storage.artifacts,
        broker=broker,
        device=device,
        engines=engines,
        detectors=detectors,
        cpu=cpu,
        decoder=decoder,
    )
    worker = Worker(parts)
    task = asyncio.create_task(worker.run(), name="worker")
    try:
        yield worker, task
    finally:
        worker.stop()
        deadline = time.monotonic() + settings.worker.drain_timeout_seconds
        drained = await _drain(task, settings.worker.drain_timeout_seconds)
        closed = [await close(max(0.1, deadline - time.monotonic())) for close in (device.close, cpu.close)]
        worker.abandoned = not (drained and all(closed))


@asynccontextmanager
async def _running_beside(work: Coroutine[object, object, None], name: str) -> AsyncIterator[None]:
    """Lets a task run for the length of the block."""
    task = asyncio.create_task(work, name=name)
    try:
        yield
    finally:
        task.cancel()
        await asyncio.wait({task})


@contextmanager
def _threads(count: int, name: str) -> Iterator[ThreadPoolExecutor]:
    """Threads for what blocks. Not waited for at the end: a hung disk would hold the stop up. What they write is whole
    or absent.
    """
    threads = ThreadPoolExecutor(count, thread_name_prefix=name)
    try:
        yield threads
    finally:
        threads.shutdown(wait=False, cancel_futures=True)


async def _drain(task: asyncio.Task[None], timeout_seconds: float) -> bool:
    """Waits for the worker's end; True where every page came back. What did not stays `running` in the table."""
    done, _ = await asyncio.wait({task}, timeout=timeout_seconds)
    if not done:
        logger.error(
            "a page did not stop within %.0f s; it is left, and runs again after the next start", timeout_seconds
        )
        task.cancel()
        await asyncio.wait({task})
        return False
    if not task.cancelled() and (error := task.exception()) is not None:
        logger.critical("the worker failed", exc_info=error)
    return True


def _storage(folder: Path, database: Database, broker: EventBroker, settings: Settings) -> _Storage:
    events = EventStore(database, broker)
    jobs = JobStore(database, events)
    return _Storage(
        jobs=jobs,
        queue=PageQueue(database, jobs, events, small_job_pages=settings.queue.small_job_pages),
        events=events,
        assets=AssetStore(database, ContentFiles(folder / ASSETS_FOLDER)),
        artifacts=ArtifactStore(database, ContentFiles(folder / ARTIFACTS_FOLDER)),
    )


def _courier(settings: Settings, secret: bytes, outbox: Outbox, broker: EventBroker) -> Courier:
    outgoing = settings.outgoing
    open_session = partial(guarded_session, outgoing.allowed_networks, outgoing.timeout_seconds)
    return Courier(outbox, broker, secret, open_session)


def _submissions(
    settings: Settings,
    engines: EngineRegistry,
    storage: _Storage,
    files: ThreadPoolExecutor,
    worker: Worker,
    admission: Admission,
    decoder: ImageDecoder,
    decoding: ThreadPoolExecutor,
) -> Submissions:
    parts = SubmissionParts(
        limits=settings.limits,
        assets=storage.assets,
        artifacts=storage.artifacts,
        jobs=storage.jobs,
        engines=engines,
        files=files,
        decoder=decoder,
        decoding=decoding,
        notify=worker.notify,
        admission=admission,
    )
    return Submissions(parts)
