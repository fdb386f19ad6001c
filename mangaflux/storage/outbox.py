"""Webhooks that wait for delivery. They are written with the change they tell of, so none is lost and none invented."""

import json
import secrets
from dataclasses import dataclass
from datetime import datetime

from mangaflux.events import EventType
from mangaflux.storage import clock
from mangaflux.storage.database import Database, Row, Transaction

_JOB = """
    SELECT jobs.*, (SELECT count(DISTINCT page_num) FROM page_passes
                    WHERE page_passes.job_id = jobs.job_id AND page_passes.status = 'failed') AS failed_pages
    FROM jobs WHERE job_id = ? AND webhook_url IS NOT NULL
"""


@dataclass(frozen=True, slots=True)
class Webhook:
    """One message to one address."""

    message_id: str
    job_id: str
    url: str
    #: JSON, as it is signed and sent.
    body: str
    #: Deliveries that failed so far.
    failures: int


class Outbox:
    """The rows of webhooks."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def due(self, now: datetime, limit: int) -> list[Webhook]:
        """Up to `limit` webhooks whose time has come, the oldest first."""
        rows = await self._database.read(
            "SELECT * FROM webhooks WHERE due_at <= ? ORDER BY due_at LIMIT ?", (clock.to_text(now), limit)
        )
        return [Webhook(row["message_id"], row["job_id"], row["url"], row["body"], row["failures"]) for row in rows]

    async def remove(self, webhook: Webhook) -> None:
        """Forgets a webhook: it was delivered, or is given up."""

        async def change(transaction: Transaction) -> None:
            await transaction.run("DELETE FROM webhooks WHERE message_id = ?", (webhook.message_id,))

        await self._database.write(change)

    async def put_off(self, webhook: Webhook, due_at: datetime) -> None:
        """Counts a failure; the webhook is due again at that time."""

        async def change(transaction: Transaction) -> None:
            await transaction.run(
                "UPDATE webhooks SET failures = failures + 1, due_at = ? WHERE message_id = ?",
                (clock.to_text(due_at), webhook.message_id),
            )

        await self._database.write(change)


async def post_end(transaction: Transaction, event_type: EventType, job_id: str) -> None:
    """Puts the end of a job into the outbox, where its client wants to hear of it."""
    job = await transaction.fetch_one(_JOB, (job_id,))
    if job is None:
        return
    now = clock.to_text(clock.now())
    await transaction.run(
        "INSERT INTO webhooks (message_id, job_id, url, body, due_at, created_at) VALUES (?, ?, ?, ?, ?, ?)",
        (f"msg_{secrets.token_hex(16)}", job_id, job["webhook_url"], _body(event_type, job, now), now, now),
    )


def _body(event_type: EventType, job: Row, now: str) -> str:
    """The payload, in the form of Standard Webhooks: type, timestamp, data."""
    names = ("job_id", "chapter_id", "kind", "status", "engine", "total_pages", "failed_pages", "created_at")
    data = {name: job[name] for name in names}
    return json.dumps({"type": event_type, "timestamp": now, "data": data}, separators=(",", ":"))
