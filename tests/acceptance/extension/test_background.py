"""The extension's background in real Chromium against the real server: whoever dies, every page arrives, once."""

import asyncio
import base64
import io
import json
import shutil
import socket
import zipfile
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterable
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from playwright.async_api import Page

from extension.build import build_folder
from tests.acceptance.extension.browser import EVERYWHERE, PATIENCE, ExtensionBrowser, extension_browser
from tests.acceptance.extension.chapter_site import ChapterSite, chapter_site
from tests.acceptance.server_process import ServerProcess, get_json
from tests.small_pages import style_bytes

TOKEN = "correct horse battery staple"
OTHER_TOKEN = "another battery, another staple"
DRIVER = Path(__file__).with_name("driver.js")
PAGES = 40
#: Seconds between two deaths of the worker; a browser lets it live longer, as everything there takes longer.
LIFE_SECONDS = 0.8

pytestmark = pytest.mark.asyncio(loop_scope="module")


class TokenServer(ServerProcess):
    """A server with a fake engine and a token, at the same address whenever it starts."""

    def __init__(self, data_dir: Path, *, token: str = TOKEN, **script: object) -> None:
        super().__init__(data_dir, token=token)
        with socket.create_server(("127.0.0.1", 0)) as free:
            self._port = free.getsockname()[1]
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
        """What the stand-in has noted: `states` and `pictures` by key, `view`, `opened` ports, or the whole `log`."""
        return json.loads(await self.page.evaluate(f"document.documentElement.dataset.{what} ?? 'null'"))

    async def counts(self) -> Counter[str]:
        """How many pages are in which state."""
        return Counter(state["state"] for state in (await self.told("states") or {}).values())

    async def until(self, condition: Callable[[Counter[str]], bool]) -> None:
        """Waits for the states of all pages."""
        async with asyncio.timeout(PATIENCE / 1000):
            while not condition(await self.counts()):
                await asyncio.sleep(0.05)

    async def until_all(self, state: str) -> None:
        """Waits until every page is in this state."""
        expected = await self.page.evaluate("document.images.length")
        try:
            await self.until(lambda counts: counts == {state: expected})
        except TimeoutError:
            raise AssertionError(f"not all {state}: {await self.told('states')}") from None

    async def until_pictures(self, keys: Iterable[str]) -> None:
        """Waits until the tab was given a coloured picture of each of these pages."""
        missing = set(keys)
        async with asyncio.timeout(PATIENCE / 1000):
            while missing := missing - set(await self.told("pictures")):
                await asyncio.sleep(0.05)

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


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def browser(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[ExtensionBrowser]:
    folder = build_folder("chromium", tmp_path_factory.mktemp("background") / "extension", EVERYWHERE)
    shutil.copyfile(DRIVER, folder / "content" / "start.js")
    async with extension_browser(folder) as started:
        yield started


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def server(browser: ExtensionBrowser, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[TokenServer]:
    """After the browser: where there is none, no server is started either."""
    running = TokenServer(tmp_path_factory.mktemp("server") / "data")
    await running.start()
    yield running
    await running.kill()


@pytest_asyncio.fixture(loop_scope="module")
async def site(browser: ExtensionBrowser) -> AsyncIterator[ChapterSite]:
    """A site that the extension was turned on for, with a style reference."""
    async with chapter_site() as running:
        await browser.told(
            {"type": "site.set", "origin": running.origin, "on": True, "reference": await _reference(browser)}
        )
        yield running
        for page in browser.context.pages:
            if page.url.startswith(running.origin):
                await page.close()


@pytest_asyncio.fixture(loop_scope="module")
async def paired(browser: ExtensionBrowser, server: TokenServer) -> TokenServer:
    await browser.pair(server.url, server.token)
    return server


async def _reference(browser: ExtensionBrowser, name: str = "style.png", data: bytes = b"") -> str:
    encoded = base64.b64encode(data or style_bytes()).decode()
    added = await browser.told({"type": "references.add", "name": name, "mime": "image/png", "base64": encoded})
    return str(added["sha256"])


async def _open(browser: ExtensionBrowser, address: str) -> ReadingTab:
    return ReadingTab(browser, await browser.open(address))


async def _jobs(server: TokenServer, tab: ReadingTab) -> list[dict[str, Any]]:
    """Every job of the chapter of a tab."""
    chapter_id = (await tab.ask("site.get"))["chapter_id"]
    jobs: list[dict[str, Any]] = (
        await get_json(server.url, f"/v1/jobs?limit=200&chapter_id={chapter_id}", token=server.token)
    )["jobs"]
    return jobs


async def _assert_each_page_came_once(server: TokenServer, tab: ReadingTab, pages: int) -> None:
    await tab.until_all("done")
    jobs = await _jobs(server, tab)
    assert Counter(job["status"] for job in jobs) == {"completed": pages}
    assert [job["attempt"] for job in jobs] == [1] * pages
    assert [row["page_num"] for row in await tab.rows()] == list(range(1, pages + 1))
    await tab.until_pictures(f"k{number}" for number in range(1, pages + 1))


async def test_forty_pages_arrive_once_however_often_the_worker_dies(
    browser: ExtensionBrowser, site: ChapterSite, tmp_path: Path
) -> None:
    server = TokenServer(tmp_path / "data", seconds_per_step=0.04)
    await server.start()
    try:
        await browser.pair(server.url, TOKEN)
        tab = await _open(browser, site.chapter("plain", "deaths", PAGES))
        deaths = 0
        async with asyncio.timeout(PATIENCE / 1000):
            while (await tab.counts())["done"] < PAGES:
                await asyncio.sleep(LIFE_SECONDS)
                await browser.kill_worker()
                deaths += 1

        await _assert_each_page_came_once(server, tab, PAGES)
        assert deaths >= 4
        assert await tab.told("opened") >= deaths
    finally:
        await server.kill()


async def test_a_server_that_dies_and_comes_back_loses_no_page(
    browser: ExtensionBrowser, site: ChapterSite, tmp_path: Path
) -> None:
    server = TokenServer(tmp_path / "data", seconds_per_step=0.05)
    await server.start()
    try:
        await browser.pair(server.url, TOKEN)
        tab = await _open(browser, site.chapter("plain", "restart", 12))
        await tab.until(lambda counts: counts["done"] >= 2)
        await server.kill()
        await tab.until(lambda counts: counts["paused"] > 0)
        assert {state.get("code") for state in (await tab.told("states")).values()} == {None, "server_off"}
        await server.start()

        await tab.until_all("done")
        assert len(await _jobs(server, tab)) == 12
        assert (await browser.told({"type": "pair.get"}))["state"] == "ok"
    finally:
        await server.kill()


async def test_a_new_token_is_asked_for_and_everything_goes_on(
    browser: ExtensionBrowser, site: ChapterSite, tmp_path: Path
) -> None:
    server = TokenServer(tmp_path / "data", seconds_per_step=0.05)
    await server.start()
    try:
        await browser.pair(server.url, TOKEN)
        tab = await _open(browser, site.chapter("plain", "token", 12))
        await tab.until(lambda counts: counts["done"] >= 2)
        await server.kill()
        server.set_token(OTHER_TOKEN)
        await server.start()
        async with asyncio.timeout(PATIENCE / 1000):
            while (await browser.told({"type": "pair.get"}))["state"] != "wrong_token":
                await asyncio.sleep(0.1)
        states = (await tab.told("states")).values()
        assert {state["code"] for state in states if state["state"] == "paused"} == {"wrong_token"}

        await browser.pair(server.url, OTHER_TOKEN)

        await tab.until_all("done")
        assert len(await _jobs(server, tab)) == 12
    finally:
        await server.kill()


async def test_guarded_pictures_are_asked_for_with_the_referer_of_their_page_alone(
    browser: ExtensionBrowser, paired: TokenServer, site: ChapterSite
) -> None:
    tab = await _open(browser, site.chapter("hotlink", "guarded", 3))
    await tab.until_all("done")

    assert {row["how"] for row in await tab.rows()} == {"referer"}
    # By page: the tab itself, then the background without a Referer, then with one.
    by_page = [[referer for path, referer in site.asked if path.endswith(f"/{n}.png")] for n in (1, 2, 3)]
    assert by_page == [[f"{site.origin}/", None, f"{site.origin}/"]] * 3
    rules = "() => chrome.declarativeNetRequest.getSessionRules()"
    assert await browser.in_worker(rules) == []
    status = "async url => (await fetch(url)).status"
    assert await browser.in_worker(status, f"{site.cdn}/hotlink-pages/guarded/1.png") == 403


async def test_the_rule_of_a_worker_that_died_is_swept(browser: ExtensionBrowser, site: ChapterSite) -> None:
    rule = {
        "id": 77,
        "action": {
            "type": "modifyHeaders",
            "requestHeaders": [{"header": "Referer", "operation": "set", "value": site.origin}],
        },
        "condition": {"urlFilter": f"|{site.cdn}/left|"},
    }
    await browser.in_worker("rule => chrome.declarativeNetRequest.updateSessionRules({addRules: [rule]})", rule)
    await browser.kill_worker()
    await browser.told({"type": "pair.get"})

    async with asyncio.timeout(PATIENCE / 1000):
        while await browser.in_worker("() => chrome.declarativeNetRequest.getSessionRules()"):
            await asyncio.sleep(0.05)


@pytest.mark.parametrize(("kind", "how"), [("plain", "fetch"), ("cookie", "fetch"), ("blob", "canvas")])
async def test_pictures_are_read_by_the_first_step_that_gets_them(
    browser: ExtensionBrowser, paired: TokenServer, site: ChapterSite, kind: str, how: str
) -> None:
    tab = await _open(browser, site.chapter(kind, "ladder", 2))
    await tab.until_all("done")

    assert {row["how"] for row in await tab.rows()} == {how}


async def test_a_page_in_colour_is_left_and_says_why(
    browser: ExtensionBrowser, paired: TokenServer, site: ChapterSite
) -> None:
    tab = await _open(browser, site.chapter("colour", "first", 2))
    await tab.until(lambda counts: counts == {"skipped": 1, "done": 1})

    assert (await tab.told("states"))["k1"]["message"] == "It is in colour already."


async def test_a_chapter_is_saved_as_a_comic_book(
    browser: ExtensionBrowser, paired: TokenServer, site: ChapterSite
) -> None:
    tab = await _open(browser, site.chapter("plain", "book", 3))
    await tab.until_all("done")

    assert await tab.ask("tab.save") == {"ok": True, "name": "Chapter book.cbz", "pages": 3}
    find = "async () => (await chrome.downloads.search({orderBy: ['-startTime']}))[0]"
    async with asyncio.timeout(PATIENCE / 1000):
        while (saved := await browser.in_worker(find))["state"] == "in_progress":
            await asyncio.sleep(0.05)
    assert saved["state"] == "complete", saved
    names = zipfile.ZipFile(io.BytesIO(Path(saved["filename"]).read_bytes())).namelist()
    assert len([name for name in names if name.endswith(".png")]) == 3


async def test_other_colours_replace_the_ones_before(
    browser: ExtensionBrowser, paired: TokenServer, site: ChapterSite
) -> None:
    tab = await _open(browser, site.chapter("plain", "reroll", 2))
    await tab.until_all("done")
    await tab.ask("page.reroll", key="k1")

    async with asyncio.timeout(PATIENCE / 1000):
        while (await tab.told("pictures"))["k1"]["times"] < 2:
            await asyncio.sleep(0.05)
    await tab.until_all("done")
    jobs = await _jobs(paired, tab)
    assert len(jobs) == 3
    assert jobs[0]["options"]["seed_mode"] == "fixed"
    assert (await tab.told("pictures"))["k2"]["times"] == 1


async def test_a_stopped_chapter_goes_on_when_told(
    browser: ExtensionBrowser, site: ChapterSite, tmp_path: Path
) -> None:
    server = TokenServer(tmp_path / "data", seconds_per_step=0.1)
    await server.start()
    try:
        await browser.pair(server.url, TOKEN)
        tab = await _open(browser, site.chapter("plain", "stopped", 8))
        await tab.until(lambda counts: counts["done"] >= 1)
        await tab.ask("tab.cancel")
        await tab.until(lambda counts: counts["done"] + counts["paused"] == 8)
        async with asyncio.timeout(PATIENCE / 1000):
            while any(job["status"] in ("queued", "running") for job in await _jobs(server, tab)):
                await asyncio.sleep(0.1)
        await tab.ask("tab.retry")

        await tab.until_all("done")
        assert len(await _jobs(server, tab)) == 8
    finally:
        await server.kill()


async def test_what_is_in_view_comes_first(browser: ExtensionBrowser, site: ChapterSite, tmp_path: Path) -> None:
    server = TokenServer(tmp_path / "data", seconds_per_step=0.15)
    await server.start()
    try:
        await browser.pair(server.url, TOKEN)
        tab = await _open(browser, site.chapter("plain", "near", 12))
        await tab.until(lambda counts: counts["done"] >= 1 and counts["waiting"] + counts["sending"] == 0)
        await tab.look_at(10)
        await tab.until_all("done")

        done = [key for key, state, _ in await tab.told("log") if state == "done"]
        assert done.index("k11") < done.index("k8")
        assert [state for state in (await tab.told("log")) if state[1] == "failed"] == []
    finally:
        await server.kill()


async def test_without_a_style_reference_pages_wait_for_one(browser: ExtensionBrowser, paired: TokenServer) -> None:
    await browser.in_worker("() => chrome.storage.local.remove(['lastReference', 'sites'])")
    async with chapter_site() as site:
        await browser.told({"type": "site.set", "origin": site.origin, "on": True})
        tab = await _open(browser, site.chapter("plain", "unstyled", 2))
        await tab.until_all("paused")
        assert {state["code"] for state in (await tab.told("states")).values()} == {"no_reference"}

        await browser.told({"type": "site.set", "origin": site.origin, "reference": await _reference(browser)})

        await tab.until_all("done")
        await tab.page.close()


async def test_pictures_beyond_the_cap_go_and_come_again_when_wanted(
    browser: ExtensionBrowser, paired: TokenServer, site: ChapterSite
) -> None:
    tab = await _open(browser, site.chapter("plain", "cap", 3))
    await tab.until_all("done")
    await browser.told({"type": "settings.set", "settings": {"cacheMegabytes": 0}})
    try:
        assert (await browser.told({"type": "cache.size"}))["pictures"] == 1
        await browser.told({"type": "settings.set", "settings": {"cacheMegabytes": 200}})
        await browser.told({"type": "cache.clear"})
        assert (await browser.told({"type": "cache.size"}))["pictures"] == 0

        await tab.say("picture", "k1")

        async with asyncio.timeout(PATIENCE / 1000):
            while (await tab.told("pictures"))["k1"]["times"] < 2:
                await asyncio.sleep(0.05)
        assert (await browser.told({"type": "cache.size"}))["pictures"] == 1
        assert len(await _jobs(paired, tab)) == 3
    finally:
        await browser.told({"type": "settings.set", "settings": {"cacheMegabytes": 200}})
