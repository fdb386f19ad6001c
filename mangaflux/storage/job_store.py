"""Jobs: adding, reading, cancelling and retrying them. Their pages are worked off through `page_queue`."""

import logging
from collections.abc import Callable, Iterable, Mapping

from mangaflux.errors import ConflictError
from mangaflux.events import EventType
from mangaflux.jobs import (
    Artifact,
    IdempotencyKey,
    Job,
    JobKind,
    NewJob,
    PagePass,
    Progress,
    Status,
    Waiting,
    settled_status,
)
from mangaflux.storage import clock
from mangaflux.storage.database import Database, Row, Transaction
from mangaflux.storage.event_store import EventStore
from mangaflux.storage.job_rows import GONE_JOB, JOB_BY_ID, PAGE_PASSES, job_value, missing_job, page_pass, read_job
from mangaflux.storage.new_jobs import JOB_OF_KEY, claim_key, insert_job, job_of
from mangaflux.storage.outbox import post_end

logger = logging.getLogger(__name__)

_PROGRESS = """
    SELECT (SELECT count(*) FROM pages WHERE job_id = :job_id) AS total_pages,
           count(*) FILTER (WHERE pass_num = 1 AND status IN ('completed', 'skipped')) AS pass1_done,
           count(*) FILTER (WHERE pass_num = 2 AND status IN ('completed', 'skipped')) AS pass2_done,
           count(DISTINCT page_num) FILTER (WHERE status = 'failed') AS failed,
           count(DISTINCT page_num) FILTER (WHERE status = 'skipped') AS skipped,
           count(*) FILTER (WHERE cached AND pass_num = :last_pass) AS cached
    FROM page_passes WHERE job_id = :job_id
"""


_WAITING = """
    SELECT count(DISTINCT job_id) AS jobs, count(*) AS pages FROM (
        SELECT DISTINCT job_id, page_num FROM page_passes WHERE status IN ('queued', 'running'))
"""


