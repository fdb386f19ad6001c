"""A reader of Server-Sent Events that may drop its connection and come back."""

import json
from collections.abc import AsyncGenerator
from dataclasses import dataclass
from typing import Any

import aiohttp


@dataclass(frozen=True)
class ServerSentEvent:
    """One event as it came over the wire."""

    name: str
    id: int | None
    data: dict[str, Any]


async def read_events(
    client: aiohttp.ClientSession, path: str, last_event_id: int | None = None
) -> AsyncGenerator[ServerSentEvent, None]:
    """The events of one connection, until the server ends it (204: at once)."""
    headers = {"Last-Event-ID": str(last_event_id)} if last_event_id is not None else {}
    async with client.get(path, headers=headers, timeout=aiohttp.ClientTimeout(total=None, sock_read=60)) as answer:
        if answer.status == 204:
            return
        assert answer.status == 200, await answer.text()
        fields: dict[str, str] = {}
        async for raw in answer.content:
            line = raw.decode().rstrip("\n")
            if line:
                name, _, value = line.partition(": ")
                fields[name] = fields[name] + "\n" + value if name == "data" and "data" in fields else value
            elif "event" in fields:
                number = int(fields["id"]) if "id" in fields else None
                yield ServerSentEvent(fields["event"], number, json.loads(fields.get("data", "{}")))
                fields = {}
            else:
                fields = {}
