"""Many readers of event streams at once, and one that is cut off again and again."""

import asyncio
import contextlib
import time
from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlsplit

import aiohttp

from tests.acceptance.cutting_proxy import CuttingProxy
from tests.acceptance.server_process import ServerProcess, submit_pages, until_ended
from tests.acceptance.sse_client import ServerSentEvent, read_events
from tests.small_pages import page_bytes, style_bytes

DEADLINE_SECONDS = 180
#: Least and most bytes of a stream between two cuts: from within the first frame to a few events.
CUT_BYTES = (200, 4000)
#: Seconds after which the proxy cuts a connection over which too little comes.
CUT_SECONDS = 0.3
#: A connection that ends before its answer is whole may end in any of these.
BROKEN = (aiohttp.ClientError, ConnectionError, TimeoutError)


@dataclass(frozen=True)
class Delivery:
    """What readers received of the events of one job."""

    events: int
    #: Readers that did not get every event once and in order.
    incomplete: int
    #: Seconds from the moment an event was stored to the moment a reader had it.
    p50_seconds: float
    p99_seconds: float


@dataclass(frozen=True)
class Resumption:
    """What a reader has that came back again and again."""

    reconnects: int
    seen: list[int]
    #: What the server says there was.
    stored: list[int]


async def deliver(running: ServerProcess, *, clients: int, pages: int, silent: int = 0) -> Delivery:
    """The delivery of one job's events to so many readers of `/v1/events`, beside `silent` ones that never read."""
    connector = aiohttp.TCPConnector(limit=0)
    silent_writers = [await _open_silently(running.url) for _ in range(silent)]
    async with aiohttp.ClientSession(running.url, connector=connector) as client:
        streams = [read_events(client, "/v1/events") for _ in range(clients)]
        async with asyncio.timeout(DEADLINE_SECONDS):
            await asyncio.gather(*(_until_greeted(stream) for stream in streams))
            reading = [asyncio.create_task(_read_job(stream)) for stream in streams]
            job_id = await submit_pages(running.url, [page_bytes(seed) for seed in range(pages)], style_bytes())
            received = await asyncio.gather(*reading)
    for writer in silent_writers:
        writer.transport.abort()
    wanted = [event_id async for event_id in _stored_ids(running.url, [job_id])]
    delays = sorted(delay for _, each in received for delay in each)
    return Delivery(
        events=len(wanted),
        incomplete=sum(ids != wanted for ids, _ in received),
        p50_seconds=delays[len(delays) // 2],
        p99_seconds=delays[int(len(delays) * 0.99)],
    )


async def resume(running: ServerProcess, *, reconnects: int, restarts: int, seed: int = 1) -> Resumption:
    """What a reader of `/v1/events` has after so many cuts, with the server killed and started again in between.

    Jobs are sent for as long as it reads, so that there is always something to miss.
    """
    proxy = CuttingProxy(lambda: _address(running.url), cut_bytes=CUT_BYTES, cut_seconds=CUT_SECONDS, seed=seed)
    seen: list[int] = []
    jobs: list[str] = []
    async with proxy.listening(), asyncio.timeout(DEADLINE_SECONDS * (1 + reconnects / 100)):
        last = await _last_id(running.url)
        for number in range(reconnects):
            if number % 5 == 0:
                jobs.append(await submit_pages(running.url, [page_bytes(number)], style_bytes(), f"chapter_{number}"))
            if restarts and number % (reconnects // (restarts + 1)) == reconnects // (restarts + 1) - 1:
                await running.kill()
                await running.start()
            last = await _read_until_cut(proxy.url, last, seen)
        for job_id in jobs:
            await until_ended(running.url, job_id, DEADLINE_SECONDS)
        stored = [event_id async for event_id in _stored_ids(running.url, jobs)]
        await _read_rest(running.url, last, seen, stored[-1])
    return Resumption(proxy.cuts, seen, stored)


async def _read_until_cut(url: str, last: int, seen: list[int]) -> int:
    with contextlib.suppress(*BROKEN):
        async with aiohttp.ClientSession(url) as client, aclosing(read_events(client, "/v1/events", last)) as stream:
            async for event in stream:
                last = _note(event, last, seen)
    return last


async def _read_rest(url: str, last: int, seen: list[int], newest: int) -> None:
    async with aiohttp.ClientSession(url) as client, aclosing(read_events(client, "/v1/events", last)) as stream:
        while last < newest:
            last = _note(await anext(stream), last, seen)


def _note(event: ServerSentEvent, last: int, seen: list[int]) -> int:
    """The id to go on after; a greeting carries one, and is no event of a job."""
    if event.id is None:
        return last
    if event.name not in ("hello", "reset"):
        seen.append(event.id)
    return event.id


async def _last_id(url: str) -> int:
    async with aiohttp.ClientSession(url) as client, aclosing(read_events(client, "/v1/events")) as stream:
        return int((await anext(stream)).data["last_id"])


async def _stored_ids(url: str, jobs: list[str]) -> AsyncGenerator[int, None]:
    async with aiohttp.ClientSession(url) as client:
        ids = [
            event.id
            for job_id in jobs
            async for event in read_events(client, f"/v1/jobs/{job_id}/events")
            if event.id is not None and event.name not in ("hello", "reset")
        ]
    for event_id in sorted(ids):
        yield event_id


async def _until_greeted(stream: AsyncGenerator[ServerSentEvent, None]) -> None:
    assert (await anext(stream)).name == "hello"


async def _read_job(stream: AsyncGenerator[ServerSentEvent, None]) -> tuple[list[int], list[float]]:
    """The ids of a job's events, and by how many seconds each came after it was stored."""
    ids: list[int] = []
    delays: list[float] = []
    async with aclosing(stream):
        async for event in stream:
            if event.id is None:
                continue
            ids.append(event.id)
            delays.append(time.time() - datetime.fromisoformat(event.data["created_at"]).timestamp())
            if event.name in ("job.completed", "job.failed"):
                break
    return ids, delays


async def _open_silently(url: str) -> asyncio.StreamWriter:
    _, writer = await asyncio.open_connection(*_address(url))
    writer.write(b"GET /v1/events HTTP/1.1\r\nHost: localhost\r\n\r\n")
    await writer.drain()
    return writer


def _address(url: str) -> tuple[str, int]:
    parts = urlsplit(url)
    return parts.hostname or "127.0.0.1", parts.port or 80
