"""Jobs in any order of submitting, working, cancelling, retrying, crashing, expiring and deleting, against a model.

The stores are the real ones, on a real database that is closed and opened again; who works on pages is the machine.
"""

import asyncio
import contextlib
import tempfile
from collections.abc import Awaitable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import TypeVar

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from mangaflux.errors import ConflictError, GoneError
from mangaflux.events import EventBroker
from mangaflux.jobs import (
    Artifact,
    ArtifactKind,
    ClaimedPage,
    JobKind,
    NewJob,
    NewPage,
    Params,
    PassOutcome,
    Status,
    settled_status,
)
from mangaflux.settings import RetentionSettings
from mangaflux.storage import clock
from mangaflux.storage.asset_store import Asset, AssetStore
from mangaflux.storage.content_files import ContentFiles
from mangaflux.storage.database import open_database
from mangaflux.storage.event_store import EventStore
from mangaflux.storage.job_store import JobStore
from mangaflux.storage.page_queue import PageQueue
from mangaflux.storage.removal import Removal
from mangaflux.storage.retention import Retention

MAX_ATTEMPTS = 2
#: More jobs at a time meet each other less often.
MOST_JOBS = 2
Result = TypeVar("Result")


@dataclass
class ModelPass:
    """What one pass of one page should be."""

    status: Status = Status.QUEUED
    attempt: int = 0
    suspect: bool = False
    alone: bool = False
    deaths: int = 0


@dataclass
class ModelJob:
    """What a job should be; `passes` by page and pass."""

    priority: int
    passes: dict[tuple[int, int], ModelPass]
    status: Status = Status.QUEUED
    retries: int = 0

    def settle(self) -> None:
        """Ends the job where all of its passes have ended."""
        self.status = settled_status([each.status for each in self.passes.values()]) or self.status

    def eligible(self, pass_num: int, *, suspect: bool) -> list[tuple[int, int]]:
        """The passes that may be claimed."""
        if self.status.is_terminal:
            return []
        return [
            key
            for key, each in self.passes.items()
            if key[1] == pass_num
            and each.status is Status.QUEUED
            and each.suspect is suspect
            and (pass_num == 1 or self.passes[key[0], 1].status is Status.COMPLETED)
        ]

    def fail(self, page_num: int, pass_num: int) -> None:
        """Fails a pass, and the later one that waits for it."""
        self.passes[page_num, pass_num].status = Status.FAILED
        later = self.passes.get((page_num, pass_num + 1))
        if later is not None and later.status is Status.QUEUED:
            later.status = Status.FAILED
        self.settle()


@dataclass
class Held:
    """A claim that somebody holds, perhaps in vain."""

    claimed: ClaimedPage
    job_id: str
    key: tuple[int, int]
    attempt: int = field(default=0)


