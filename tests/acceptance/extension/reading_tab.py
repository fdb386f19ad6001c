"""A tab on a chapter as the stand-in for the content script sees it, and a server that changes its token."""

import json
from collections import Counter
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from playwright.async_api import Page

from tests.acceptance.extension.browser import ExtensionBrowser
from tests.acceptance.extension.pages_tab import until
from tests.acceptance.server_process import ServerProcess, free_port

TOKEN = "correct horse battery staple"


class TokenServer(ServerProcess):
    """A server with a fake engine and a token, at the same address whenever it starts."""

    def __init__(self, data_dir: Path, *, token: str = TOKEN, **script: object) -> None:
        super().__init__(data_dir, token=token)
        self._port = free_port()
        self._script = script
        self.set_token(token)

    def set_token(self, token: str) -> None:
        """What it asks for from its next start on."""
        settings = {
            "server.port": self._port,
            "api_token": token,
            "server.token_for_reads": bool(token),
            "limits.decode_in_child": False,
        }
        values = (json.dumps(self._script), json.dumps(settings))
        self.token = token
        self.command = ("tests.acceptance.scripted_server", str(self.data_dir), *values)


class ReadingTab:
    """A tab on a chapter, as the content script's stand-in sees it."""

    def __init__(self, browser: ExtensionBrowser, page: Page) -> None:
        self.page = page
        self._browser = browser

    async def told(self, what: str) -> Any:
        """What the stand-in has noted: `states` and `pictures` by key, `chosen`, `opened` ports, or the whole `log`."""
        return json.loads(await self.page.evaluate(f"document.documentElement.dataset.{what} ?? '{{}}'"))

    async def counts(self) -> Counter[str]:
        """How many pages are in which state."""
        return _counts(await self.told("states"))

    async def until(self, condition: Callable[[Counter[str]], bool]) -> None:
        """Waits for the states of all pages."""
        await until(lambda: self.told("states"), lambda states: condition(_counts(states)))

    async def until_all(self, state: str) -> None:
        """Waits until every page is in this state."""
        expected = await self.page.evaluate("document.images.length")
        await self.until(lambda counts: counts == {state: expected})

    async def until_pictures(self, keys: Iterable[str]) -> None:
        """Waits until the tab was given a coloured picture of each of these pages."""
        wanted = set(keys)
        await until(lambda: self.told("pictures"), lambda pictures: wanted <= set(pictures))

    async def until_picture_again(self, key: str) -> None:
        """Waits until the tab was given the picture of a page for a second time."""
        await until(lambda: self.told("pictures"), lambda pictures: pictures[key]["times"] >= 2)

    async def say(self, message: str, key: str = "") -> None:
        """Has the stand-in send a message."""
        await self.page.evaluate("data => window.postMessage(data)", {"driver": message, "key": key})

    async def look_at(self, place: int) -> None:
        """The reader moves to a page, counted from 0."""
        await self.page.evaluate(f"document.documentElement.dataset.at = {place}")
        await self.say("pages")

    async def ask(self, kind: str, **values: object) -> dict[str, Any]:
        """Asks the background about this tab, as the popup does."""
        return await self._browser.told({"type": kind, "tabId": await self._browser.tab_id(self.page), **values})

    async def rows(self) -> list[dict[str, Any]]:
        """The pages of the tab's chapter, as the popup lists them."""
        pages: list[dict[str, Any]] = (await self.ask("site.get"))["pages"]
        return pages


def _counts(states: dict[str, Any]) -> Counter[str]:
    return Counter(each["state"] for each in states.values())
