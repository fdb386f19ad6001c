"""Where a page is kept that came without a chapter and a number: found again by its content."""

from mangaflux.jobs import Job
from mangaflux.storage.database import Database
from mangaflux.storage.job_rows import job_value

#: The jobs that have an image, among chapters of one name.
_WITH_IMAGE = """
    FROM pages JOIN jobs USING (job_id)
    WHERE pages.asset_sha256 = :sha256 AND substr(jobs.chapter_id, 1, length(:prefix)) = :prefix
"""
_PLACE = f"SELECT jobs.chapter_id, pages.page_num {_WITH_IMAGE} ORDER BY jobs.seq DESC LIMIT 1"
_OPEN = f"SELECT jobs.* {_WITH_IMAGE} AND status IN ('queued', 'running') AND kind = 'two-pass' AND total_pages = 1"
_LAST = "SELECT max(pages.page_num) AS last FROM jobs JOIN pages USING (job_id) WHERE jobs.chapter_id = ?"


class PagePlaces:
    """Reads chapters and page numbers out of the rows of jobs."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def of(self, asset_sha256: str, prefix: str) -> tuple[str, int] | None:
        """Chapter and number under which an image came before, in a chapter whose id begins so; None where it did
        not, or its jobs are not kept any more.
        """
        row = await self._database.read_one(_PLACE, {"sha256": asset_sha256, "prefix": prefix})
        return (row["chapter_id"], row["page_num"]) if row is not None else None

    async def open_jobs(self, asset_sha256: str, prefix: str) -> list[Job]:
        """Jobs of both passes that have not ended and have this image alone, in chapters whose id begins so."""
        rows = await self._database.read(_OPEN, {"sha256": asset_sha256, "prefix": prefix})
        return [job_value(row) for row in rows]

    async def next_in(self, chapter_id: str) -> int:
        """The number after the last page that any job of a chapter has; 1 for a new chapter."""
        row = await self._database.read_one(_LAST, (chapter_id,))
        return 1 + ((row["last"] or 0) if row is not None else 0)
