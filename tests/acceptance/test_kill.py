"""kill -9 in the middle of a job, a restart, and nothing is lost or done twice."""

import asyncio
import hashlib
import io
from collections import Counter
from pathlib import Path

import aiohttp
import numpy as np
import pytest
from PIL import Image

from mangaflux.samples.chapter import draw_chapter, draw_reference
from tests.acceptance.server_process import ServerProcess, get_json, server, submit, until_ended
from tests.acceptance.sse_client import ServerSentEvent, read_events

PAGES = 20
DEADLINE_SECONDS = 240

#: Several waits with that deadline, each.
pytestmark = pytest.mark.timeout(3 * DEADLINE_SECONDS)


@pytest.fixture(scope="module")
def chapter(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("chapter")
    (folder / "pages").mkdir()
    for page in draw_chapter(11, PAGES, width=480, height=680):
        Image.fromarray(page.ink).save(folder / "pages" / f"page_{page.page_num:03d}.png")
    Image.fromarray(draw_reference(11)).save(folder / "style.png")
    return folder


def _ids(events: list[ServerSentEvent]) -> list[int]:
    return [event.id for event in events if event.id is not None]


async def _pages_done(url: str, job_id: str) -> int:
    job = await get_json(url, f"/v1/jobs/{job_id}")
    return int(job["progress"]["pass2_done"])


async def _until_pages_done(url: str, job_id: str, count: int) -> None:
    async with asyncio.timeout(DEADLINE_SECONDS):
        while await _pages_done(url, job_id) < count:
            await asyncio.sleep(0.05)


async def _assert_every_page_once(running: ServerProcess, job_id: str) -> None:
    events = []
    async with aiohttp.ClientSession(running.url) as client:
        async for event in read_events(client, f"/v1/jobs/{job_id}/events"):
            events.append(event)
        coloured = Counter(event.data["page_num"] for event in events if event.name == "page.pass2.completed")
        assert coloured == dict.fromkeys(range(1, PAGES + 1), 1)
        assert _ids(events) == sorted(set(_ids(events)))

        listed = (await get_json(running.url, f"/v1/jobs/{job_id}/artifacts"))["artifacts"]
        colorized = [each for each in listed if each["kind"] == "colorized"]
        assert sorted(each["page_num"] for each in colorized) == list(range(1, PAGES + 1))
        for each in colorized:
            async with client.get(each["url"]) as answer:
                data = await answer.read()
            assert hashlib.sha256(data).hexdigest() == each["sha256"]
            assert np.asarray(Image.open(io.BytesIO(data))).shape == (680, 480, 3)


async def test_a_job_survives_kill_9_in_its_middle(tmp_path: Path, chapter: Path) -> None:
    async with server(tmp_path / "data", "--engine", "lite") as running:
        job_id = await submit(running.url, chapter / "pages", chapter / "style.png")
        await _until_pages_done(running.url, job_id, PAGES // 3)
        await running.kill()

        await running.start()
        assert PAGES // 3 <= await _pages_done(running.url, job_id) < PAGES
        job = await until_ended(running.url, job_id, DEADLINE_SECONDS)

        assert (job["status"], job["progress"]["pass2_done"]) == ("completed", PAGES)
        await _assert_every_page_once(running, job_id)
        assert list((tmp_path / "data").rglob(".part-*")) == []


async def test_a_job_survives_being_killed_again_and_again(tmp_path: Path, chapter: Path) -> None:
    async with server(tmp_path / "data", "--engine", "fake") as running:
        job_id = await submit(running.url, chapter / "pages", chapter / "style.png")
        for kills in range(1, 5):
            await _until_pages_done(running.url, job_id, kills * 3)
            await running.kill()
            await running.start()

        job = await until_ended(running.url, job_id, DEADLINE_SECONDS)

        assert job["status"] == "completed"
        await _assert_every_page_once(running, job_id)


async def test_a_graceful_stop_is_quick_and_loses_nothing(tmp_path: Path, chapter: Path) -> None:
    async with server(tmp_path / "data", "--engine", "fake") as running:
        job_id = await submit(running.url, chapter / "pages", chapter / "style.png")
        await _until_pages_done(running.url, job_id, 3)
        async with aiohttp.ClientSession(running.url) as client:
            stream = read_events(client, f"/v1/jobs/{job_id}/events")
            await anext(stream)

            async with asyncio.timeout(10):
                assert await running.stop() == 0
            await stream.aclose()

        await running.start()
        job = await until_ended(running.url, job_id, DEADLINE_SECONDS)

        assert job["status"] == "completed"
        await _assert_every_page_once(running, job_id)


async def test_a_reader_that_drops_through_a_restart_sees_every_event_once(tmp_path: Path, chapter: Path) -> None:
    async with server(tmp_path / "data", "--engine", "fake") as running:
        job_id = await submit(running.url, chapter / "pages", chapter / "style.png")
        seen: list[int] = []

        async def read_some(count: int) -> None:
            last = seen[-1] if seen else None
            async with aiohttp.ClientSession(running.url) as client:
                async for event in read_events(client, f"/v1/jobs/{job_id}/events", last):
                    if event.id is not None:
                        seen.append(event.id)
                        count -= 1
                    if count == 0:
                        return

        await read_some(5)
        await read_some(4)
        await running.kill()
        await running.start()
        await read_some(3)
        await until_ended(running.url, job_id, DEADLINE_SECONDS)
        await read_some(10_000)

        async with aiohttp.ClientSession(running.url) as client:
            whole = [
                event.id async for event in read_events(client, f"/v1/jobs/{job_id}/events") if event.id is not None
            ]
            again = [event async for event in read_events(client, f"/v1/jobs/{job_id}/events", whole[-1])]
        assert seen == whole
        assert again == []