class JobMachine(RuleBasedStateMachine):
    """The machine; hypothesis chooses what happens."""

    def __init__(self) -> None:
        super().__init__()
        self.runner = asyncio.Runner()
        self.files = ThreadPoolExecutor(1)
        self.folder = tempfile.TemporaryDirectory()
        self.jobs: dict[str, ModelJob] = {}
        self.gone: set[str] = set()
        self.held: list[Held] = []
        self.count = 0
        self._open()

    def teardown(self) -> None:
        self._run(self.stack.aclose())
        self.runner.close()
        self.files.shutdown()
        self.folder.cleanup()

    def _run(self, work: Awaitable[Result]) -> Result:
        async def await_it() -> Result:
            return await work

        return self.runner.run(await_it())

    def _open(self) -> None:
        folder = Path(self.folder.name)
        self.stack = AsyncExitStack()
        database = self._run(self.stack.enter_async_context(open_database(folder / "d.sqlite3")))
        events = EventStore(database, EventBroker())
        self.events = events
        self.store = JobStore(database, events)
        self.queue = PageQueue(database, self.store, events)
        self.assets = AssetStore(database, ContentFiles(folder / "assets"))
        self.artifacts = ContentFiles(folder / "artifacts")
        self.removal = Removal(database)
        self.retention = Retention(
            database, self.assets.files, self.artifacts, RetentionSettings(max_age_days=1, max_bytes=0)
        )

    @initialize()
    def have_a_page(self) -> None:
        self.page = self.assets.files.store(b"page", "image/png")
        self._run(self.assets.add([Asset(self.page, 10, 10)]))

    @precondition(lambda self: len(self.jobs) < MOST_JOBS)
    @rule(pages=st.integers(1, 2), priority=st.integers(-1, 1))
    def submit(self, pages: int, priority: int) -> None:
        self.count += 1
        job_id = f"job_{self.count}"
        self._run(self.assets.add([Asset(self.page, 10, 10)]))
        new = NewJob(
            job_id=job_id,
            kind=JobKind.TWO_PASS,
            chapter_id=f"chapter_{self.count % 3}",
            priority=priority,
            engine="fake",
            params=Params(),
            references=(),
            pages=tuple(
                NewPage(page_num=number, name="p", asset_sha256=self.page.sha256, seed=1)
                for number in range(1, pages + 1)
            ),
        )
        self._run(self.store.add(new))
        keys = [(number, pass_num) for number in range(1, pages + 1) for pass_num in (1, 2)]
        self.jobs[job_id] = ModelJob(priority, {key: ModelPass() for key in keys})

    @rule(pass_num=st.sampled_from([1, 2]))
    def claim(self, pass_num: int) -> None:
        claimed = self._run(self.queue.claim(pass_num, pages_ahead=1000))
        eligible = {(job_id, key) for job_id, job in self.jobs.items() for key in job.eligible(pass_num, suspect=False)}
        if claimed is None:
            assert eligible == set()
            return
        self._take(claimed, eligible, alone=False)
        assert claimed.job.priority == max(self.jobs[job_id].priority for job_id, _ in eligible)

    @rule()
    def claim_alone(self) -> None:
        claimed = self._run(self.queue.claim_suspect())
        eligible = {
            (job_id, key)
            for job_id, job in self.jobs.items()
            for pass_num in (1, 2)
            for key in job.eligible(pass_num, suspect=True)
        }
        if claimed is None:
            assert eligible == set()
            return
        self._take(claimed, eligible, alone=True)

    def _take(self, claimed: ClaimedPage, eligible: set[tuple[str, tuple[int, int]]], *, alone: bool) -> None:
        job_id, key = claimed.job.job_id, (claimed.page.page_num, claimed.page.pass_num)
        assert (job_id, key) in eligible
        job = self.jobs[job_id]
        model = job.passes[key]
        model.status, model.attempt, model.alone = Status.RUNNING, model.attempt + 1, alone
        job.status = Status.RUNNING
        self.held.append(Held(claimed, job_id, key, model.attempt))

    def _mine(self, held: Held) -> ModelPass | None:
        """The pass of a claim; None where the claim was lost meanwhile."""
        job = self.jobs.get(held.job_id)
        if job is None or job.passes[held.key].status is not Status.RUNNING:
            return None
        return job.passes[held.key] if job.passes[held.key].attempt == held.attempt else None

    def _let_go(self, number: int) -> Held:
        return self.held.pop(number % len(self.held))

    @precondition(lambda self: self.held)
    @rule(number=st.integers(0, 3))
    def complete(self, number: int) -> None:
        held = self._let_go(number)
        kind = (ArtifactKind.METADATA, ArtifactKind.COLORIZED)[held.key[1] - 1]
        file = self.artifacts.store(f"{held.job_id} {held.key}".encode(), "image/png")
        artifact = Artifact(
            kind=kind, page_num=held.key[0], media_type=file.media_type, size=file.size, sha256=file.sha256
        )
        outcome = PassOutcome(artifacts=(artifact,), fingerprint="f", cached=False, timings_ms={})
        model = self._mine(held)

        assert self._run(self.queue.complete(held.claimed, outcome)) is (model is not None)

        if model is not None:
            model.status, model.suspect, model.alone = Status.COMPLETED, False, False
            self.jobs[held.job_id].settle()

    @precondition(lambda self: self.held)
    @rule(number=st.integers(0, 3))
    def fail(self, number: int) -> None:
        held = self._let_go(number)
        model = self._mine(held)

        assert self._run(self.queue.fail(held.claimed, "code", "message")) is (model is not None)

        if model is not None:
            model.suspect = model.alone = False
            self.jobs[held.job_id].fail(*held.key)

    @precondition(lambda self: self.held)
    @rule(number=st.integers(0, 3))
    def release(self, number: int) -> None:
        held = self._let_go(number)
        model = self._mine(held)

        self._run(self.queue.release(held.claimed))

        if model is not None:
            model.status, model.alone = Status.QUEUED, False

    def _some_job(self, number: int) -> str:
        return sorted(self.jobs)[number % len(self.jobs)]

    @precondition(lambda self: self.jobs)
    @rule(number=st.integers(0, 3))
    def cancel(self, number: int) -> None:
        job_id = self._some_job(number)
        job = self.jobs[job_id]
        self._run(self.store.cancel(job_id))
        if job.status.is_terminal:
            return
        for each in job.passes.values():
            if not each.status.is_terminal:
                each.status, each.suspect, each.alone = Status.CANCELLED, False, False
        job.status = Status.CANCELLED

    @precondition(lambda self: self.jobs)
    @rule(number=st.integers(0, 3))
    def retry(self, number: int) -> None:
        job_id = self._some_job(number)
        job = self.jobs[job_id]
        unfinished = [each for each in job.passes.values() if each.status in (Status.FAILED, Status.CANCELLED)]
        with _refused(ConflictError, when=not job.status.is_terminal or not unfinished):
            self._run(self.store.retry(job_id))
            for each in unfinished:
                each.status, each.suspect, each.alone, each.deaths = Status.QUEUED, False, False, 0
            job.status, job.retries = Status.QUEUED, job.retries + 1

    @precondition(lambda self: self.jobs)
    @rule(number=st.integers(0, 3))
    def cancel_and_retry(self, number: int) -> None:
        self.cancel(number)
        self.retry(number)

    @precondition(lambda self: any(each.suspect for job in self.jobs.values() for each in job.passes.values()))
    @rule()
    def die_with_a_suspect(self) -> None:
        self.claim_alone()
        self.die_and_start_again()

    @precondition(lambda self: self.held)
    @rule()
    def die_and_start_again(self) -> None:
        self._run(self.stack.aclose())
        self._open()
        self._run(self.queue.recover(MAX_ATTEMPTS))
        self.held.clear()
        for job in self.jobs.values():
            for each in job.passes.values():
                if each.status is not Status.RUNNING:
                    continue
                each.status, each.suspect = Status.QUEUED, True
                each.deaths, each.alone = each.deaths + each.alone, False
            for key, each in job.passes.items():
                if each.suspect and each.status is Status.QUEUED and each.deaths >= MAX_ATTEMPTS:
                    each.suspect = False
                    job.fail(*key)

    @precondition(lambda self: all(job.status.is_terminal for job in self.jobs.values()))
    @rule()
    def expire(self) -> None:
        self._run(self.retention.run(clock.now() + timedelta(days=2), self.files))
        self._forget(job_id for job_id, job in list(self.jobs.items()) if job.status.is_terminal)

    @precondition(lambda self: self.jobs)
    @rule(number=st.integers(0, 3))
    def delete(self, number: int) -> None:
        job_id = self._some_job(number)
        with _refused(ConflictError, when=not self.jobs[job_id].status.is_terminal):
            self._run(self.removal.delete_job(job_id))
            self._forget([job_id])

    def _forget(self, job_ids: Iterator[str] | list[str]) -> None:
        for job_id in job_ids:
            del self.jobs[job_id]
            self.gone.add(job_id)

    @invariant()
    def jobs_are_as_the_model_says(self) -> None:
        for job_id, job in self.jobs.items():
            stored = self._run(self.store.get(job_id))
            passes = {(each.page_num, each.pass_num): each.status for each in self._run(self.store.pages(job_id))}
            assert passes == {key: each.status for key, each in job.passes.items()}
            assert (stored.status, stored.attempt) == (job.status, job.retries + 1)
        for job_id in self.gone:
            with pytest.raises(GoneError):
                self._run(self.store.get(job_id))

    @invariant()
    def events_are_in_order_and_end_with_the_job(self) -> None:
        for job_id, job in self.jobs.items():
            events = self._run(self.events.after(0, job_id))
            numbers = [event.id or 0 for event in events]
            assert numbers == sorted(set(numbers))
            assert job.status.is_terminal is events[-1].type.ends_job


@contextlib.contextmanager
def _refused(error: type[Exception], *, when: bool) -> Iterator[None]:
    """The block is refused where the model says so, and only there."""
    if not when:
        yield
        return
    with pytest.raises(error):
        yield