class JobStore:
    """The rows of jobs and pages."""

    def __init__(self, database: Database, events: EventStore) -> None:
        self._database = database
        self._events = events

    async def add(
        self,
        new: NewJob,
        pass1_artifacts: Mapping[int, Iterable[Artifact]] | None = None,
        refuse: Callable[[Waiting], None] | None = None,
    ) -> Job:
        """Queues a job; when this returns it survives a power cut. The job of the same key, where there is one.

        Args:
            new: the job; its assets are stored already.
            pass1_artifacts: for pass2, what Pass 1 left behind, by page number: the inputs of this job from now on.
            refuse: told what waits before, raises where that is too much.

        Raises:
            IdempotencyKeyError: the key was used for another request.
        """

        async def change(transaction: Transaction) -> Job:
            key = new.sender.idempotency
            if key is not None and (known := await claim_key(transaction, key, new.job_id)) != new.job_id:
                return await read_job(transaction, known)
            if refuse is not None:
                refuse(_waiting(await transaction.fetch_one(_WAITING)))
            await insert_job(transaction, self._events, new, pass1_artifacts or {})
            return await read_job(transaction, new.job_id)

        return await self._database.write(change)

    async def get(self, job_id: str) -> Job:
        """The job.

        Raises:
            NotFoundError: there is none of this id; GoneError where there was one.
        """
        row = await self._database.read_one(JOB_BY_ID, (job_id,))
        if row is None:
            raise missing_job(job_id, await self._database.read_one(GONE_JOB, (job_id,)))
        return job_value(row)

    async def page_through(
        self, *, limit: int, before_seq: int | None, status: Status | None, chapter_id: str | None
    ) -> tuple[list[Job], int | None]:
        """Up to `limit` jobs, newest first, and the cursor of the next page (None at the end)."""
        rows = await self._database.read(
            "SELECT * FROM jobs WHERE (:before IS NULL OR seq < :before) AND (:status IS NULL OR status = :status)"
            " AND (:chapter IS NULL OR chapter_id = :chapter) ORDER BY seq DESC LIMIT :limit",
            {"before": before_seq, "status": status, "chapter": chapter_id, "limit": limit + 1},
        )
        cursor = rows[limit - 1]["seq"] if len(rows) > limit else None
        return [job_value(row) for row in rows[:limit]], cursor

    async def sent_before(self, key: IdempotencyKey) -> Job | None:
        """The job that was sent with this key, or None.

        Raises:
            IdempotencyKeyError: the key was used for another request.
        """
        job_id = job_of(key, await self._database.read_one(JOB_OF_KEY, (key.key,)))
        return None if job_id is None else await self.get(job_id)

    async def knows_key(self, key: str) -> bool:
        """True where a job was sent with this key."""
        return await self._database.read_one(JOB_OF_KEY, (key,)) is not None

    async def waiting(self) -> Waiting:
        """How much has not ended."""
        return _waiting(await self._database.read_one(_WAITING))

    async def prioritize(self, job_id: str, priority: int) -> Job:
        """Gives a job another priority, for its pages that are not claimed yet.

        Raises:
            NotFoundError: no such job.
            ConflictError: it has ended.
        """

        async def change(transaction: Transaction) -> Job:
            job = await read_job(transaction, job_id)
            if job.status.is_terminal:
                raise ConflictError(f"The job is {job.status}: nothing of it waits any more.")
            now = clock.to_text(clock.now())
            await transaction.run(
                "UPDATE jobs SET priority = ?, last_update = ? WHERE job_id = ?", (priority, now, job_id)
            )
            return await read_job(transaction, job_id)

        return await self._database.write(change)

    async def active(self) -> list[Job]:
        """Every job that has not ended, oldest first."""
        rows = await self._database.read("SELECT * FROM jobs WHERE status IN ('queued', 'running') ORDER BY seq")
        return [job_value(row) for row in rows]

    async def pages(self, job_id: str) -> list[PagePass]:
        """Every pass of every page of a job, by page and pass."""
        rows = await self._database.read(
            PAGE_PASSES + "WHERE passes.job_id = ? ORDER BY passes.page_num, passes.pass_num", (job_id,)
        )
        return [page_pass(row) for row in rows]

    async def latest_page(self, chapter_id: str, page_num: int) -> list[PagePass]:
        """The passes of a page in the newest job of its chapter that has it; empty where no job ever had it."""
        rows = await self._database.read(
            PAGE_PASSES
            + "JOIN jobs USING (job_id) WHERE jobs.seq = (SELECT max(seq) FROM jobs JOIN pages USING (job_id)"
            " WHERE chapter_id = :chapter AND page_num = :page) AND passes.page_num = :page ORDER BY passes.pass_num",
            {"chapter": chapter_id, "page": page_num},
        )
        return [page_pass(row) for row in rows]

    async def last_coloured(self, chapter_id: str, page_num: int) -> Job | None:
        """The newest job that was to colour a page of a chapter; None where none was."""
        row = await self._database.read_one(
            "SELECT jobs.* FROM jobs JOIN page_passes USING (job_id)"
            " WHERE chapter_id = ? AND page_num = ? AND pass_num = 2 ORDER BY seq DESC LIMIT 1",
            (chapter_id, page_num),
        )
        return job_value(row) if row is not None else None

    async def progress(self, job: Job) -> Progress:
        """How far a job is."""
        rows = await self._database.read(_PROGRESS, {"job_id": job.job_id, "last_pass": job.kind.passes[-1]})
        progress = Progress.model_validate(dict(rows[0]))
        if job.kind is JobKind.PASS2:
            # Pass 1 of these pages was done before the job was made.
            return progress.model_copy(update={"pass1_done": progress.total_pages})
        return progress

    async def stage_timings(self, job_id: str) -> list[Row]:
        """Per pass and stage: pages, total, mean and longest time in milliseconds."""
        return await self._database.read(
            "SELECT pass_num, stage, count(*) AS pages, sum(milliseconds) AS total_ms, avg(milliseconds) AS mean_ms,"
            " max(milliseconds) AS max_ms FROM stage_timings WHERE job_id = ?"
            " GROUP BY pass_num, stage ORDER BY pass_num, min(rowid)",
            (job_id,),
        )

    async def cancel(self, job_id: str) -> Job:
        """Cancels what of a job has not ended; cancelling an ended job changes nothing.

        Pages that run are cancelled in the table at once; whoever runs them loses the compare-and-set at the end.
        """

        async def change(transaction: Transaction) -> Job:
            job = await read_job(transaction, job_id)
            if job.status.is_terminal:
                return job
            now = clock.to_text(clock.now())
            await transaction.run(
                "UPDATE page_passes SET status = 'cancelled', finished_at = ?, suspect = 0, alone = 0"
                " WHERE job_id = ? AND status IN ('queued', 'running')",
                (now, job_id),
            )
            await _end(transaction, job_id, Status.CANCELLED)
            await self._tell_end(transaction, EventType.JOB_CANCELLED, job_id)
            return await read_job(transaction, job_id)

        return await self._database.write(change)

    async def retry(self, job_id: str) -> Job:
        """Queues the failed and cancelled pages of an ended job again.

        Raises:
            NotFoundError: no such job.
            ConflictError: the job has not ended, or nothing of it can be tried again.
        """

        async def change(transaction: Transaction) -> Job:
            job = await read_job(transaction, job_id)
            if not job.status.is_terminal:
                raise ConflictError(f"The job is still {job.status}; cancel it first, or wait.")
            requeued = await _requeue_unfinished(transaction, job_id)
            if not requeued:
                raise ConflictError("No page of this job can be tried again; send what failed in a new job.")
            await transaction.run(
                "UPDATE jobs SET status = 'queued', attempt = attempt + 1, finished_at = NULL, last_update = ?"
                " WHERE job_id = ?",
                (clock.to_text(clock.now()), job_id),
            )
            data = {"attempt": job.attempt + 1, "page_nums": requeued}
            await self._events.append(transaction, EventType.JOB_RETRIED, job_id, data)
            return await read_job(transaction, job_id)

        return await self._database.write(change)

    async def settle(self, transaction: Transaction, job_id: str) -> None:
        """Ends a job whose pages have all ended, within the transaction that ended the last of them."""
        rows = await transaction.fetch("SELECT DISTINCT status FROM page_passes WHERE job_id = ?", (job_id,))
        status = settled_status([Status(row["status"]) for row in rows])
        if status is None:
            await _touch(transaction, job_id)
        elif await _end(transaction, job_id, status):
            logger.info("%s: %s", job_id, status)
            event_type = EventType.JOB_COMPLETED if status is Status.COMPLETED else EventType.JOB_FAILED
            await self._tell_end(transaction, event_type, job_id)

    async def _tell_end(self, transaction: Transaction, event_type: EventType, job_id: str) -> None:
        await self._events.append(transaction, event_type, job_id)
        await post_end(transaction, event_type, job_id)


