"""Debian's Chromium with the extension in it: paired, listened to, and its worker killed as the browser would."""

import asyncio
import base64
import hashlib
import json
import shutil
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import BrowserContext, Error, Page, Worker, async_playwright

from extension.build import build_folder

#: Milliseconds that anything in the browser may take; the machine may have two busy cores.
PATIENCE = 60_000
#: Every host is granted, as no test can click the browser's own question.
EVERYWHERE = ("http://*/*", "https://*/*")
#: A page of the extension that runs no script of ours; messages are sent from it as views send them.
_QUIET_PAGE = "manifest.json"


class ExtensionBrowser:
    """One profile with the extension loaded."""

    def __init__(self, context: BrowserContext, extension_id: str) -> None:
        self.context = context
        self.extension_id = extension_id
        self._quiet: Page | None = None

    def address(self, path: str) -> str:
        """Of a file of the extension, such as `views/popup.html`."""
        return f"chrome-extension://{self.extension_id}/{path}"

    async def open(self, url: str) -> Page:
        """A new tab on a page."""
        page = await self.context.new_page()
        page.set_default_timeout(PATIENCE)
        await page.goto(url)
        return page

    async def ask(self, message: Mapping[str, Any]) -> dict[str, Any]:
        """Sends a message as a view does; what the background answers. Wakes the worker where it is dead."""
        quiet = await self._quiet_page()
        answer: dict[str, Any] = await quiet.evaluate("message => chrome.runtime.sendMessage(message)", message)
        return answer

    async def told(self, message: Mapping[str, Any]) -> dict[str, Any]:
        """What the background answers to a view, which has to be good."""
        answer = await self.ask(message)
        assert answer["ok"], answer
        return answer

    async def pair(self, url: str, token: str) -> None:
        """Pairs the extension with a server."""
        await self.told({"type": "pair.save", "address": url, "token": token})

    async def tab_id(self, page: Page) -> int:
        """The number that the extension knows a tab by."""
        quiet = await self._quiet_page()
        found = await quiet.evaluate(
            "async url => (await chrome.tabs.query({})).filter((tab) => tab.url === url).map((tab) => tab.id)", page.url
        )
        assert len(found) == 1, f"{len(found)} tabs show {page.url}"
        return int(found[0])

    async def worker(self) -> Worker:
        """The service worker that lives now; a dead one is woken."""
        async with asyncio.timeout(PATIENCE / 1000):
            while not (living := self._workers()):
                await self.ask({"type": "pair.get"})
                await asyncio.sleep(0.05)
        return living[-1]

    async def in_worker(self, script: str, argument: object = None) -> Any:
        """What a function of JavaScript returns in the service worker."""
        return await (await self.worker()).evaluate(script, argument)

    async def kill_worker(self) -> None:
        """Ends the service worker at once, wherever it is; nothing in it gets to run."""
        session = await self.context.new_cdp_session(self.context.pages[0])
        try:
            await session.send("ServiceWorker.enable")
            await session.send("ServiceWorker.stopAllWorkers")
        finally:
            await session.detach()

    async def _quiet_page(self) -> Page:
        if self._quiet is None or self._quiet.is_closed():
            self._quiet = await self.open(self.address(_QUIET_PAGE))
        return self._quiet

    def _workers(self) -> list[Worker]:
        return [each for each in self.context.service_workers if self.extension_id in each.url]


@asynccontextmanager
async def extension_browser(
    folder: Path, *, granted: Sequence[str] = EVERYWHERE, locale: str = "en", arguments: Sequence[str] = ()
) -> AsyncIterator[ExtensionBrowser]:
    """Chromium with an unpacked extension, in a fresh profile beside its folder. Builds the folder where there is none.

    `granted` are the host patterns that the extension holds without asking.
    """
    chromium = shutil.which("chromium")
    if chromium is None:
        pytest.skip("the extension is tested in Chromium, which is not installed (apt-get install chromium)")
    if not folder.exists():
        build_folder("chromium", folder, granted)
    async with async_playwright() as playwright:
        context = await playwright.chromium.launch_persistent_context(
            str(folder.with_name(f"{folder.name}-profile")),
            executable_path=chromium,
            headless=False,  # as told by the argument: only the new headless mode has extensions
            locale=locale,
            args=[
                "--headless=new",
                "--no-sandbox",
                f"--lang={locale}",
                f"--disable-extensions-except={folder}",
                f"--load-extension={folder}",
                *arguments,
            ],
        )
        try:
            yield ExtensionBrowser(context, _extension_id(folder))
        finally:
            await context.close()


def _extension_id(folder: Path) -> str:
    """Chromium makes it from the key of the manifest: the first half of its SHA-256, in letters from a to p."""
    key = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))["key"]
    digits = hashlib.sha256(base64.b64decode(key)).hexdigest()[:32]
    return "".join(chr(ord("a") + int(digit, 16)) for digit in digits)


async def until_answer(
    browser: ExtensionBrowser, message: Mapping[str, Any], key: str, value: object
) -> dict[str, Any]:
    """Asks the background until its answer has this value."""
    async with asyncio.timeout(PATIENCE / 1000):
        while True:
            try:
                answer = await browser.ask(message)
            except Error:  # the worker died before it answered
                answer = {}
            if answer.get(key) == value:
                return answer
            await asyncio.sleep(0.1)
