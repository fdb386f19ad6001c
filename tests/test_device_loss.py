"""A GPU that is lost: the process ends, no page is left running, and a page that is to blame is found."""

import asyncio
from collections.abc import Collection
from pathlib import Path

import pytest

from mangaflux.engine.fake import FakeEngine
from mangaflux.errors import DeviceLostError
from mangaflux.jobs import Job, PagePass, Status
from mangaflux.parts import Parts
from tests.small_pages import page_bytes
from tests.test_worker import DEADLINE_SECONDS, end_of, passes_of, running, submit


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
