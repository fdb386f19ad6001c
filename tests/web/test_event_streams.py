"""Server-Sent Events: nothing twice, nothing missing, and streams that end."""

import asyncio
from datetime import UTC, datetime

import pytest

from mangaflux.engine.fake import FakeEngine
from mangaflux.events import MAX_PENDING_EVENTS, Event, EventType
from mangaflux.parts import Parts
from mangaflux.settings import EventSettings
from mangaflux.storage.database import Transaction
from mangaflux.web.event_stream import frame
from mangaflux.web.keys import PARTS
from tests.web.conftest import StartServer
from tests.web.driving import Client, events_of, finished, get_json, read_event, refused, submit

DEADLINE_SECONDS = 20


def _parts(client: Client) -> Parts:
    assert client.app is not None
    return client.app[PARTS]


def test_a_frame_is_one_event_on_lines_of_its_own() -> None:
    assert frame("ping", {}) == b"event: ping\ndata: {}\n\n"
    assert frame("page.failed", {"message": "a\nb"}, 7) == b'id: 7\nevent: page.failed\ndata: {"message":"a\\nb"}\n\n'


async def test_a_late_reader_sees_everything_from_the_first_event(
    client: Client, page_png: bytes, style_png: bytes
) -> None:
    job_id = await submit(client, [page_png], style_png)
    await finished(client, job_id)

    events = await events_of(client, f"/v1/jobs/{job_id}/events")

    assert [event.name for event in events] == [
        "hello",
        "job.created",
        "job.started",
        "page.pass1.completed",
        "page.pass2.completed",
        "job.completed",
    ]
    assert events[0].data["snapshot"]["jobs"][0]["status"] == "completed"
    assert all(event.data["job_id"] == job_id for event in events[1:])


async def test_a_live_reader_sees_progress_without_ids_and_every_durable_event_once(
    client: Client, engine: FakeEngine, page_png: bytes, style_png: bytes
) -> None:
    engine.seconds_per_step = 0.05
    job_id = await submit(client, [page_png, page_png], style_png, options={"force": True})

    live = await events_of(client, f"/v1/jobs/{job_id}/events")
    late = await events_of(client, f"/v1/jobs/{job_id}/events")

    assert [event for event in live if event.id is not None] == [event for event in late if event.id is not None]
    ticks = [event for event in live if event.name == "page.progress"]
    assert ticks
    assert all(event.id is None for event in ticks)


async def test_a_stream_says_how_long_to_wait_and_is_not_to_be_buffered(
    client: Client, page_png: bytes, style_png: bytes
) -> None:
    job_id = await submit(client, [page_png], style_png)

    async with client.get(f"/v1/jobs/{job_id}/events") as answer:
        first = await answer.content.readline()

    assert first == b"retry: 2000\n"
    assert answer.content_type == "text/event-stream"
    assert answer.headers["Cache-Control"] == "no-cache, no-transform"
    assert answer.headers["X-Accel-Buffering"] == "no"


@pytest.mark.parametrize("place", ["header", "query"])
async def test_a_reader_that_comes_back_sees_the_rest_and_nothing_twice(
    client: Client, page_png: bytes, style_png: bytes, place: str
) -> None:
    job_id = await submit(client, [page_png], style_png)
    path = f"/v1/jobs/{job_id}/events"
    whole = [event.id for event in await events_of(client, path) if event.id is not None]

    for position, last_id in enumerate(whole[:-1]):
        if place == "header":
            rest = await events_of(client, path, last_id)
        else:
            rest = await events_of(client, f"{path}?after={last_id}")
        assert [event.id for event in rest if event.id is not None] == whole[position + 1 :]


async def test_the_header_wins_over_the_address_that_a_browser_comes_back_to(
    client: Client, page_png: bytes, style_png: bytes
) -> None:
    job_id = await submit(client, [page_png], style_png)
    path = f"/v1/jobs/{job_id}/events"
    last = [event.id for event in await events_of(client, path)][-1]
    assert last is not None

    rest = await events_of(client, f"{path}?after=0", last - 1)

    assert [event.id for event in rest if event.id is not None] == [last]


async def test_a_reader_that_has_seen_the_end_is_told_not_to_come_back(
    client: Client, page_png: bytes, style_png: bytes
) -> None:
    job_id = await submit(client, [page_png], style_png)
    path = f"/v1/jobs/{job_id}/events"
    last = [event.id for event in await events_of(client, path)][-1]

    answer = await client.get(path, headers={"Last-Event-ID": str(last)})

    assert (answer.status, await answer.read()) == (204, b"")


async def test_the_stream_of_a_retried_job_goes_past_its_first_end(
    client: Client, engine: FakeEngine, page_png: bytes, style_png: bytes
) -> None:
    engine.fail_at_step = 1
    job_id = await submit(client, [page_png], style_png)
    await finished(client, job_id)
    engine.fail_at_step = None
    await client.post(f"/v1/jobs/{job_id}/retry")

    names = [event.name for event in await events_of(client, f"/v1/jobs/{job_id}/events")]

    assert "job.failed" in names
    assert names[-1] == "job.completed"


@pytest.mark.parametrize("last_event_id", ["abc", "-1", "1.5", "9" * 30])
@pytest.mark.parametrize("path", ["/v1/events", "job"])
async def test_an_id_that_is_none_is_refused(
    client: Client, page_png: bytes, style_png: bytes, path: str, last_event_id: str
) -> None:
    if path == "job":
        path = f"/v1/jobs/{await submit(client, [page_png], style_png)}/events"

    answer = await client.get(path, headers={"Last-Event-ID": last_event_id})

    await refused(answer, 422, "invalid_request")


