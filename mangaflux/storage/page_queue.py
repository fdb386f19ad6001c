"""The table as a queue: claiming one pass of one page, and ending it. Every status change is compare-and-set."""

from mangaflux.errors import DataFolderError
from mangaflux.events import EventType
from mangaflux.jobs import Artifact, ClaimedPage, Job, PagePass, PassOutcome, Status
from mangaflux.storage import clock
from mangaflux.storage.database import Database, Row, Transaction
from mangaflux.storage.event_store import EventStore
from mangaflux.storage.job_store import PAGE_PASSES, JobStore, job_value, page_pass

#: One statement claims: larger priority first, then the older job, then the earlier page. Pass 2 needs a completed
#: Pass 1 where the job has one; Pass 1 stays at most :pages_ahead pages ahead of Pass 2 within a job.
#: Materialized, because SQLite would otherwise count that lead anew for every page that waits.
_CLAIM = """
    WITH open_jobs AS MATERIALIZED (
        SELECT job_id, priority, seq FROM jobs
        WHERE status IN ('queued', 'running') AND (:pass_num = 2 OR kind = 'pass1' OR :pages_ahead > (
            SELECT count(*) FROM page_passes AS first
            JOIN page_passes AS second USING (job_id, page_num)
            WHERE first.job_id = jobs.job_id AND first.pass_num = 1 AND first.status IN ('running', 'completed')
              AND second.pass_num = 2 AND second.status = 'queued'))
    )
    UPDATE page_passes SET status = 'running', attempt = attempt + 1, alone = :alone, started_at = :now
    WHERE rowid = (
        SELECT passes.rowid FROM page_passes AS passes JOIN open_jobs USING (job_id)
        WHERE passes.status = 'queued' AND passes.pass_num = :pass_num AND passes.suspect = :alone
          AND NOT EXISTS (
            SELECT 1 FROM page_passes AS earlier
            WHERE earlier.job_id = passes.job_id AND earlier.page_num = passes.page_num
              AND earlier.pass_num < passes.pass_num AND earlier.status != 'completed')
        ORDER BY open_jobs.priority DESC, open_jobs.seq, passes.page_num LIMIT 1)
    RETURNING job_id, page_num, pass_num
"""

#: A later job replaces page N when its pass completes; an older one that ends later replaces nothing.
_REPLACE_CHAPTER_PAGE = """
    INSERT INTO chapter_pages (chapter_id, page_num, name, asset_sha256, job_seq, updated_at)
    VALUES (:chapter_id, :page_num, :name, :asset_sha256, :job_seq, :now)
    ON CONFLICT (chapter_id, page_num) DO UPDATE
    SET name = excluded.name, asset_sha256 = excluded.asset_sha256, job_seq = excluded.job_seq,
        updated_at = excluded.updated_at
    WHERE excluded.job_seq >= chapter_pages.job_seq
"""

#: Only for a page that is still the chapter's, so that no chapter mixes two pictures.
_REPLACE_CHAPTER_ARTIFACT = """
    INSERT INTO chapter_artifacts (chapter_id, page_num, kind, sha256, job_seq, updated_at)
    SELECT :chapter_id, :page_num, :kind, :sha256, :job_seq, :now
    WHERE EXISTS (SELECT 1 FROM chapter_pages WHERE chapter_id = :chapter_id AND page_num = :page_num
                  AND asset_sha256 = :asset_sha256)
    ON CONFLICT (chapter_id, page_num, kind) DO UPDATE
    SET sha256 = excluded.sha256, job_seq = excluded.job_seq, updated_at = excluded.updated_at
    WHERE excluded.job_seq >= chapter_artifacts.job_seq
"""

_STILL_MINE = """
    WHERE job_id = :job_id AND page_num = :page_num AND pass_num = :pass_num AND status = 'running'
      AND attempt = :attempt
"""


#: What becomes of a page on which a process died or lost its device; a death counts where it ran alone.
_TAKE_BACK = (
    "UPDATE page_passes SET status = 'queued', suspect = 1, deaths = deaths + alone, alone = 0, started_at = NULL"
)


