"""The table as a queue: claiming one pass of one page, and ending it. Every status change is compare-and-set."""

from collections.abc import Mapping

from mangaflux.errors import DataFolderError
from mangaflux.events import EventType
from mangaflux.jobs import Artifact, ArtifactKind, ClaimedPage, Job, PagePass, PassOutcome, Status
from mangaflux.storage import clock
from mangaflux.storage.database import Database, Row, Transaction
from mangaflux.storage.event_store import EventStore
from mangaflux.storage.job_rows import PAGE_PASSES, page_pass, read_job
from mangaflux.storage.job_store import JobStore
from mangaflux.storage.results import record_file, record_outcome
from mangaflux.storage.turns import Turns, WaitingJob

#: The first page to claim of each job. Pass 2 needs a completed Pass 1 where the job has one; Pass 1 stays at most
#: :pages_ahead pages ahead of Pass 2 within a job.
#: Materialized, because SQLite would otherwise count that lead anew for every page that waits.
_WAITING = """
    WITH open_jobs AS MATERIALIZED (
        SELECT job_id, priority, seq, client, total_pages FROM jobs
        WHERE status IN ('queued', 'running') AND (:pass_num = 2 OR kind = 'pass1' OR :pages_ahead > (
            SELECT count(*) FROM page_passes AS first
            JOIN page_passes AS second USING (job_id, page_num)
            WHERE first.job_id = jobs.job_id AND first.pass_num = 1 AND first.status IN ('running', 'completed')
              AND second.pass_num = 2 AND second.status = 'queued'))
    )
    SELECT job_id, min(page_num) AS page_num, priority, seq, client, total_pages
    FROM page_passes AS passes JOIN open_jobs USING (job_id)
    WHERE passes.status = 'queued' AND passes.pass_num = :pass_num AND passes.suspect = :alone
      AND NOT EXISTS (
        SELECT 1 FROM page_passes AS earlier
        WHERE earlier.job_id = passes.job_id AND earlier.page_num = passes.page_num
          AND earlier.pass_num < passes.pass_num AND earlier.status != 'completed')
    GROUP BY job_id
"""

_CLAIM = """
    UPDATE page_passes SET status = 'running', attempt = attempt + 1, alone = :alone, started_at = :now
    WHERE job_id = :job_id AND page_num = :page_num AND pass_num = :pass_num
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

    def __init__(self, database: Database, jobs: JobStore, events: EventStore, *, small_job_pages: int = 0) -> None:
        self._database = database
        self._jobs = jobs
        self._events = events
        #: By pass: a client whose page is analysed has had no turn on the device by that.
        self._turns = {pass_num: Turns(small_job_pages) for pass_num in (1, 2)}

    async def claim(self, pass_num: int, *, pages_ahead: int) -> ClaimedPage | None:
        """The next page for a pass, now running; None where nothing waits."""
        return await self._claim(pass_num, pages_ahead=pages_ahead, alone=False)

    async def claim_suspect(self) -> ClaimedPage | None:
        """A page that ran when a process died, now running alone: the caller runs nothing else beside it."""
        for pass_num in (1, 2):
            claimed = await self._claim(pass_num, pages_ahead=1_000_000, alone=True)
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
            await record_outcome(transaction, claimed, outcome)
            event_type = (EventType.PAGE_PASS1_COMPLETED, EventType.PAGE_PASS2_COMPLETED)[claimed.page.pass_num - 1]
            data = {"page_num": claimed.page.page_num, "cached": outcome.cached, **_result_data(outcome)}
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
                await record_file(transaction, claimed, runmeta)
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

    async def depths(self) -> dict[tuple[int, str], int]:
        """How many pages wait and run, by (pass, status)."""
        rows = await self._database.read(
            "SELECT pass_num, status, count(*) AS pages FROM page_passes WHERE status IN ('queued', 'running')"
            " GROUP BY pass_num, status"
        )
        return {(row["pass_num"], row["status"]): row["pages"] for row in rows}

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

    async def _claim(self, pass_num: int, *, pages_ahead: int, alone: bool) -> ClaimedPage | None:
        async def change(transaction: Transaction) -> ClaimedPage | None:
            parameters: dict[str, object] = {"pass_num": pass_num, "pages_ahead": pages_ahead, "alone": int(alone)}
            rows = await transaction.fetch(_WAITING, parameters)
            if not rows:
                return None
            chosen = self._turns[pass_num].next_of([WaitingJob(**dict(row)) for row in rows])
            now = clock.to_text(clock.now())
            key = {"job_id": chosen.job_id, "page_num": chosen.page_num, "pass_num": pass_num}
            await transaction.run(_CLAIM, {**key, "alone": int(alone), "now": now})
            page = await _read(transaction, key)
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
        return await read_job(transaction, job_id)

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


def _result_data(outcome: PassOutcome) -> dict[str, object]:
    """What a listener needs to show a coloured page; empty for Pass 1."""
    colorized = next((each.sha256 for each in outcome.artifacts if each.kind is ArtifactKind.COLORIZED), None)
    return {"colorized_sha256": colorized, "fidelity": outcome.fidelity} if colorized else {}


def _key(page: PagePass) -> dict[str, object]:
    return {"job_id": page.job_id, "page_num": page.page_num, "pass_num": page.pass_num, "attempt": page.attempt}


async def _read(transaction: Transaction, row: Row | Mapping[str, object]) -> PagePass:
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
