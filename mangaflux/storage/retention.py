"""What may go by itself: old jobs, the oldest where there is too much, and files that nobody has.

Never a result that is younger than an hour. Files go last: only those without a row that nobody touched for an hour,
since whoever is about to point a row at a file touches it first.
"""

import asyncio
import logging
from collections.abc import Iterable
from concurrent.futures import Executor
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from mangaflux.settings import RetentionSettings
from mangaflux.storage import clock
from mangaflux.storage.content_files import ContentFiles
from mangaflux.storage.database import Database, Transaction
from mangaflux.storage.removal import forget_files, forget_job

logger = logging.getLogger(__name__)

#: A result stays at least this long, and a file that somebody may be about to point a row at.
SHORTEST_LIFE = timedelta(hours=1)
#: An upload that no job has is kept so long for the job that it is for.
UNUSED_ASSET_LIFE = timedelta(days=1)
#: For so long the same Idempotency-Key is answered with the same job.
KEY_LIFE = timedelta(days=1)
#: For so long a job that is gone is 410 and not 404.
GONE_LIFE = timedelta(days=365)
#: Jobs that are forgotten in one transaction: others wait for the writer meanwhile.
JOBS_AT_ONCE = 20
#: Names that are looked up in one statement; SQLite takes at least 999 parameters.
NAMES_AT_ONCE = 500

_UNHELD_ASSETS = """
    DELETE FROM assets WHERE used_at < ?
      AND NOT EXISTS (SELECT 1 FROM pages WHERE pages.asset_sha256 = assets.sha256)
      AND NOT EXISTS (SELECT 1 FROM chapter_pages WHERE chapter_pages.asset_sha256 = assets.sha256)
      AND sha256 NOT IN (SELECT value FROM jobs, json_each(jobs.refs))
"""


@dataclass(frozen=True, slots=True)
class StorageUse:
    """How much the data folder holds, by its rows; in bytes where not said otherwise."""

    asset_count: int
    asset_bytes: int
    artifact_count: int
    artifact_bytes: int

    @property
    def total_bytes(self) -> int:
        """Everything together."""
        return self.asset_bytes + self.artifact_bytes


class Retention:
    """Expires jobs and removes files."""

    def __init__(
        self, database: Database, assets: ContentFiles, artifacts: ContentFiles, settings: RetentionSettings
    ) -> None:
        self._database = database
        self._folders = {"assets": assets, "artifact_files": artifacts}
        self._settings = settings

    async def run(self, now: datetime, files: Executor) -> int:
        """Lets go what may go at this moment; returns how many jobs expired.

        Raises:
            StorageError: the disk fails; the next run goes on.
        """
        expired = await self._expire_old(now) + await self._expire_excess(now)
        await self._forget_rest(now)
        removed = 0
        for table, folder in self._folders.items():
            removed += await self._remove_orphans(table, folder, now - SHORTEST_LIFE, files)
        if expired or removed:
            logger.info("let go of %d jobs and %d files", expired, removed)
        return expired

    async def use(self) -> StorageUse:
        """How much is kept."""
        counted = {
            table: await self._database.read_one(
                f"SELECT count(*) AS files, coalesce(sum(size), 0) AS bytes FROM {table}"
            )
            for table in self._folders
        }
        assets, artifacts = counted["assets"], counted["artifact_files"]
        return StorageUse(
            asset_count=assets["files"] if assets else 0,
            asset_bytes=assets["bytes"] if assets else 0,
            artifact_count=artifacts["files"] if artifacts else 0,
            artifact_bytes=artifacts["bytes"] if artifacts else 0,
        )

    async def _expire_old(self, now: datetime) -> int:
        if not self._settings.max_age_days:
            return 0
        before = now - max(timedelta(days=self._settings.max_age_days), SHORTEST_LIFE)
        expired = 0
        while count := await self._expire_before(before):
            expired += count
        return expired

    async def _expire_excess(self, now: datetime) -> int:
        expired = 0
        while self._settings.max_bytes and (await self.use()).total_bytes > self._settings.max_bytes:
            count = await self._expire_before(now - SHORTEST_LIFE, at_most=1)
            await self._forget_rest(now)
            if not count:
                break
            expired += count
        return expired

    async def _expire_before(self, moment: datetime, at_most: int = JOBS_AT_ONCE) -> int:
        async def change(transaction: Transaction) -> int:
            rows = await transaction.fetch(
                "SELECT job_id, chapter_id FROM jobs WHERE finished_at < ? ORDER BY finished_at LIMIT ?",
                (clock.to_text(moment), at_most),
            )
            for row in rows:
                await forget_job(transaction, row["job_id"], row["chapter_id"], "expired")
            return len(rows)

        return await self._database.write(change)

    async def _forget_rest(self, now: datetime) -> None:
        async def change(transaction: Transaction) -> None:
            await forget_files(transaction)
            await transaction.run(_UNHELD_ASSETS, (clock.to_text(now - UNUSED_ASSET_LIFE),))
            keys_before, gone_before = clock.to_text(now - KEY_LIFE), clock.to_text(now - GONE_LIFE)
            await transaction.run("DELETE FROM idempotency_keys WHERE created_at < ?", (keys_before,))
            await transaction.run("DELETE FROM gone_jobs WHERE gone_at < ?", (gone_before,))

        await self._database.write(change)

    async def _remove_orphans(self, table: str, folder: ContentFiles, before: datetime, files: Executor) -> int:
        """Removes files that have no row; those of rows that went just now are among them."""
        loop = asyncio.get_running_loop()
        old = await loop.run_in_executor(files, lambda: folder.untouched_since(before.timestamp()))
        removed = await loop.run_in_executor(files, folder.remove_temporary, before.timestamp())
        for start in range(0, len(old), NAMES_AT_ONCE):
            paths = old[start : start + NAMES_AT_ONCE]
            known = await self._known(table, [path.stem for path in paths])
            orphans = [path for path in paths if path.stem not in known]
            removed += await loop.run_in_executor(files, _remove, folder, orphans, before.timestamp())
        return removed

    async def _known(self, table: str, names: list[str]) -> set[str]:
        marks = ",".join("?" * len(names))
        rows = await self._database.read(f"SELECT sha256 FROM {table} WHERE sha256 IN ({marks})", names)
        return {row["sha256"] for row in rows}


def _remove(folder: ContentFiles, paths: Iterable[Path], before: float) -> int:
    return sum(folder.remove_untouched(path, before) for path in paths)