class PageQueue:
    """Hands out page passes and takes them back."""

    def __init__(self, database: Database, jobs: JobStore, events: EventStore) -> None:
        self._database = database
        self._jobs = jobs
        self._events = events

    async def claim(self, pass_num: int, *, pages_ahead: int) -> ClaimedPage | None:
        """The next page for a pass, now running; None where nothing waits."""
        return await self._claim({"pass_num": pass_num, "pages_ahead": pages_ahead, "alone": 0})

    async def claim_suspect(self) -> ClaimedPage | None:
        """A page that ran when a process died, now running alone: the caller runs nothing else beside it."""
        for pass_num in (1, 2):
            claimed = await self._claim({"pass_num": pass_num, "pages_ahead": 1_000_000, "alone": 1})
            if claimed is not None:
                return claimed
        return None

    async def is_mine(self, claimed: ClaimedPage) -> bool:
        """False where the claim was lost meanwhile: the job was cancelled."""
        rows = await self._database.read("SELECT 1 FROM page_passes" + _STILL_MINE, _key(claimed.page))
        return bool(rows)

    async def complete(self, claimed: ClaimedPage, outcome: PassOutcome) -> bool:
        """Completes a pass: artifacts, status, event in one transaction. False where the claim was lost meanwhile."""

        async def change(transaction: Transaction) -> bool:
            if not await _end(transaction, claimed.page, Status.COMPLETED, outcome):
                return False
            await _record(transaction, claimed, outcome)
            event_type = (EventType.PAGE_PASS1_COMPLETED, EventType.PAGE_PASS2_COMPLETED)[claimed.page.pass_num - 1]
            data = {"page_num": claimed.page.page_num, "cached": outcome.cached}
            await self._events.append(transaction, event_type, claimed.job.job_id, data)
            if outcome.skip_reason is not None:
                await self._skip_pass2(transaction, claimed.page, outcome.skip_reason)
            await self._jobs.settle(transaction, claimed.job.job_id)
            return True

        return await self._database.write(change)

    async def skip(self, claimed: ClaimedPage, reason: str) -> bool:
        """Ends a claimed Pass 2 that has nothing to colour. False where the claim was lost meanwhile."""

        async def change(transaction: Transaction) -> bool:
            if not await _end(transaction, claimed.page, Status.SKIPPED, reason=reason):
                return False
            await self._append_skipped(transaction, claimed.page, reason)
            await self._jobs.settle(transaction, claimed.job.job_id)
            return True

        return await self._database.write(change)

    async def fail(self, claimed: ClaimedPage, code: str, message: str, runmeta: Artifact | None = None) -> bool:
        """Fails a page with one line for the person. False where the claim was lost meanwhile.

        Args:
            claimed: the page.
            code: stable, for programs.
            message: one line, for people.
            runmeta: what the attempt says of itself; a file of the job, never the latest of the chapter.
        """

        async def change(transaction: Transaction) -> bool:
            if not await _end(transaction, claimed.page, Status.FAILED, code=code, message=message):
                return False
            if runmeta is not None:
                await _record_file(transaction, claimed, runmeta)
            await self._fail_rest(transaction, claimed.page, code, message)
            return True

        return await self._database.write(change)

    async def release(self, claimed: ClaimedPage) -> None:
        """Gives a claimed page back unharmed: the server stops."""

        async def change(transaction: Transaction) -> None:
            page = claimed.page
            await transaction.run(
                "UPDATE page_passes SET status = 'queued', alone = 0, started_at = NULL" + _STILL_MINE,
                _key(page),
            )

        await self._database.write(change)

    async def suspect(self, claimed: ClaimedPage, max_attempts: int) -> None:
        """Gives back a page on which the device was lost: the process ends without it, and the next one runs it alone.

        Where it ran alone already, that counts as a death of it, and after `max_attempts` of them it is given up.
        """

        async def change(transaction: Transaction) -> None:
            returning = " RETURNING job_id, page_num, pass_num"
            rows = await transaction.fetch(_TAKE_BACK + _STILL_MINE + returning, _key(claimed.page))
            for page in [await _read(transaction, row) for row in rows]:
                if page.deaths >= max_attempts:
                    await self._give_up(transaction, page)

        await self._database.write(change)

    async def recover(self, max_attempts: int) -> int:
        """Takes back what a dead process was running, before anything else claims; returns how many pages.

        They become suspects. A page that ran alone when the process died has one more death on its account, and is
        given up after `max_attempts` of them.
        """

        async def change(transaction: Transaction) -> int:
            rows = await transaction.fetch(
                _TAKE_BACK + " WHERE status = 'running' RETURNING job_id, page_num, pass_num"
            )
            pages = [await _read(transaction, row) for row in rows]
            await self._append_recovered(transaction, pages)
            for page in pages:
                if page.deaths >= max_attempts:
                    await self._give_up(transaction, page)
            return len(pages)

        return await self._database.write(change)

    async def _claim(self, parameters: dict[str, object]) -> ClaimedPage | None:
        async def change(transaction: Transaction) -> ClaimedPage | None:
            now = clock.to_text(clock.now())
            row = await transaction.fetch_one(_CLAIM, {**parameters, "now": now})
            if row is None:
                return None
            page = await _read(transaction, row)
            job = await self._start_job(transaction, page.job_id, now)
            remaining = await transaction.fetch(
                "SELECT count(*) AS pages FROM page_passes WHERE job_id = ? AND pass_num = ?"
                " AND status IN ('queued', 'running')",
                (job.job_id, job.kind.passes[-1]),
            )
            return ClaimedPage(page=page, job=job, remaining_pages=remaining[0]["pages"])

        return await self._database.write(change)

    async def _start_job(self, transaction: Transaction, job_id: str, now: str) -> Job:
        started = await transaction.run(
            "UPDATE jobs SET status = 'running', started_at = coalesce(started_at, ?), last_update = ?"
            " WHERE job_id = ? AND status = 'queued'",
            (now, now, job_id),
        )
        if started:
            await self._events.append(transaction, EventType.JOB_STARTED, job_id)
        return job_value(job_id, await transaction.fetch_one("SELECT * FROM jobs WHERE job_id = ?", (job_id,)))

    async def _skip_pass2(self, transaction: Transaction, page: PagePass, reason: str) -> None:
        skipped = await transaction.run(
            "UPDATE page_passes SET status = 'skipped', reason = ?, finished_at = ?"
            " WHERE job_id = ? AND page_num = ? AND pass_num = 2 AND status = 'queued'",
            (reason, clock.to_text(clock.now()), page.job_id, page.page_num),
        )
        if skipped:
            await self._append_skipped(transaction, page, reason)

    async def _append_skipped(self, transaction: Transaction, page: PagePass, reason: str) -> None:
        data = {"page_num": page.page_num, "reason": reason}
        await self._events.append(transaction, EventType.PAGE_SKIPPED, page.job_id, data)

    async def _fail_rest(self, transaction: Transaction, page: PagePass, code: str, message: str) -> None:
        """Fails the later pass of a failed page, says so once, and ends the job where this was its last page."""
        await transaction.run(
            "UPDATE page_passes SET status = 'failed', error_code = ?, error_message = ?, finished_at = ?"
            " WHERE job_id = ? AND page_num = ? AND pass_num > ? AND status = 'queued'",
            (code, message, clock.to_text(clock.now()), page.job_id, page.page_num, page.pass_num),
        )
        data = {"page_num": page.page_num, "pass": page.pass_num, "code": code, "message": message}
        await self._events.append(transaction, EventType.PAGE_FAILED, page.job_id, data)
        await self._jobs.settle(transaction, page.job_id)

    async def _give_up(self, transaction: Transaction, page: PagePass) -> None:
        message = f"The server died or lost its GPU {page.deaths} times while this page ran alone."
        code = "crash_loop"
        await transaction.run(
            "UPDATE page_passes SET status = 'failed', suspect = 0, error_code = ?, error_message = ?, finished_at = ?"
            " WHERE job_id = ? AND page_num = ? AND pass_num = ?",
            (code, message, clock.to_text(clock.now()), page.job_id, page.page_num, page.pass_num),
        )
        await self._fail_rest(transaction, page, code, message)

    async def _append_recovered(self, transaction: Transaction, pages: list[PagePass]) -> None:
        rows = await transaction.fetch("SELECT job_id FROM jobs WHERE status = 'running' ORDER BY seq")
        for row in rows:
            page_nums = sorted({page.page_num for page in pages if page.job_id == row["job_id"]})
            await self._events.append(transaction, EventType.JOB_RECOVERED, row["job_id"], {"page_nums": page_nums})


