"""The extension's background in real Chromium against the real server: whoever dies, every page arrives, once."""

import asyncio
import base64
import io
import shutil
import zipfile
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from playwright.async_api import Page, expect

from extension.build import build_folder
from tests.acceptance.extension.browser import EVERYWHERE, PATIENCE, ExtensionBrowser, extension_browser, until_answer
from tests.acceptance.extension.chapter_site import ChapterSite, chapter_site
from tests.acceptance.extension.pages_tab import until
from tests.acceptance.extension.reading_tab import ReadingTab, TokenServer
from tests.acceptance.server_process import get_bytes, get_json
from tests.small_pages import style_bytes

OTHER_TOKEN = "another battery, another staple"
DRIVER = Path(__file__).with_name("driver.js")
SESSION_RULES = "() => chrome.declarativeNetRequest.getSessionRules()"
PAGES = 40
#: Seconds between two deaths of the worker; a browser lets it live longer, as everything there takes longer.
LIFE_SECONDS = 1.5

pytestmark = pytest.mark.asyncio(loop_scope="module")


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


async def _choose(browser: ExtensionBrowser, page: Page, item: str, address: str) -> None:
    """Chooses an item of the menu of a picture; the menu itself is the browser's, and no test can open it."""
    script = """async ([menuItemId, srcUrl, tabId]) =>
      chrome.contextMenus.onClicked.dispatch({menuItemId, srcUrl, frameId: 0}, await chrome.tabs.get(tabId))"""
    await browser.in_worker(script, [item, address, await browser.tab_id(page)])


async def _saved_pages(browser: ExtensionBrowser) -> list[bytes]:
    """The pictures of the comic book that was saved last, as readers sort them."""
    find = "async () => (await chrome.downloads.search({orderBy: ['-startTime']}))[0]"
    saved = await until(lambda: browser.in_worker(find), lambda saved: saved["state"] == "complete")
    archive = zipfile.ZipFile(io.BytesIO(Path(saved["filename"]).read_bytes()))
    return [archive.read(name) for name in sorted(archive.namelist()) if name.endswith(".png")]


async def _history(browser: ExtensionBrowser) -> list[dict[str, Any]]:
    """The chapters that were read in colour, the newest first."""
    chapters: list[dict[str, Any]] = (await browser.told({"type": "history.list"}))["chapters"]
    return chapters


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


@asynccontextmanager
async def _slow_server(
    browser: ExtensionBrowser, data_dir: Path, seconds_per_step: float
) -> AsyncIterator[TokenServer]:
    """A server that takes its time, so that something can happen meanwhile; the extension is paired with it."""
    server = TokenServer(data_dir, seconds_per_step=seconds_per_step)
    await server.start()
    try:
        await browser.pair(server.url, server.token)
        yield server
    finally:
        await server.kill()


async def test_forty_pages_arrive_once_however_often_the_worker_dies(
    browser: ExtensionBrowser, site: ChapterSite, tmp_path: Path
) -> None:
    async with _slow_server(browser, tmp_path, 0.04) as server:
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


async def test_a_server_that_dies_and_comes_back_loses_no_page(
    browser: ExtensionBrowser, site: ChapterSite, tmp_path: Path
) -> None:
    async with _slow_server(browser, tmp_path, 0.05) as server:
        tab = await _open(browser, site.chapter("plain", "restart", 12))
        await tab.until(lambda counts: counts["done"] >= 2)
        await server.kill()
        await tab.until(lambda counts: counts["paused"] > 0)
        assert {state.get("code") for state in (await tab.told("states")).values()} == {None, "server_off"}
        await server.start()

        await tab.until_all("done")
        assert len(await _jobs(server, tab)) == 12
        assert (await browser.told({"type": "pair.get"}))["state"] == "ok"


async def test_a_new_token_is_asked_for_and_everything_goes_on(
    browser: ExtensionBrowser, site: ChapterSite, tmp_path: Path
) -> None:
    async with _slow_server(browser, tmp_path, 0.05) as server:
        tab = await _open(browser, site.chapter("plain", "token", 12))
        await tab.until(lambda counts: counts["done"] >= 2)
        await server.kill()
        server.set_token(OTHER_TOKEN)
        await server.start()
        await until_answer(browser, {"type": "pair.get"}, "state", "wrong_token")
        # Pages that were paused because the server was off are told the new reason a moment later.
        async with asyncio.timeout(PATIENCE / 1000):
            while {page["code"] for page in await _paused(tab)} != {"wrong_token"}:
                await asyncio.sleep(0.1)

        await browser.pair(server.url, OTHER_TOKEN)

        await tab.until_all("done")
        assert len(await _jobs(server, tab)) == 12


