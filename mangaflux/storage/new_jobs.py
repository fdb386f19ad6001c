"""A new job becomes rows: once, however often it is sent."""

import json
from collections.abc import Iterable, Mapping

from mangaflux.errors import IdempotencyKeyError
from mangaflux.events import EventType
from mangaflux.jobs import Artifact, IdempotencyKey, NewJob, NewPage, Status
from mangaflux.storage import clock
from mangaflux.storage.database import Row, Transaction
from mangaflux.storage.event_store import EventStore

JOB_OF_KEY = "SELECT * FROM idempotency_keys WHERE key = ?"


async def insert_job(
    transaction: Transaction, events: EventStore, new: NewJob, pass1_artifacts: Mapping[int, Iterable[Artifact]]
) -> None:
    """Adds every row of a job, and says that it was created."""
    await _insert_job(transaction, new)
    await events.append(transaction, EventType.JOB_CREATED, new.job_id, _created_data(new))
    for page in new.pages:
        await _insert_page(transaction, events, new, page)
    for page_num, artifacts in pass1_artifacts.items():
        rows = [(new.job_id, page_num, artifact.kind, artifact.sha256) for artifact in artifacts]
        await transaction.run_many("INSERT INTO artifacts VALUES (?, ?, ?, ?)", rows)


async def claim_key(transaction: Transaction, key: IdempotencyKey, job_id: str) -> str:
    """The job that a key stands for: the one that was sent with it before, else this one from now on.

    Raises:
        IdempotencyKeyError: the key was used for another request.
    """
    earlier = job_of(key, await transaction.fetch_one(JOB_OF_KEY, (key.key,)))
    if earlier is not None:
        return earlier
    await _keep_key(transaction, key, job_id)
    return job_id


async def _insert_job(transaction: Transaction, new: NewJob) -> None:
    now = clock.to_text(clock.now())
    await transaction.run(
        "INSERT INTO jobs (job_id, kind, chapter_id, status, priority, engine, params, refs, attempt, created_at,"
        " last_update, client, total_pages, webhook_url) VALUES (?, ?, ?, 'queued', ?, ?, ?, ?, 1, ?, ?, ?, ?, ?)",
        (
            new.job_id,
            new.kind,
            new.chapter_id,
            new.priority,
            new.engine,
            new.params.model_dump_json(),
            json.dumps(new.references),
            now,
            now,
            new.sender.client,
            len(new.pages),
            new.sender.webhook_url,
        ),
    )


def job_of(key: IdempotencyKey, row: Row | None) -> str | None:
    """The job in the row of a key; None where the key is new.

    Raises:
        IdempotencyKeyError: it was used for another request.
    """
    if row is None:
        return None
    if row["fingerprint"] != key.fingerprint:
        raise IdempotencyKeyError("This Idempotency-Key was sent with another request before; use a new one.")
    return str(row["job_id"])


async def _keep_key(transaction: Transaction, key: IdempotencyKey, job_id: str) -> None:
    await transaction.run(
        "INSERT INTO idempotency_keys VALUES (?, ?, ?, ?)",
        (key.key, key.fingerprint, job_id, clock.to_text(clock.now())),
    )


def _created_data(new: NewJob) -> dict[str, object]:
    return {"kind": new.kind, "chapter_id": new.chapter_id, "engine": new.engine, "total_pages": len(new.pages)}


async def _insert_page(transaction: Transaction, events: EventStore, new: NewJob, page: NewPage) -> None:
    await transaction.run(
        "INSERT INTO pages (job_id, page_num, name, asset_sha256, seed) VALUES (?, ?, ?, ?, ?)",
        (new.job_id, page.page_num, page.name, page.asset_sha256, page.seed),
    )
    status = Status.FAILED if page.error_code else Status.QUEUED
    finished_at = clock.to_text(clock.now()) if page.error_code else None
    for pass_num in new.kind.passes:
        await transaction.run(
            "INSERT INTO page_passes (job_id, page_num, pass_num, status, finished_at, error_code, error_message)"
            " VALUES (?, ?, ?, ?, ?, ?, ?)",
            (new.job_id, page.page_num, pass_num, status, finished_at, page.error_code, page.error_message),
        )
    if page.error_code:
        data = {"page_num": page.page_num, "code": page.error_code, "message": page.error_message}
        await events.append(transaction, EventType.PAGE_FAILED, new.job_id, data)