def _waiting(row: Row | None) -> Waiting:
    return Waiting.model_validate(dict(row) if row is not None else {})


async def _requeue_unfinished(transaction: Transaction, job_id: str) -> list[int]:
    """Queues failed and cancelled passes of pages that have an image; returns their page numbers."""
    rows = await transaction.fetch(
        "UPDATE page_passes SET status = 'queued', suspect = 0, alone = 0, deaths = 0, error_code = NULL,"
        " error_message = NULL, started_at = NULL, finished_at = NULL"
        " WHERE job_id = :job AND status IN ('failed', 'cancelled')"
        " AND page_num IN (SELECT page_num FROM pages WHERE job_id = :job AND asset_sha256 IS NOT NULL)"
        " RETURNING page_num",
        {"job": job_id},
    )
    return sorted({row["page_num"] for row in rows})


async def _touch(transaction: Transaction, job_id: str) -> None:
    await transaction.run("UPDATE jobs SET last_update = ? WHERE job_id = ?", (clock.to_text(clock.now()), job_id))


async def _end(transaction: Transaction, job_id: str, status: Status) -> bool:
    now = clock.to_text(clock.now())
    changed = await transaction.run(
        "UPDATE jobs SET status = ?, finished_at = ?, last_update = ?"
        " WHERE job_id = ? AND status IN ('queued', 'running')",
        (status, now, now, job_id),
    )
    return changed == 1