async def _paused(tab: ReadingTab) -> list[dict[str, Any]]:
    """What the tab was told of the pages that wait for a person."""
    return [state for state in (await tab.told("states")).values() if state["state"] == "paused"]


async def test_guarded_pictures_are_asked_for_with_the_referer_of_their_page_alone(
    browser: ExtensionBrowser, paired: TokenServer, site: ChapterSite
) -> None:
    tab = await _open(browser, site.chapter("hotlink", "guarded", 3))
    await tab.until_all("done")

    assert {row["how"] for row in await tab.rows()} == {"referer"}
    # By page: the tab itself, then the background without a Referer, then with one.
    by_page = [[referer for path, referer in site.asked if path.endswith(f"/{n}.png")] for n in (1, 2, 3)]
    assert by_page == [[f"{site.origin}/", None, f"{site.origin}/"]] * 3
    assert await browser.in_worker(SESSION_RULES) == []
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

    await until(lambda: browser.in_worker(SESSION_RULES), lambda rules: rules == [])


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
    assert len(await _saved_pages(browser)) == 3


async def test_a_page_that_was_found_late_stands_where_it_is_read(
    browser: ExtensionBrowser, paired: TokenServer, site: ChapterSite
) -> None:
    tab = await _open(browser, site.chapter("plain", "late", 3))
    await tab.until_all("done")
    await tab.page.evaluate(
        """async () => {
          const late = new Image();
          Object.assign(late, {id: "4", src: document.getElementById("1").src.replace("1.png", "4.png")});
          await late.decode();
          document.getElementById("1").after(late);
        }"""
    )
    await tab.say("pages")
    await tab.until_pictures(["k4"])
    await tab.until_all("done")

    rows = await tab.rows()
    assert [(row["place"], row["key"], row["page_num"]) for row in rows] == [
        (1, "k1", 1),
        (2, "k4", 4),
        (3, "k2", 2),
        (4, "k3", 3),
    ]
    await tab.ask("tab.save")
    chapter = f"/v1/chapters/{(await tab.ask('site.get'))['chapter_id']}"
    paths = [f"{chapter}/pages/{row['page_num']}/colorized" for row in rows]
    coloured = [await get_bytes(paired.url, path, token=paired.token) for path in paths]
    assert await _saved_pages(browser) == coloured


async def test_other_colours_replace_the_ones_before(
    browser: ExtensionBrowser, paired: TokenServer, site: ChapterSite
) -> None:
    tab = await _open(browser, site.chapter("plain", "reroll", 2))
    await tab.until_all("done")
    await tab.ask("page.reroll", key="k1")

    await tab.until_picture_again("k1")
    await tab.until_all("done")
    jobs = await _jobs(paired, tab)
    assert len(jobs) == 3
    assert jobs[0]["options"]["seed_mode"] == "fixed"
    assert (await tab.told("pictures"))["k2"]["times"] == 1


async def test_a_stopped_chapter_goes_on_when_told_page_by_page_or_whole(
    browser: ExtensionBrowser, site: ChapterSite, tmp_path: Path
) -> None:
    async with _slow_server(browser, tmp_path, 0.1) as server:
        tab = await _open(browser, site.chapter("plain", "stopped", 8))
        await tab.until(lambda counts: counts["done"] >= 1)
        await tab.ask("tab.cancel")
        await tab.until(lambda counts: counts["done"] + counts["paused"] == 8)
        await until(
            lambda: _jobs(server, tab),
            lambda jobs: all(job["status"] not in ("queued", "running") for job in jobs),
        )
        stopped = (await tab.counts())["paused"]
        await tab.ask("page.retry", key="k8")
        await until(lambda: tab.told("states"), lambda states: states["k8"]["state"] == "done")
        assert (await tab.counts())["paused"] == stopped - 1
        await tab.ask("tab.retry")

        await tab.until_all("done")
        assert len(await _jobs(server, tab)) == 8


