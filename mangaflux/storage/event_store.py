"""Durable events: their row numbers are the ids of Server-Sent Events."""

import json
from collections.abc import Mapping
from datetime import datetime

from mangaflux.events import Event, EventBroker, EventType
from mangaflux.storage import clock
from mangaflux.storage.database import Database, Row, Transaction

#: Rows of one read while replaying, so that a long replay is not one long list.
REPLAY_BATCH = 500


class EventStore:
    """Stores events with the change they tell of, and publishes them after its commit, in the order of their ids."""

    def __init__(self, database: Database, broker: EventBroker) -> None:
        self._database = database
        self._broker = broker

    async def append(
        self, transaction: Transaction, event_type: EventType, job_id: str, data: Mapping[str, object] | None = None
    ) -> None:
        """Adds an event to the transaction. Store first, then publish: whoever hears it can already read the result."""
        created_at = clock.now()
        body = {"job_id": job_id, **(data or {})}
        row_id = await transaction.insert(
            "INSERT INTO events (job_id, type, data, created_at) VALUES (?, ?, ?, ?)",
            (job_id, event_type, json.dumps(body), clock.to_text(created_at)),
        )
        event = Event(event_type, job_id, body, created_at, row_id)
        transaction.after_commit.append(lambda: self._broker.publish(event))

    async def after(self, last_id: int, job_id: str | None = None) -> list[Event]:
        """Up to `REPLAY_BATCH` events later than `last_id`, oldest first, of one job or of all."""
        if job_id is None:
            rows = await self._database.read(
                "SELECT * FROM events WHERE id > ? ORDER BY id LIMIT ?", (last_id, REPLAY_BATCH)
            )
        else:
            rows = await self._database.read(
                "SELECT * FROM events WHERE job_id = ? AND id > ? ORDER BY id LIMIT ?", (job_id, last_id, REPLAY_BATCH)
            )
        return [_event(row) for row in rows]

    async def last_id(self) -> int:
        """The id of the newest event; 0 where there is none."""
        row = await self._database.read_one("SELECT max(id) AS id FROM events")
        return (row["id"] if row else None) or 0

    async def first_id(self) -> int:
        """The id of the oldest event that is kept; 0 where there is none."""
        row = await self._database.read_one("SELECT min(id) AS id FROM events")
        return (row["id"] if row else None) or 0


def _event(row: Row) -> Event:
    return Event(
        EventType(row["type"]),
        row["job_id"],
        json.loads(row["data"]),
        datetime.fromisoformat(row["created_at"]),
        row["id"],
    )
