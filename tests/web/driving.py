"""Drives a test server as a client would."""

import json
from dataclasses import dataclass
from typing import Any

import aiohttp
from aiohttp import web
from aiohttp.test_utils import TestClient

Client = TestClient[web.Request, web.Application]
Json = dict[str, Any]


@dataclass(frozen=True)
class StreamEvent:
    """One Server-Sent Event as it came over the wire."""

    name: str
    id: int | None
    data: Json


async def refused(answer: aiohttp.ClientResponse, status: int, code: str) -> Json:
    """The problem body of a refusal, which has this status and code."""
    body: Json = await answer.json(content_type="application/problem+json")
    assert (answer.status, body["status"], body["code"]) == (status, status, code), body
    return body


async def accepted(answer: aiohttp.ClientResponse) -> str:
    """The id of a job that was accepted."""
    body = await answer.json()
    assert answer.status == 202, body
    assert answer.headers["Location"] == f"/v1/jobs/{body['job_id']}"
    return str(body["job_id"])


async def get_json(client: Client, path: str) -> Json:
    """The JSON of one GET."""
    async with client.get(path) as answer:
        body: Json = await answer.json()
        assert answer.status == 200, body
        return body


async def upload(client: Client, data: bytes) -> str:
    """Stores an image; returns its `asset:` name."""
    async with client.post("/v1/assets", data=data, headers={"Content-Type": "image/png"}) as answer:
        return str((await answer.json())["asset_id"])


def job_form(
    request: Json, pages: dict[str, bytes] | None = None, references: dict[str, bytes] | None = None
) -> aiohttp.FormData:
    """A multipart job with uploads, by file name."""
    form = aiohttp.FormData()
    form.add_field("request", json.dumps(request), content_type="application/json")
    for name, data in (pages or {}).items():
        form.add_field("pages", data, filename=name, content_type="image/png")
    for name, data in (references or {}).items():
        form.add_field("style_reference", data, filename=name, content_type="image/png")
    return form


async def submit(client: Client, pages: list[bytes], style: bytes, **request: object) -> str:
    """Sends a two-pass job with uploads; returns its id."""
    uploads = {f"page_{number}.png": data for number, data in enumerate(pages, start=1)}
    form = job_form({"chapter_id": "chapter_001", **request}, uploads, {"style.png": style})
    async with client.post("/v1/jobs/two-pass", data=form) as answer:
        return await accepted(answer)


async def read_event(stream: aiohttp.StreamReader) -> StreamEvent | None:
    """The next event of a stream; None at its end."""
    fields: dict[str, str] = {}
    while line := (await stream.readline()).decode():
        name, _, value = line.rstrip("\n").partition(": ")
        if name:
            fields[name] = value
        elif "event" in fields:
            number = int(fields["id"]) if "id" in fields else None
            return StreamEvent(fields["event"], number, json.loads(fields["data"]))
    return None


async def events_of(client: Client, path: str, last_event_id: object = None) -> list[StreamEvent]:
    """Every event of a stream until the server ends it."""
    headers = {} if last_event_id is None else {"Last-Event-ID": str(last_event_id)}
    events: list[StreamEvent] = []
    async with client.get(path, headers=headers) as answer:
        assert answer.status == 200, await answer.text()
        while (event := await read_event(answer.content)) is not None:
            events.append(event)
    return events


async def finished(client: Client, job_id: str) -> Json:
    """The job once it has ended."""
    await events_of(client, f"/v1/jobs/{job_id}/events")
    return await get_json(client, f"/v1/jobs/{job_id}")