def _key(page: PagePass) -> dict[str, object]:
    return {"job_id": page.job_id, "page_num": page.page_num, "pass_num": page.pass_num, "attempt": page.attempt}


async def _read(transaction: Transaction, row: Row) -> PagePass:
    found = await transaction.fetch_one(
        PAGE_PASSES + "WHERE passes.job_id = ? AND passes.page_num = ? AND passes.pass_num = ?",
        (row["job_id"], row["page_num"], row["pass_num"]),
    )
    if found is None:
        raise DataFolderError("The database lost a page while it was claimed.")
    return page_pass(found)


async def _end(
    transaction: Transaction,
    page: PagePass,
    status: Status,
    outcome: PassOutcome | None = None,
    *,
    reason: str | None = None,
    code: str | None = None,
    message: str | None = None,
) -> bool:
    changed = await transaction.run(
        "UPDATE page_passes SET status = :status, finished_at = :now, suspect = 0, alone = 0, cached = :cached,"
        " fingerprint = :fingerprint, fidelity = :fidelity, reason = :reason, error_code = :code,"
        " error_message = :message" + _STILL_MINE,
        {
            **_key(page),
            "status": status,
            "now": clock.to_text(clock.now()),
            "cached": int(outcome.cached) if outcome else 0,
            "fingerprint": outcome.fingerprint if outcome else None,
            "fidelity": outcome.fidelity if outcome else None,
            "reason": reason,
            "code": code,
            "message": message,
        },
    )
    return changed == 1


