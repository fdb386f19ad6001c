"""A chapter read in colour: the extension as it ships, the real server with the fake engine, and no stand-in."""

import base64
from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio

from mangaflux.engine.imaging import encode_png
from mangaflux.samples.chapter import draw_reference
from tests.acceptance.extension.browser import ExtensionBrowser, extension_browser
from tests.acceptance.extension.pages_tab import PagesTab, look_different, until
from tests.acceptance.extension.reader_site import SEED, ReaderSite, reader_site
from tests.acceptance.server_process import ServerProcess

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.timeout(180)]

TOKEN = "correct horse battery staple"
#: Where the bytes of pages come from, by kind of reader.
READ = {"csp": "fetch", "cookie": "fetch", "hotlink": "referer", "blob": "canvas"}


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def browser(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[ExtensionBrowser]:
    async with extension_browser(tmp_path_factory.mktemp("reading") / "extension") as started:
        yield started


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def site(browser: ExtensionBrowser, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[ReaderSite]:
    """The reader site, for which the extension is on, with a server that it is paired with and a style reference."""
    settings = {"api_token": TOKEN, "server.token_for_reads": True, "limits.decode_in_child": False}
    server = ServerProcess(tmp_path_factory.mktemp("server") / "data", script={}, settings=settings, token=TOKEN)
    await server.start()
    try:
        async with reader_site() as running:
            await browser.pair(server.url, TOKEN)
            style = base64.b64encode(encode_png(draw_reference(SEED))).decode()
            message = {"type": "references.add", "name": "style.png", "mime": "image/png", "base64": style}
            reference = (await browser.told(message))["sha256"]
            await browser.told({"type": "site.set", "origin": running.url, "on": True, "reference": reference})
            yield running
    finally:
        await server.kill()


async def _rows(tab: PagesTab) -> list[dict[str, Any]]:
    tab_id = await tab.browser.tab_id(tab.page)
    pages: list[dict[str, Any]] = (await tab.browser.told({"type": "site.get", "tabId": tab_id}))["pages"]
    return pages


async def _open(browser: ExtensionBrowser, site: ReaderSite, kind: str) -> PagesTab:
    return PagesTab(browser, await browser.open(f"{site.url}/read/{kind}"))


@pytest.mark.parametrize("kind", READ)
async def test_a_chapter_is_read_in_colour_and_given_back(
    kind: str, browser: ExtensionBrowser, site: ReaderSite
) -> None:
    tab = await _open(browser, site, kind)
    await tab.until_in_colour(1, 2, 3, 4)
    rows = await _rows(tab)
    assert [row["page_num"] for row in rows] == [1, 2, 3, 4]
    assert {row["how"] for row in rows} == {READ[kind]}

    await tab.page.locator("#pages").evaluate("element => scrollTo(0, element.offsetTop)")
    coloured = await tab.sight()
    tab_id = await browser.tab_id(tab.page)
    await browser.told({"type": "tab.show", "tabId": tab_id, "shown": "original"})
    await tab.until_in_colour()
    assert look_different(coloured, await tab.sight())
    await tab.page.close()


async def test_pages_that_are_in_colour_stay_as_they_are_and_say_why(
    browser: ExtensionBrowser, site: ReaderSite
) -> None:
    tab = await _open(browser, site, "coloured")
    await tab.until_in_colour(1, 4)
    rows = await until(lambda: _rows(tab), lambda rows: [row["state"] for row in rows][1:3] == ["skipped", "skipped"])
    assert [row["state"] for row in rows] == ["done", "skipped", "skipped", "done"]
    await tab.page.locator("[data-page='2']").evaluate("element => element.scrollIntoView()")
    await until(tab.badges, lambda badges: any(text.startswith("Left as it is: ") for text in badges))
    await tab.page.close()


async def test_a_choice_reaches_a_tab_whose_background_died_long_ago(
    browser: ExtensionBrowser, site: ReaderSite
) -> None:
    tab = await _open(browser, site, "blob")
    await tab.until_in_colour(1, 2, 3, 4)
    tab_id = await browser.tab_id(tab.page)
    for shown, pages in (("original", ()), ("colour", (1, 2, 3, 4))):
        await browser.kill_worker()
        await browser.told({"type": "tab.show", "tabId": tab_id, "shown": shown})
        await tab.until_in_colour(*pages)
    await tab.page.close()