async def test_the_stream_of_all_jobs_starts_now(client: Client, page_png: bytes, style_png: bytes) -> None:
    await finished(client, await submit(client, [page_png], style_png))
    async with asyncio.timeout(DEADLINE_SECONDS), client.get("/v1/events") as answer:
        hello = await read_event(answer.content)
        assert hello is not None

        job_id = await submit(client, [page_png], style_png)
        created = await read_event(answer.content)

    assert created is not None
    assert (hello.name, hello.data["snapshot"]) == ("hello", {"jobs": []})
    assert hello.id == hello.data["last_id"]
    assert (created.name, created.data["job_id"], created.id) == ("job.created", job_id, hello.data["last_id"] + 1)


async def test_the_stream_of_all_jobs_replays_what_came_after_an_id(
    client: Client, page_png: bytes, style_png: bytes
) -> None:
    await finished(client, await submit(client, [page_png], style_png))

    async with asyncio.timeout(DEADLINE_SECONDS), client.get("/v1/events?after=1") as answer:
        events = [await read_event(answer.content) for _ in range(3)]

    # The first is `hello`: whoever drops after it misses nothing either.
    assert [event.id for event in events if event] == [1, 2, 3]


async def _forget_events(parts: Parts, up_to: int) -> None:
    async def change(transaction: Transaction) -> None:
        await transaction.run("DELETE FROM events WHERE id <= ?", (up_to,))

    await parts.database.write(change)


@pytest.mark.parametrize("last_event_id", [1, 10_000])
async def test_an_id_that_is_not_kept_any_more_or_unknown_starts_anew(
    client: Client, page_png: bytes, style_png: bytes, last_event_id: int
) -> None:
    await finished(client, await submit(client, [page_png], style_png))
    await _forget_events(_parts(client), up_to=3)
    headers = {"Last-Event-ID": str(last_event_id)}

    async with asyncio.timeout(DEADLINE_SECONDS), client.get("/v1/events", headers=headers) as answer:
        hello, reset = await read_event(answer.content), await read_event(answer.content)

    assert hello is not None
    assert reset is not None
    assert (hello.name, reset.name) == ("hello", "reset")
    assert reset.data["last_id"] == hello.data["last_id"] > 3


async def test_the_oldest_id_that_can_be_resumed_from_does_not_start_anew(
    client: Client, page_png: bytes, style_png: bytes
) -> None:
    await finished(client, await submit(client, [page_png], style_png))
    await _forget_events(_parts(client), up_to=3)

    async with asyncio.timeout(DEADLINE_SECONDS), client.get("/v1/events?after=3") as answer:
        events = [await read_event(answer.content) for _ in range(2)]

    assert [(event.name, event.id) for event in events if event] == [("hello", 3), ("page.pass2.completed", 4)]


async def test_silence_is_filled_with_pings(start_server: StartServer) -> None:
    client = await start_server(events=EventSettings(ping_interval_seconds=0.01))

    async with asyncio.timeout(DEADLINE_SECONDS), client.get("/v1/events") as answer:
        names = [event.name for _ in range(3) if (event := await read_event(answer.content))]

    assert names == ["hello", "ping", "ping"]


async def test_a_reader_that_lags_is_reset_and_cut_off(client: Client) -> None:
    parts = _parts(client)
    async with asyncio.timeout(DEADLINE_SECONDS), client.get("/v1/events") as answer:
        await read_event(answer.content)
        # All at once, so that the stream cannot send between them.
        for number in range(MAX_PENDING_EVENTS + 1):
            parts.broker.publish(Event(EventType.JOB_STARTED, "job", {}, datetime.now(UTC), number + 1))
        reset, end = await read_event(answer.content), await read_event(answer.content)

    assert reset is not None
    assert reset.name == "reset"
    assert end is None


async def test_streams_end_when_the_server_stops(client: Client) -> None:
    async with asyncio.timeout(DEADLINE_SECONDS), client.get("/v1/events") as answer:
        await read_event(answer.content)

        _parts(client).broker.close()

        assert await read_event(answer.content) is None


async def test_a_reader_that_leaves_is_forgotten(start_server: StartServer) -> None:
    client = await start_server(events=EventSettings(ping_interval_seconds=0.01))
    broker = _parts(client).broker
    async with client.get("/v1/events") as answer:
        await read_event(answer.content)
        assert broker.subscriber_count == 1

    async with asyncio.timeout(DEADLINE_SECONDS):
        while broker.subscriber_count:
            await get_json(client, "/healthz")


async def test_a_reader_that_does_not_read_is_cut_off(start_server: StartServer) -> None:
    client = await start_server(events=EventSettings(write_timeout_seconds=0.1))
    broker = _parts(client).broker
    reader, writer = await asyncio.open_connection(client.host, client.port)
    writer.write(b"GET /v1/events HTTP/1.1\r\nHost: localhost\r\n\r\n")
    await reader.readuntil(b"event: hello")

    # More than the buffers of both sockets take in.
    for number in range(64):
        event = Event(EventType.JOB_STARTED, "job", {"filler": "x" * 2**20}, datetime.now(UTC), number + 1)
        broker.publish(event)

    async with asyncio.timeout(DEADLINE_SECONDS):
        while broker.subscriber_count:
            await get_json(client, "/healthz")
    writer.close()