async def _record(transaction: Transaction, claimed: ClaimedPage, outcome: PassOutcome) -> None:
    """Adds the rows of what a pass made, for the job and, unless a later job was there before, for the chapter."""
    page = claimed.page
    for artifact in outcome.artifacts:
        await _record_file(transaction, claimed, artifact)
    await transaction.run_many(
        "INSERT OR REPLACE INTO stage_timings VALUES (?, ?, ?, ?, ?)",
        [(page.job_id, page.page_num, page.pass_num, stage, ms) for stage, ms in outcome.timings_ms.items()],
    )
    if page.pass_num == 1:
        await _replace_chapter_page(transaction, claimed)
    for artifact in outcome.artifacts:
        await transaction.run(_REPLACE_CHAPTER_ARTIFACT, {**_chapter_key(claimed), **artifact.model_dump(mode="json")})


async def _record_file(transaction: Transaction, claimed: ClaimedPage, artifact: Artifact) -> None:
    await transaction.run(
        "INSERT INTO artifact_files (sha256, media_type, size, created_at) VALUES (?, ?, ?, ?)"
        " ON CONFLICT (sha256) DO NOTHING",
        (artifact.sha256, artifact.media_type, artifact.size, clock.to_text(clock.now())),
    )
    await transaction.run(
        "INSERT OR REPLACE INTO artifacts VALUES (?, ?, ?, ?)",
        (claimed.job.job_id, claimed.page.page_num, artifact.kind, artifact.sha256),
    )


async def _replace_chapter_page(transaction: Transaction, claimed: ClaimedPage) -> None:
    """Makes the analysed page the chapter's page N; colours of another picture are no longer its colours."""
    key = _chapter_key(claimed)
    replaced = await transaction.run(_REPLACE_CHAPTER_PAGE, {**key, "name": claimed.page.name})
    if replaced:
        await transaction.run(
            "DELETE FROM chapter_artifacts WHERE chapter_id = :chapter_id AND page_num = :page_num"
            " AND kind IN ('colorized', 'runmeta_pass2') AND job_seq < :job_seq AND NOT EXISTS ("
            "SELECT 1 FROM pages JOIN jobs USING (job_id) WHERE jobs.seq = chapter_artifacts.job_seq"
            " AND pages.page_num = :page_num AND pages.asset_sha256 = :asset_sha256)",
            key,
        )


def _chapter_key(claimed: ClaimedPage) -> dict[str, object]:
    return {
        "chapter_id": claimed.job.chapter_id,
        "page_num": claimed.page.page_num,
        "job_seq": claimed.job.seq,
        "asset_sha256": claimed.page.asset_sha256,
        "now": clock.to_text(clock.now()),
    }
