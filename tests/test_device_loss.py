"""A GPU that is lost: the process ends, no page is left running, and a page that is to blame is found."""

import asyncio
import threading
from collections.abc import Collection
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from mangaflux.engine.analysis.detections import NOTHING_DETECTED, Detections
from mangaflux.engine.analysis.metadata import page_seed
from mangaflux.engine.fake import FakeEngine
from mangaflux.engine.registry import EngineRegistry
from mangaflux.errors import DeviceLostError, StorageError
from mangaflux.jobs import ClaimedPage, Job, PagePass, Status
from mangaflux.parts import Parts, open_parts
from mangaflux.settings import Settings, WorkerSettings
from tests.small_pages import page_bytes
from tests.test_worker import DEADLINE_SECONDS, WaitsForTheWord, end_of, passes_of, running, submit


class LosesDeviceAtLoad(FakeEngine):
    """Loads so many times, and loses its device the next time."""

    def __init__(self, loads: int) -> None:
        super().__init__()
        self._loads = loads

    def load(self) -> None:
        self._loads -= 1
        if self._loads < 0:
            raise DeviceLostError("The fake engine was told to lose its device.")
        super().load()


class NeverComesBack:
    """A detector that keeps a thread of the CPU pool with the second page, and says when it has it."""

    name = "never"
    license = "Apache-2.0"
    sha256 = "a" * 64

    def __init__(self, begun: threading.Event) -> None:
        self.word = threading.Event()
        self._begun = begun
        self._pages = 0

    def detect(self, page: NDArray[np.uint8]) -> Detections:
        self._pages += 1
        if self._pages == 2:
            self._begun.set()
            self.word.wait(DEADLINE_SECONDS)
        return NOTHING_DETECTED


async def lose(parts: Parts) -> None:
    """Until the worker has ended because the device was lost."""
    done, _ = await asyncio.wait({parts.worker_task}, timeout=DEADLINE_SECONDS)
    assert done
    assert isinstance(parts.worker_task.exception(), DeviceLostError)


async def one_process(folder: Path, job: Job, lose_device_seeds: Collection[int]) -> dict[tuple[int, int], PagePass]:
    """What a process that loses its device leaves in the table."""
    async with running(folder, FakeEngine(lose_device_seeds=lose_device_seeds), max_attempts=2) as parts:
        await lose(parts)
        return await passes_of(parts, job)


async def test_a_lost_device_ends_the_worker_and_leaves_every_page_queued(tmp_path: Path) -> None:
    engine = FakeEngine(seconds_per_step=0.05)
    async with running(tmp_path, engine) as parts:
        job = await submit(parts, page_bytes(1), page_bytes(2), page_bytes(3))
        engine.lose_device_seeds = {page.seed for page in (await passes_of(parts, job)).values()}
        await lose(parts)

        assert parts.device.snapshot.state == "failed"
        assert parts.worker.readiness() == ["The fake engine was told to lose its device."]
        pages = await passes_of(parts, job)
        second = [page for (_, pass_num), page in pages.items() if pass_num == 2]
        assert {page.status for page in pages.values()} <= {Status.QUEUED, Status.COMPLETED}
        assert {page.status for page in second} == {Status.QUEUED}
        # Only the page that was on the device is looked at alone; none has a death on its account.
        assert [page.suspect for page in second].count(True) == 1
        assert {page.deaths for page in second} == {0}
        assert (await parts.jobs.get(job.job_id)).status is Status.RUNNING

    async with running(tmp_path, FakeEngine()) as parts:
        assert (await end_of(parts, job)).status is Status.COMPLETED


async def test_a_page_that_always_loses_the_device_fails_and_its_neighbour_is_done(tmp_path: Path) -> None:
    engine = FakeEngine(seconds_per_step=0.05)
    async with running(tmp_path, engine, max_attempts=2) as parts:
        job = await submit(parts, page_bytes(1), page_bytes(2))
        poison = (await passes_of(parts, job))[1, 2].seed
        engine.lose_device_seeds = {poison}
        await lose(parts)

    told = [(await one_process(tmp_path, job, {poison}))[1, 2] for _ in range(2)]

    assert [(page.status, page.deaths) for page in told] == [(Status.QUEUED, 1), (Status.FAILED, 2)]
    assert told[1].error_code == "crash_loop"
    async with running(tmp_path, engine) as parts:
        assert (await end_of(parts, job)).status is Status.FAILED
        assert (await passes_of(parts, job))[2, 2].status is Status.COMPLETED


async def test_a_device_that_was_lost_loads_nothing_any_more(tmp_path: Path) -> None:
    engine = FakeEngine()
    async with running(tmp_path, engine) as parts:
        job = await submit(parts, page_bytes())
        engine.lose_device_seeds = {(await passes_of(parts, job))[1, 2].seed}
        await lose(parts)

        with pytest.raises(Exception, match="told to lose its device"):
            await parts.device.load("fake")


async def test_a_device_that_is_lost_at_the_start_ends_the_worker(tmp_path: Path) -> None:
    async with running(tmp_path, LosesDeviceAtLoad(0)) as parts:
        await lose(parts)

        assert parts.worker.readiness() == ["The fake engine was told to lose its device."]


async def test_a_device_that_was_lost_between_pages_ends_the_worker_and_blames_no_page(tmp_path: Path) -> None:
    async with running(tmp_path, LosesDeviceAtLoad(1)) as parts:
        await parts.device.load("fake")
        await parts.device.unload()
        with pytest.raises(DeviceLostError):
            await parts.device.load("fake")

        job = await submit(parts, page_bytes())
        await lose(parts)

        page = (await passes_of(parts, job))[1, 2]
        assert (page.status, page.suspect) == (Status.QUEUED, False)


async def test_a_lost_device_ends_the_worker_while_the_disk_fails(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fail(_claimed: ClaimedPage, _max_attempts: int) -> None:
        raise StorageError("The database cannot be used at the moment.")

    engine = FakeEngine()
    async with running(tmp_path, engine) as parts:
        monkeypatch.setattr(parts.queue, "suspect", fail)
        job = await submit(parts, page_bytes())
        engine.lose_device_seeds = {(await passes_of(parts, job))[1, 2].seed}
        await lose(parts)

        assert (await passes_of(parts, job))[1, 2].status is Status.RUNNING

    async with running(tmp_path, FakeEngine()) as parts:
        assert (await end_of(parts, job)).status is Status.COMPLETED


async def test_a_lost_device_ends_the_worker_while_a_thread_does_not_come_back(tmp_path: Path) -> None:
    engine = WaitsForTheWord()
    engine.lose_device_seeds = {page_seed("chapter", 1)}
    detector = NeverComesBack(begun=engine.word)
    settings = Settings(
        data_dir=tmp_path, engine="fake", worker=WorkerSettings(cpu_threads=2, drain_timeout_seconds=0.2)
    )
    engines = EngineRegistry(engines={"fake": engine}, absent={}, default="fake")
    async with asyncio.timeout(DEADLINE_SECONDS):
        async with open_parts(settings, engines, (detector,)) as parts:
            job = await submit(parts, page_bytes(1), page_bytes(2))
            await lose(parts)

            assert (await passes_of(parts, job))[2, 1].status is Status.RUNNING
        assert parts.worker.abandoned
    detector.word.set()

    async with running(tmp_path, FakeEngine()) as parts:
        assert (await end_of(parts, job)).status is Status.COMPLETED
