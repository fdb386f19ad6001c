"""A client like the browser extension: its Origin, its token, and a stream that ends whenever the browser says so."""

import asyncio
import contextlib
import json
from collections import Counter
from contextlib import aclosing
from pathlib import Path
from urllib.parse import urlsplit

import aiohttp

from tests.acceptance.cutting_proxy import CuttingProxy
from tests.acceptance.event_readers import BROKEN
from tests.acceptance.server_process import ServerProcess, get_json, server
from tests.acceptance.sse_client import read_events
from tests.small_pages import page_bytes, style_bytes

TOKEN = "correct horse battery staple"
#: As Firefox makes one up for each installation; no server can list it.
ORIGIN = "moz-extension://0b1c2d3e-4f50-4a6b-8c7d-9e0f1a2b3c4d"
PAGES = 40
DEADLINE_SECONDS = 240
#: A browser ends the background of an extension after 20 to 30 s; here it lives shorter, as everything is quicker.
CUT_SECONDS = 1.0


class Extension:
    """What survives its death is `last_id` and `pages`, as it would in the browser's storage."""

    def __init__(self, url: str, cut_url: str) -> None:
        self._url = url
        self._cut_url = cut_url
        self._headers = {"Authorization": f"Bearer {TOKEN}", "Origin": ORIGIN, "Sec-Fetch-Site": "cross-site"}
        self.job_id = ""
        self.last_id: int | None = None
        self.lives = 0
        #: How often each page was said to be done, and the bytes that came for it.
        self.done: Counter[int] = Counter()
        self.pages: dict[int, bytes] = {}
        self.ended = False

    async def send_pages(self) -> None:
        """Sends the job; whoever died before the answer cannot know whether it was accepted, and sends it again."""
        form = aiohttp.FormData()
        form.add_field("request", json.dumps({"chapter_id": "tab_1"}), content_type="application/json")
        for number in range(1, PAGES + 1):
            form.add_field("pages", page_bytes(number), filename=f"{number}.png", content_type="image/png")
        form.add_field("style_reference", style_bytes(), filename="style.png", content_type="image/png")
        headers = self._headers | {"Idempotency-Key": "tab-1-chapter-1"}
        async with (
            aiohttp.ClientSession(self._url, headers=headers) as client,
            client.post("/v1/jobs/two-pass", data=form) as answer,
        ):
            body = await answer.json()
            assert answer.status == 202, body
            assert answer.headers["Access-Control-Allow-Origin"] == ORIGIN
            assert self.job_id in ("", body["job_id"])
            self.job_id = body["job_id"]

    async def live(self) -> None:
        """One life of the background: opens a stream after what it knows, and fetches each page that is done."""
        self.lives += 1
        async with aiohttp.ClientSession(self._cut_url, headers=self._headers) as client:
            with contextlib.suppress(*BROKEN):
                events = read_events(client, f"/v1/jobs/{self.job_id}/events", self.last_id)
                async with aclosing(events) as stream:
                    async for event in stream:
                        if event.name == "page.pass2.completed":
                            await self._fetch(client, int(event.data["page_num"]))
                        self.ended = self.ended or event.name == "job.completed"
                        # Last: who dies before this comes back to the same event.
                        self.last_id = event.id if event.id is not None else self.last_id

    async def _fetch(self, client: aiohttp.ClientSession, page_num: int) -> None:
        async with client.get(f"/v1/chapters/tab_1/pages/{page_num}/colorized") as answer:
            assert answer.status == 200
            self.pages[page_num] = await answer.read()
        self.done[page_num] += 1


def _address(running: ServerProcess) -> tuple[str, int]:
    parts = urlsplit(running.url)
    return parts.hostname or "", parts.port or 0


async def test_a_job_of_forty_pages_survives_every_death_of_the_extension(tmp_path: Path) -> None:
    settings = {"api_token": TOKEN, "server.token_for_reads": True, "limits.decode_in_child": False}
    async with server(tmp_path / "data", script={"seconds_per_step": 0.05}, settings=settings, token=TOKEN) as running:
        proxy = CuttingProxy(lambda: _address(running), cut_seconds=CUT_SECONDS)
        async with proxy.listening():
            extension = Extension(running.url, proxy.url)
            # It may die before the answer, and send everything again when it lives.
            await extension.send_pages()
            await extension.send_pages()
            async with asyncio.timeout(DEADLINE_SECONDS):
                while not extension.ended:
                    await extension.live()
        jobs = (await get_json(running.url, "/v1/jobs", token=TOKEN))["jobs"]

    assert [(job["job_id"], job["progress"]["pass2_done"]) for job in jobs] == [(extension.job_id, PAGES)]
    assert extension.lives > 3
    assert sorted(extension.pages) == list(range(1, PAGES + 1))
    assert set(extension.done.values()) == {1}
    assert all(page.startswith(b"\x89PNG") for page in extension.pages.values())
