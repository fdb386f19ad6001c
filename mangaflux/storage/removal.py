"""Throwing away: a job, a page of a chapter, a whole chapter. Rows go at once, files once nobody can be using them.

A file belongs to the jobs that have it. A chapter shows the latest of its pages as long as one of its jobs has it.
"""

from typing import Literal

from mangaflux.errors import ConflictError, NotFoundError
from mangaflux.jobs import Status
from mangaflux.storage import clock
from mangaflux.storage.database import Database, Transaction
from mangaflux.storage.job_rows import read_job

#: Why a job is not there any more.
Reason = Literal["expired", "deleted"]

_UNHELD_CHAPTER_ARTIFACTS = """
    DELETE FROM chapter_artifacts WHERE chapter_id = :chapter_id AND NOT EXISTS (
        SELECT 1 FROM artifacts JOIN jobs USING (job_id)
        WHERE artifacts.sha256 = chapter_artifacts.sha256 AND artifacts.page_num = chapter_artifacts.page_num
          AND jobs.chapter_id = :chapter_id)
"""

_EMPTY_CHAPTER_PAGES = """
    DELETE FROM chapter_pages WHERE chapter_id = :chapter_id AND NOT EXISTS (
        SELECT 1 FROM chapter_artifacts AS files
        WHERE files.chapter_id = chapter_pages.chapter_id AND files.page_num = chapter_pages.page_num)
"""

_UNHELD_FILES = """
    DELETE FROM artifact_files
    WHERE NOT EXISTS (SELECT 1 FROM artifacts WHERE artifacts.sha256 = artifact_files.sha256)
      AND NOT EXISTS (SELECT 1 FROM chapter_artifacts WHERE chapter_artifacts.sha256 = artifact_files.sha256)
"""


class Removal:
    """Removes what a person throws away."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def delete_job(self, job_id: str) -> None:
        """Throws an ended job away, and what no other job has of its files.

        Raises:
            NotFoundError: no such job; GoneError where there was one.
            ConflictError: it has not ended.
        """

        async def change(transaction: Transaction) -> None:
            job = await read_job(transaction, job_id)
            if not job.status.is_terminal:
                raise ConflictError(f"The job is still {job.status}; cancel it first.")
            await forget_job(transaction, job_id, job.chapter_id, "deleted")
            await forget_files(transaction)

        await self._database.write(change)

    async def delete_chapter(self, chapter_id: str) -> None:
        """Throws a chapter away with all its jobs.

        Raises:
            NotFoundError: no such chapter.
            ConflictError: a job of it has not ended.
        """

        async def change(transaction: Transaction) -> None:
            jobs = await _ended_jobs(transaction, chapter_id)
            if not jobs:
                raise NotFoundError(f"There is no chapter {chapter_id}.", details={"chapter_id": chapter_id})
            for job_id in jobs:
                await forget_job(transaction, job_id, chapter_id, "deleted")
            await forget_files(transaction)

        await self._database.write(change)

    async def delete_page(self, chapter_id: str, page_num: int) -> None:
        """Throws a page of a chapter away, in every job that has it; a job without pages goes with it.

        Raises:
            NotFoundError: no such page.
            ConflictError: a job that has it has not ended.
        """

        async def change(transaction: Transaction) -> None:
            jobs = await _ended_jobs(transaction, chapter_id, page_num)
            if not jobs:
                raise NotFoundError(
                    f"There is no page {page_num} of {chapter_id}.",
                    details={"chapter_id": chapter_id, "page_num": page_num},
                )
            for job_id in jobs:
                await _forget_page(transaction, job_id, chapter_id, page_num)
            await _tidy_chapter(transaction, chapter_id)
            await forget_files(transaction)

        await self._database.write(change)


async def forget_job(transaction: Transaction, job_id: str, chapter_id: str, reason: Reason) -> None:
    """Removes every row of a job but the one that says it was there."""
    gone = (job_id, reason, clock.to_text(clock.now()))
    await transaction.run("INSERT OR REPLACE INTO gone_jobs VALUES (?, ?, ?)", gone)
    await transaction.run("DELETE FROM events WHERE job_id = ?", (job_id,))
    await transaction.run("DELETE FROM jobs WHERE job_id = ?", (job_id,))
    await _tidy_chapter(transaction, chapter_id)


async def forget_files(transaction: Transaction) -> None:
    """Removes the rows of artifacts that neither a job nor a chapter has: nobody can ask for them any more."""
    await transaction.run(_UNHELD_FILES)


async def _ended_jobs(transaction: Transaction, chapter_id: str, page_num: int | None = None) -> list[str]:
    """The jobs of a chapter, or those with this page.

    Raises:
        ConflictError: one of them has not ended.
    """
    rows = await transaction.fetch(
        "SELECT job_id, status FROM jobs WHERE chapter_id = :chapter AND (:page IS NULL OR EXISTS ("
        "SELECT 1 FROM pages WHERE pages.job_id = jobs.job_id AND page_num = :page))",
        {"chapter": chapter_id, "page": page_num},
    )
    active = [row["job_id"] for row in rows if not Status(row["status"]).is_terminal]
    if active:
        raise ConflictError(f"The job {active[0]} has not ended; cancel it first.", details={"job_ids": active})
    return [row["job_id"] for row in rows]


async def _forget_page(transaction: Transaction, job_id: str, chapter_id: str, page_num: int) -> None:
    for table in ("artifacts", "stage_timings", "pages"):
        await transaction.run(f"DELETE FROM {table} WHERE job_id = ? AND page_num = ?", (job_id, page_num))
    await transaction.run(
        "UPDATE jobs SET total_pages = (SELECT count(*) FROM pages WHERE pages.job_id = jobs.job_id),"
        " last_update = ? WHERE job_id = ?",
        (clock.to_text(clock.now()), job_id),
    )
    if await transaction.fetch_one("SELECT 1 FROM pages WHERE job_id = ?", (job_id,)) is None:
        await forget_job(transaction, job_id, chapter_id, "deleted")


async def _tidy_chapter(transaction: Transaction, chapter_id: str) -> None:
    await transaction.run(_UNHELD_CHAPTER_ARTIFACTS, {"chapter_id": chapter_id})
    await transaction.run(_EMPTY_CHAPTER_PAGES, {"chapter_id": chapter_id})
