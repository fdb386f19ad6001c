"""The life of a page: claim → run a pass → store artifacts → change status → publish.

Lanes claim pages side by side: Pass 1 on the CPU pool, Pass 2 with the device as the narrow place. Three lanes of
Pass 2 share the device, whose one thread takes them in turn, so that page N+1 is decoded, and page N−1 finished,
encoded and written, while the device colours page N.
"""

import asyncio
import contextlib
import logging
import sys
import threading
import traceback
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from functools import partial
from typing import Literal

from mangaflux import metrics
from mangaflux.attempts import Attempt, Pace
from mangaflux.errors import (
    AttemptAbortedError,
    DeviceHungError,
    DeviceLostError,
    EngineUnavailableError,
    StorageError,
)
from mangaflux.jobs import ClaimedPage
from mangaflux.log_context import about_page
from mangaflux.page_work import PageWork, WorkerParts

logger = logging.getLogger(__name__)

#: Pages of Pass 2 in flight: one being prepared, one on the device, one being finished.
COLORIZATION_LANES = 3

#: Seconds between looks at whether the device was idle for long enough to be freed.
IDLE_LOOK_SECONDS = 15.0
#: Seconds between looks at whether the engine gives a sign of life.
WATCH_SECONDS = 5.0


class Worker:
    """Takes pages as long as it runs. One per server; everything here happens on the event loop."""

    def __init__(self, parts: WorkerParts) -> None:
        self._parts = parts
        self._work = PageWork(parts)
        #: How quick pages were so far.
        self.pace = Pace()
        # By attempt, not by page: after a cancel and a retry two attempts at one page may be in flight.
        self._running: set[Attempt] = set()
        self._wakes: list[asyncio.Event] = []
        self._stopping = False
        self._lost: DeviceLostError | None = None
        #: Ends the work at once, when it is set: see `_lose_device`.
        self._deadline = asyncio.timeout(None)
        #: Why the engine of the settings was not loaded at the start.
        self.engine_problem: str | None = None
        #: What the disk said last, until a page is through again.
        self.storage_problem: str | None = None
        #: True once a thread did not come back: the process must end without it.
        self.abandoned = False

    async def run(self) -> None:
        """Works until `stop`. An error that is not a page's own ends it, and with it the server.

        Raises:
            DeviceLostError: nothing can be coloured any more. Pages are back in the queue, but for those that did not
                stop in time.
            ExceptionGroup: of DeviceHungError, or a defect.
        """
        # Only `_lose_device` sets the deadline, and says why.
        with contextlib.suppress(TimeoutError):
            async with self._deadline:
                await self._run_all()
        if self._lost is not None:
            raise self._lost

    async def _run_all(self) -> None:
        async with asyncio.TaskGroup() as tasks:
            # A child process is watched by who started it.
            if self._parts.settings.worker.engine_isolation == "thread":
                tasks.create_task(self._watch_device(), name="watchdog")
            await self._warm_up()
            await self._run_suspects()
            # One thread stays free for what the device waits for, where there is more than one.
            analysis_lanes = max(1, self._parts.cpu.threads - 1)
            for pass_num in [1] * analysis_lanes + [2] * COLORIZATION_LANES:
                wake = asyncio.Event()
                self._wakes.append(wake)
                tasks.create_task(self._work_lane(pass_num, wake), name=f"lane of pass {pass_num}")
            if self._parts.settings.flux.idle_unload_minutes:
                tasks.create_task(self._unload_when_idle(), name="idle unload")

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
        reasons = [self.storage_problem] if self.storage_problem is not None else []
        snapshot = self._parts.device.snapshot
        if snapshot.engine is None and snapshot.state != "unloaded":
            reasons.append(self.engine_problem or snapshot.error or "the engine is loading")
        return reasons

    async def _warm_up(self) -> None:
        try:
            await self._parts.device.load(self._parts.engines.resolve(None))
        except EngineUnavailableError as error:
            # Other engines may still do their jobs; `readiness` tells who asks.
            self.engine_problem = error.message
            logger.error("%s", error.message)
        except DeviceLostError as error:
            self._lose_device(error)

    async def _run_suspects(self) -> None:
        while not self._stopping and (claimed := await self._claim(self._parts.queue.claim_suspect)) is not None:
            await self._process(claimed)

    async def _work_lane(self, pass_num: int, wake: asyncio.Event) -> None:
        while not self._stopping:
            # Cleared before looking, so that no notification is lost.
            wake.clear()
            pages_ahead = self._parts.settings.worker.pages_ahead
            claimed = await self._claim(partial(self._parts.queue.claim, pass_num, pages_ahead=pages_ahead))
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
        while not self._stopping:
            await self._pause(min(idle_seconds, IDLE_LOOK_SECONDS))
            snapshot = self._parts.device.snapshot
            if snapshot.engine == "flux" and not self._running and snapshot.idle_seconds >= idle_seconds:
                await self._parts.device.unload()

    async def _claim(self, claim: Callable[[], Awaitable[ClaimedPage | None]]) -> ClaimedPage | None:
        """A page, or None where nothing waits; a disk that fails is waited for."""
        while True:
            try:
                return await claim()
            except StorageError as error:
                if self._stopping:
                    return None
                await self._wait_for_disk(error)

    async def _process(self, claimed: ClaimedPage) -> None:
        """What happens to a claimed page, whatever happens to it or to the disk."""
        try:
            await self._see_through(claimed)
            self.storage_problem = None
        except StorageError as error:
            # No page is to blame: it goes back to the queue, as soon as the table can be written again.
            await self._wait_for_disk(error)
            await self._give_back(claimed)

    async def _give_back(self, claimed: ClaimedPage) -> None:
        while True:
            try:
                return await self._parts.queue.release(claimed)
            except StorageError as error:
                if self._stopping:
                    return None  # it stays `running` in the table; the next start takes it back
                await self._wait_for_disk(error)

    async def _wait_for_disk(self, error: StorageError) -> None:
        if self.storage_problem is None:
            logger.error("%s Pages wait until the disk works again.", error.message)
        self.storage_problem = error.message
        await self._pause(self._parts.settings.worker.disk_retry_seconds)

    async def _watch_device(self) -> None:
        """Ends the worker where an engine hangs: its thread cannot be stopped. The next start runs its page alone."""
        interval = min(WATCH_SECONDS, self._parts.settings.worker.hang_seconds / 4)
        while not self._stopping:
            await self._pause(interval)
            if self._parts.device.is_hung:
                logger.critical("the engine hangs here:\n%s", stacks_of_threads())
                raise DeviceHungError(
                    "The engine gives no sign of life; the server ends, and goes on when started again."
                )

    async def _pause(self, seconds: float) -> None:
        """Returns after so many seconds, or as soon as the worker stops."""
        wake = asyncio.Event()
        self._wakes.append(wake)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                while not self._stopping:
                    await wake.wait()
                    wake.clear()
        self._wakes.remove(wake)

    async def _see_through(self, claimed: ClaimedPage) -> None:
        page = claimed.page
        if page.attempt == 1:
            waited = datetime.now(UTC) - claimed.job.created_at
            metrics.QUEUE_WAIT.labels(str(page.pass_num)).observe(waited.total_seconds())
        with about_page(page.job_id, page.page_num):
            outcome = await self._try(claimed)
        metrics.PAGES.labels(str(page.pass_num), outcome).inc()

    async def _try(self, claimed: ClaimedPage) -> Literal["done", "stopped", "failed"]:
        """One attempt at a page; how it ended."""
        broker = self._parts.broker
        attempt = Attempt(claimed, broker.publish, self.pace, broker.wants_previews)
        self._running.add(attempt)
        try:
            if self._stopping or not await self._parts.queue.is_mine(claimed):
                attempt.abort()
            await self._work.run(attempt)
            self.pace.page_finished(claimed, attempt.started)
            return "done"
        except AttemptAbortedError:
            if (lost := self._parts.device.lost) is not None:
                self._lose_device(lost)
            # A cancelled page is cancelled in the table already, and this changes nothing then.
            await self._parts.queue.release(claimed)
            return "stopped"
        except DeviceLostError as error:
            self._lose_device(error)
            # A page which breaks the device every time is found out: the next process runs it alone. Where the disk
            # fails, too, it stays `running`, and the next start does the same.
            with contextlib.suppress(StorageError):
                await self._parts.queue.suspect(claimed, self._parts.settings.worker.max_attempts)
            return "stopped"
        except StorageError:
            raise
        except Exception as error:  # noqa: BLE001 — one bad page harms only itself
            await self._work.fail(attempt, error)
            return "failed"
        finally:
            # Where this was cancelled, a thread may still work for it.
            attempt.abort()
            self._running.discard(attempt)

    def _lose_device(self, error: DeviceLostError) -> None:
        """Ends the work: nothing can be coloured before another process has started. What runs beside goes back to the
        queue; what does not stop in time stays `running`, as after a death.
        """
        if self._lost is not None:
            return
        logger.critical("the device is lost, so the server stops: %s", error.message)
        self._lost = error
        self.stop()
        self._deadline.reschedule(asyncio.get_running_loop().time() + self._parts.settings.worker.drain_timeout_seconds)


def stacks_of_threads() -> str:
    """Where every thread of this process is, for the log."""
    names = {thread.ident: thread.name for thread in threading.enumerate()}
    return "\n".join(
        f"thread {names.get(ident, ident)}:\n{''.join(traceback.format_stack(frame))}"
        for ident, frame in sys._current_frames().items()
    )
