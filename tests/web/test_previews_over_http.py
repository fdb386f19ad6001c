"""Previews of unfinished pages: to those who ask, small, and never stored."""

import asyncio
import base64
import io

import pytest
from PIL import Image

from mangaflux.engine.fake import FakeEngine
from mangaflux.engine.imaging import PREVIEW_SIDE
from mangaflux.settings import EventSettings
from mangaflux.web.keys import PARTS
from tests.web.conftest import StartServer
from tests.web.driving import Client, StreamEvent, events_of, get_json, read_event, refused, submit

DEADLINE_SECONDS = 20


async def watched(client: Client, engine: FakeEngine, page: bytes, style: bytes, query: str) -> list[StreamEvent]:
    """Every event of a job whose steps take their time."""
    engine.seconds_per_step = 0.05
    job_id = await submit(client, [page], style)
    async with asyncio.timeout(DEADLINE_SECONDS):
        return await events_of(client, f"/v1/jobs/{job_id}/events{query}")


async def test_a_reader_who_asks_sees_small_pictures_of_the_page(
    client: Client, engine: FakeEngine, page_png: bytes, style_png: bytes
) -> None:
    events = await watched(client, engine, page_png, style_png, "?preview=true")

    previews = [event for event in events if event.name == "page.preview"]
    assert previews
    assert all(event.id is None for event in previews)
    data = previews[-1].data
    assert (data["page_num"], data["pass"], data["total_steps"], data["media_type"]) == (1, 2, 4, "image/jpeg")
    with Image.open(io.BytesIO(base64.b64decode(data["data"])), formats=("JPEG",)) as image:
        image.load()
        assert image.size == (data["width"], data["height"])
        assert max(image.size) <= PREVIEW_SIDE


async def test_the_stream_of_all_jobs_shows_them_too(
    client: Client, engine: FakeEngine, page_png: bytes, style_png: bytes
) -> None:
    engine.seconds_per_step = 0.05
    async with asyncio.timeout(DEADLINE_SECONDS), client.get("/v1/events?preview=true") as answer:
        job_id = await submit(client, [page_png], style_png)
        while (event := await read_event(answer.content)) is not None and event.name != "page.preview":
            pass

    assert event is not None
    assert event.data["job_id"] == job_id


@pytest.mark.parametrize("query", ["", "?preview=false"])
async def test_who_does_not_ask_sees_none(
    client: Client, engine: FakeEngine, page_png: bytes, style_png: bytes, query: str
) -> None:
    events = await watched(client, engine, page_png, style_png, query)

    assert "page.preview" not in {event.name for event in events}
    assert "page.progress" in {event.name for event in events}


async def test_previews_are_wanted_only_while_somebody_listens_who_asked(start_server: StartServer) -> None:
    client = await start_server(events=EventSettings(ping_interval_seconds=0.01))
    assert client.app is not None
    broker = client.app[PARTS].broker

    async with client.get("/v1/events"), client.get("/v1/events?preview=true") as answer:
        await read_event(answer.content)
        assert broker.wants_previews("job")
    async with asyncio.timeout(DEADLINE_SECONDS):
        while broker.wants_previews("job"):
            await get_json(client, "/healthz")


async def test_a_value_that_is_no_choice_is_refused(client: Client) -> None:
    await refused(await client.get("/v1/events?preview=perhaps"), 422, "invalid_request")
