"""A server with chapters that are worth a look, and a browser on it."""

import asyncio
import contextlib
import json
import shutil
import threading
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path

import aiohttp
from aiohttp import web
from playwright.async_api import Browser, async_playwright

from mangaflux.cli import build_engines
from mangaflux.engine.fake import FakeEngine
from mangaflux.engine.imaging import encode_png
from mangaflux.samples.chapter import draw_chapter, draw_reference
from mangaflux.settings import Settings
from mangaflux.web.app import create_app

#: Seconds that a chapter may take to be coloured on a busy machine.
PATIENCE_SECONDS = 1200


@asynccontextmanager
async def browser() -> AsyncIterator[Browser]:
    """Chromium without a window."""
    chromium = shutil.which("chromium")
    if chromium is None:
        raise SystemExit("Chromium is not installed: apt-get install --no-install-recommends chromium")
    async with async_playwright() as playwright:
        running = await playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        yield running
        await running.close()


@contextmanager
def serving(data_dir: Path, engine: str, seconds_per_step: float = 0.0) -> Iterator[str]:
    """The real application on a thread of its own, so that the browser's client does not slow its loop; its address."""
    ready, stop, address = threading.Event(), asyncio.Event(), [""]
    loop = asyncio.new_event_loop()

    async def serve() -> None:
        settings = Settings.model_validate({"data_dir": data_dir, "engine": engine})
        engines = build_engines(settings)
        if isinstance(fake := engines.engines.get("fake"), FakeEngine):
            fake.seconds_per_step = seconds_per_step
        runner = web.AppRunner(create_app(settings, engines), auto_decompress=False, shutdown_timeout=0.5)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        address[0] = f"http://127.0.0.1:{runner.addresses[0][1]}"
        ready.set()
        await stop.wait()
        await runner.cleanup()

    thread = threading.Thread(target=loop.run_until_complete, args=(serve(),), name="server")
    thread.start()
    try:
        ready.wait()
        yield address[0]
    finally:
        loop.call_soon_threadsafe(stop.set)
        thread.join()


def draw(seed: int, pages: int, width: int, height: int) -> list[bytes]:
    """The pages of a sample chapter as PNG."""
    return [encode_png(page.ink) for page in draw_chapter(seed, pages, width=width, height=height)]


def draw_style(seed: int) -> bytes:
    """The style reference of a sample chapter as PNG."""
    return encode_png(draw_reference(seed))


async def submit(client: aiohttp.ClientSession, chapter_id: str, pages: Sequence[bytes], style: bytes) -> str:
    """Sends a chapter; the id of its job."""
    form = aiohttp.FormData()
    request = {"chapter_id": chapter_id, "input_mode": "batch"}
    form.add_field("request", json.dumps(request), content_type="application/json")
    for number, page in enumerate(pages, start=1):
        form.add_field("pages", page, filename=f"page_{number:03d}.png", content_type="image/png")
    form.add_field("style_reference", style, filename="style.png", content_type="image/png")
    async with client.post("/v1/jobs/two-pass", data=form) as answer:
        body = await answer.json()
        if answer.status != 202:
            raise SystemExit(f"the server refused the chapter: {body}")
        return str(body["job_id"])


async def until_ended(client: aiohttp.ClientSession, job_id: str) -> None:
    """Waits until a job has ended."""
    async with asyncio.timeout(PATIENCE_SECONDS):
        while True:
            async with client.get(f"/v1/jobs/{job_id}") as answer:
                if (await answer.json())["status"] not in ("queued", "running"):
                    return
            await asyncio.sleep(0.2)


async def until_ready(client: aiohttp.ClientSession) -> None:
    """Waits until the engine is loaded."""
    async with asyncio.timeout(PATIENCE_SECONDS):
        while True:
            with contextlib.suppress(aiohttp.ClientError):
                async with client.get("/readyz") as answer:
                    if answer.status == 200:
                        return
            await asyncio.sleep(0.1)
