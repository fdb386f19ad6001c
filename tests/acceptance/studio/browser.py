"""A browser on the studio, driven as a person would, and everything that goes wrong in it."""

import asyncio
import base64
import shutil
from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from playwright.async_api import Browser, ConsoleMessage, Page, Request, async_playwright, expect

#: Milliseconds that anything on the page may take; the machine may have two busy cores.
PATIENCE = 120_000
expect.set_options(timeout=PATIENCE)

#: Makes a DataTransfer of files given as [name, media type, base64], and drops it.
_DROP = """(element, files) => {
  const transfer = new DataTransfer();
  for (const [name, type, data] of files) {
    const bytes = Uint8Array.from(atob(data), (letter) => letter.charCodeAt(0));
    transfer.items.add(new File([bytes], name, { type }));
  }
  for (const type of ["dragenter", "dragover", "drop"]) {
    element.dispatchEvent(new DragEvent(type, { dataTransfer: transfer, bubbles: true, cancelable: true }));
  }
}"""


@asynccontextmanager
async def running_browser() -> AsyncIterator[Browser]:
    """Debian's Chromium without a window."""
    chromium = shutil.which("chromium")
    if chromium is None:
        pytest.skip("the studio is tested in Chromium, which is not installed (apt-get install chromium)")
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        try:
            yield browser
        finally:
            await browser.close()


class Studio:
    """One tab on one server."""

    def __init__(self, page: Page, url: str) -> None:
        self.page = page
        self.url = url
        #: Errors of the console, exceptions, breaches of the policy, and requests to anywhere else.
        self.problems: list[str] = []
        page.set_default_timeout(PATIENCE)
        page.on("console", self._hear)
        page.on("pageerror", lambda error: self.problems.append(f"exception: {error}"))
        page.on("request", self._see)

    async def open(self, view: str = "") -> None:
        """Goes to a view, such as `library` or `read/chapter/1`."""
        await self.page.goto(f"{self.url}/#/{view}")
        await self.page.wait_for_selector("main :is(h1, h2)")

    async def drop(self, selector: str, files: Mapping[str, bytes], media_type: str = "image/png") -> None:
        """Drops files on an element."""
        packed = [[name, media_type, base64.b64encode(data).decode()] for name, data in files.items()]
        await self.page.locator(selector).first.evaluate(_DROP, packed)

    async def prepare(self, pages: Mapping[str, bytes], style: bytes, name: str) -> None:
        """Drops a chapter and its style, and names it."""
        await self.open()
        await self.drop(".card-pages mf-drop-zone", pages)
        await self.drop(".card-style", {"style.png": style})
        await self.page.wait_for_selector(".references img")
        await self.until(f"document.querySelectorAll('.draft-pages li').length === {len(pages)}")
        await self.page.fill("#chapter-name", name)

    async def start(self) -> str:
        """Starts the chapter of the draft; its job id."""
        await self.page.click(".start-bar .button")
        await self.page.wait_for_selector("mf-job mf-page-tile")
        return self.page.url.rpartition("/")[2]

    async def until(self, condition: str) -> None:
        """Waits for an expression to be true on the page."""
        # Not `wait_for_function`: it evaluates texts inside the page, which the policy of the studio forbids.
        async with asyncio.timeout(PATIENCE / 1000):
            while not await self.page.evaluate(condition):
                await asyncio.sleep(0.1)

    async def until_job(self, status: str) -> None:
        """Waits until the job in view says this of itself."""
        await self.page.wait_for_selector(f'mf-job .view-head .badge:has-text("{status}")')

    def forget(self, *expected: str) -> None:
        """Forgets problems that belong to the test, by a part of their text."""
        self.problems = [each for each in self.problems if not any(part in each for part in expected)]

    def _hear(self, message: ConsoleMessage) -> None:
        if message.type == "error":
            self.problems.append(f"console: {message.text} {message.location.get('url', '')}")

    def _see(self, request: Request) -> None:
        parts = urlsplit(request.url)
        if parts.scheme not in ("blob", "data") and f"{parts.scheme}://{parts.netloc}" != self.url:
            self.problems.append(f"request to {request.url}")


@asynccontextmanager
async def studio_tab(browser: Browser, url: str, **options: Any) -> AsyncIterator[Studio]:
    """A tab in a fresh profile; after the block nothing may have gone wrong in it."""
    context = await browser.new_context(**{"viewport": {"width": 1280, "height": 860}, "locale": "en-GB", **options})
    studio = Studio(await context.new_page(), url)
    try:
        yield studio
        assert studio.problems == [], "\n".join(studio.problems)
    finally:
        await context.close()


def files_in(folder: Path, names: Iterable[str] = ()) -> dict[str, bytes]:
    """The files of a folder by name; of all, or of those named."""
    wanted = set(names)
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir()) if not wanted or path.name in wanted}