async def test_what_is_in_view_comes_first(browser: ExtensionBrowser, site: ChapterSite, tmp_path: Path) -> None:
    async with _slow_server(browser, tmp_path, 0.15):
        tab = await _open(browser, site.chapter("plain", "near", 12))
        await tab.until(lambda counts: counts["done"] >= 1 and counts["waiting"] + counts["sending"] == 0)
        await tab.look_at(10)
        await tab.until_all("done")

        log = await tab.told("log")
        done = [key for key, state in log if state == "done"]
        assert done.index("k11") < done.index("k8")
        assert [key for key, state in log if state == "failed"] == []


async def test_without_a_style_reference_pages_wait_for_one(browser: ExtensionBrowser, paired: TokenServer) -> None:
    await browser.in_worker("() => chrome.storage.local.remove(['lastReference', 'sites'])")
    async with chapter_site() as site:
        await browser.told({"type": "site.set", "origin": site.origin, "on": True})
        tab = await _open(browser, site.chapter("plain", "unstyled", 2))
        await tab.until_all("paused")
        assert {state["code"] for state in (await tab.told("states")).values()} == {"no_reference"}
        assert tab.page.url not in [each["address"] for each in await _history(browser)]

        await browser.told({"type": "site.set", "origin": site.origin, "reference": await _reference(browser)})

        await tab.until_all("done")
        read = (await _history(browser))[0]
        assert (read["address"], read["title"], read["done"], read["total"]) == (
            tab.page.url,
            "Chapter: unstyled",
            2,
            2,
        )
        await tab.page.close()


async def test_a_picture_of_another_site_becomes_the_style_that_pages_wait_for(
    browser: ExtensionBrowser, paired: TokenServer
) -> None:
    await browser.in_worker("() => chrome.storage.local.remove(['lastReference', 'sites'])")
    async with chapter_site() as site:
        await browser.told({"type": "site.set", "origin": site.origin, "on": True})
        tab = await _open(browser, site.chapter("plain", "unstyled", 2))
        await tab.until_all("paused")
        gallery = await browser.open(f"{site.sister}/colour/gallery/1")

        await _choose(browser, gallery, "use-as-reference", f"{site.sister}/colour-pages/gallery/1.png")

        await tab.until_all("done")
        await gallery.close()
        await tab.page.close()


async def test_colour_this_image_reaches_the_frame_that_shows_it_where_the_site_is_off(
    browser: ExtensionBrowser, paired: TokenServer, site: ChapterSite
) -> None:
    tab = await _open(browser, f"{site.sister}/plain/one/1")
    picture = f"{site.sister}/plain-pages/one/1.png"

    await _choose(browser, tab.page, "colour-image", picture)

    await until(lambda: tab.told("chosen"), lambda chosen: chosen == picture)
    await tab.page.close()


async def test_a_picture_at_another_address_shares_the_job_of_a_page_that_is_done(
    browser: ExtensionBrowser, site: ChapterSite, tmp_path: Path
) -> None:
    async with _slow_server(browser, tmp_path, 0.4) as server:
        tab = await _open(browser, site.chapter("plain", "twins", 3))
        await tab.until(lambda counts: counts["done"] == 1)
        first = next(key for key, each in (await tab.told("states")).items() if each["state"] == "done")
        script = """async (id) => {
          const twin = new Image();
          Object.assign(twin, {id: "4", src: `${document.getElementById(id).src}?again`});
          await twin.decode();
          document.body.append(twin);
        }"""
        await tab.page.evaluate(script, first.removeprefix("k"))
        await tab.say("pages")

        await tab.until_all("done")
        await tab.until_pictures(["k4"])
        assert len(await _jobs(server, tab)) == 3


async def test_views_are_told_of_a_site_that_changes_although_none_of_its_pages_does(
    browser: ExtensionBrowser, site: ChapterSite
) -> None:
    options = await browser.open(browser.address("views/options.html"))
    switch = options.get_by_role("switch", name=f"Colour the pages of {site.origin.removeprefix('http://')}")
    await expect(switch).to_be_checked(timeout=PATIENCE)

    await browser.told({"type": "site.set", "origin": site.origin, "on": False})

    await expect(switch).not_to_be_checked(timeout=PATIENCE)
    await options.close()


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
        size = await browser.told({"type": "cache.size"})
        assert size == {"ok": True, "bytes": 0, "pictures": 0, "cap": 200_000_000}

        await tab.say("picture", "k1")

        await tab.until_picture_again("k1")
        assert (await browser.told({"type": "cache.size"}))["pictures"] == 1
        assert len(await _jobs(paired, tab)) == 3
    finally:
        await browser.told({"type": "settings.set", "settings": {"cacheMegabytes": 200}})
