"""May new work be taken now? Asked before anything of a request is kept, and once more where its job is queued."""

import asyncio
import math
import shutil
from collections.abc import Callable
from concurrent.futures import Executor
from pathlib import Path

from mangaflux.attempts import Pace
from mangaflux.errors import DiskFullError, QueueFullError, ServerBusyError, StorageError
from mangaflux.jobs import Waiting
from mangaflux.settings import Settings
from mangaflux.storage.job_store import JobStore

#: Longest time in seconds that a client is told to wait: a cancel may make room at any moment.
MAX_RETRY_AFTER_SECONDS = 3600
GIB = 1024**3


class Admission:
    """Refuses what this server cannot take at the moment."""

    def __init__(
        self,
        settings: Settings,
        jobs: JobStore,
        pace: Pace,
        *,
        files: Executor,
        is_stopping: Callable[[], bool],
    ) -> None:
        self._limits = settings.limits
        self._queue = settings.queue
        self._data_dir = settings.data_dir
        self._jobs = jobs
        self._pace = pace
        self._files = files
        self._is_stopping = is_stopping

    async def check_upload(self) -> None:
        """Lets a request pass that stores something.

        Raises:
            ServerBusyError: the server is stopping.
            DiskFullError: less is free than the limit.
        """
        if self._is_stopping():
            raise ServerBusyError("The server is stopping; send this again in a minute.")
        self._check_disk(await self.free_disk_bytes())

    async def check_job(self) -> None:
        """Lets a request pass that brings at least one page.

        Raises:
            ServerBusyError, DiskFullError: as `check_upload`.
            QueueFullError: as much waits as the limits allow.
        """
        await self.check_upload()
        self.check_queue(await self._jobs.waiting(), 1)

    def check_queue(self, waiting: Waiting, new_pages: int) -> None:
        """Lets a job of so many pages pass; where nothing waits, of any number.

        Raises:
            QueueFullError: it does not fit; `details` hold the seconds after which it would.
        """
        excess_pages = waiting.pages + new_pages - self._queue.max_waiting_pages
        if waiting.jobs == 0 or (excess_pages <= 0 and waiting.jobs < self._queue.max_waiting_jobs):
            return
        retry_after = self._seconds_for(max(1, min(excess_pages, waiting.pages)))
        raise QueueFullError(
            f"{waiting.pages} pages of {waiting.jobs} jobs wait; this server takes at most "
            f"{self._queue.max_waiting_pages} pages and {self._queue.max_waiting_jobs} jobs. "
            f"Try again in {retry_after} s.",
            details={
                "waiting_pages": waiting.pages,
                "max_waiting_pages": self._queue.max_waiting_pages,
                "waiting_jobs": waiting.jobs,
                "max_waiting_jobs": self._queue.max_waiting_jobs,
                "retry_after_seconds": retry_after,
            },
        )

    async def problems(self) -> list[str]:
        """Why a job that is sent now would be refused; empty where it would not."""
        try:
            self._check_disk(await self.free_disk_bytes())
            self.check_queue(await self._jobs.waiting(), 1)
        except (StorageError, QueueFullError) as error:
            return [error.message]
        return []

    async def free_disk_bytes(self) -> int:
        """Free bytes where the data folder is."""
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._files, _free_bytes, self._data_dir)

    def _check_disk(self, free: int) -> None:
        floor = self._limits.min_free_disk_bytes
        if free < floor:
            raise DiskFullError(
                f"The disk of the data folder has {free / GIB:.1f} GiB left and keeps {floor / GIB:.1f} GiB free "
                "(limits.min_free_disk_bytes). Delete jobs or chapters, or make room.",
                details={"free_disk_bytes": free, "min_free_disk_bytes": floor},
            )

    def _seconds_for(self, pages: int) -> int:
        return max(1, min(MAX_RETRY_AFTER_SECONDS, math.ceil(pages * self._pace.seconds_per_page)))


def _free_bytes(folder: Path) -> int:
    return shutil.disk_usage(folder).free
