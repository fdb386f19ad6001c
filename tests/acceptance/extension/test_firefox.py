"""The extension in Firefox as it ships, with its own background and the real server, used as a person uses it."""

import asyncio
import base64
import json
import zipfile
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from extension.build import build_folder
from mangaflux.engine.imaging import encode_png
from mangaflux.samples.chapter import draw_reference
from tests.acceptance.extension.firefox import (
    CDN_HOST,
    OTHER_HOST,
    READER_HOST,
    Firefox,
    address,
    running_firefox,
)
from tests.acceptance.extension.pages_tab import ATTRIBUTES, PAINTED, until
from tests.acceptance.extension.reader_site import LONG_PAGES, PAGES, SEED, ReaderSite, reader_site
from tests.acceptance.extension.reading_tab import TOKEN, TokenServer
from tests.acceptance.server_process import get_json

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.timeout(300)]

#: Readers in which the browsers differ in what they allow, and which step gets their pictures in Firefox.
READ = {
    "background": "fetch",
    "blob": "canvas",
    "canvas": "canvas",
    "cookie": "fetch",
    "csp": "fetch",
    "hotlink": "referer",
    "iframe": "fetch",
    "picture": "fetch",
    "shadow": "fetch",
}
#: Those of them whose pages have no lasting address.
NAMELESS = ("blob", "canvas")
NUMBERS = tuple(str(number) for number in range(1, PAGES + 1))
LONG_NUMBERS = tuple(str(number) for number in range(1, LONG_PAGES + 1))
#: Seconds of each of the four steps of a page.
STEP_SECONDS = 0.1
#: Milliseconds without a call of the extension API after which the event page ends; 30 s where nobody changes it.
IDLE_MILLISECONDS = 500


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def firefox(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Firefox]:
    """With the extension as it ships: it may call this machine, and has to ask for every site."""
    folder = tmp_path_factory.mktemp("firefox")
    async with running_firefox(folder / "profile") as started:
        await started.install(build_folder("firefox", folder / "extension"))
        yield started


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def server(firefox: Firefox, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[TokenServer]:
    """After the browser: where there is none, no server is needed."""
    running = TokenServer(tmp_path_factory.mktemp("server") / "data", seconds_per_step=STEP_SECONDS)
    await running.start()
    yield running
    await running.kill()


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def paired(firefox: Firefox, server: TokenServer) -> TokenServer:
    """The server, paired with by the person."""
    tab = await firefox.open(address("views/pairing.html"))
    assert "Paired with MangaFlux" in await _pair(firefox, tab, server.url, TOKEN)
    await firefox.close(tab)
    return server


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def site(firefox: Firefox, paired: TokenServer) -> AsyncIterator[ReaderSite]:
    """The reader site, which was turned on at a chapter with pictures of another host, and then off again."""
    style = base64.b64encode(encode_png(draw_reference(SEED))).decode()
    message = {"type": "references.add", "name": "style.png", "mime": "image/png", "base64": style}
    reference = (await firefox.told(message))["sha256"]
    async with reader_site(READER_HOST, CDN_HOST) as running:
        await _set(firefox, running, reference=reference)
        await _send_ahead(firefox, 0)
        tab = await firefox.open(f"{running.url}/read/hotlink")
        question = await _turn_on(firefox, tab, allow=True)
        assert READER_HOST in question
        assert CDN_HOST in question
        await firefox.until(firefox.window, f"around.granted().includes('*://{CDN_HOST}/*')")
        await firefox.close(tab)
        await _set(firefox, running, on=False)
        yield running


async def _pair(firefox: Firefox, tab: str, url: str, token: str) -> str:
    """What the page of pairing says of a server."""
    await firefox.go(tab, address("views/pairing.html"))
    await firefox.until(tab, "document.title === 'Pair with your server'")
    await firefox.type(tab, "#address", url)
    await firefox.type(tab, "#token", token)
    await firefox.click(tab, "#pair")
    await firefox.until(tab, "document.querySelector('#outcome .notice')")
    said: str = await firefox.evaluate(tab, "document.getElementById('outcome').textContent")
    return said


async def _click_in_popup(firefox: Firefox, selector: str) -> None:
    await firefox.until(firefox.window, f"around.clickInPopup({json.dumps(selector)})")


async def _open_popup(firefox: Firefox, tab: str) -> None:
    """Opens the popup over a tab, anew."""
    await firefox.command("browsingContext.activate", context=tab)
    await firefox.evaluate(firefox.window, "void around.closePopup()")
    await firefox.until(firefox.window, "!around.isPopupOpen()")
    await firefox.evaluate(firefox.window, "void around.openPopup()")


async def _until_popup_says(firefox: Firefox, text: str) -> None:
    await firefox.until(firefox.window, f"around.popupText().then((text) => text?.includes({json.dumps(text)}))")


async def _turn_on(firefox: Firefox, tab: str, *, allow: bool) -> str:
    """Turns the site of a tab on in the popup, which stays open, and answers the browser; what it asked."""
    await _open_popup(firefox, tab)
    await _click_in_popup(firefox, "#site-on")
    await firefox.until(firefox.window, "around.question()")
    question: str = await firefox.evaluate(firefox.window, "around.question()")
    await firefox.evaluate(firefox.window, f"void around.answer({json.dumps(allow)})")
    return question


async def _until_in_colour(firefox: Firefox, tab: str, *pages: str) -> None:
    await firefox.until(tab, f"JSON.stringify(({PAINTED})().sort()) === '{json.dumps(pages, separators=(',', ':'))}'")


async def _set(firefox: Firefox, site: ReaderSite, **values: object) -> None:
    await firefox.told({"type": "site.set", "origin": site.url, **values})


async def _send_ahead(firefox: Firefox, pages: int) -> None:
    """Has pages so far from the view sent, and no others; each costs the server time."""
    await firefox.told({"type": "settings.set", "settings": {"ahead": pages}})


def _at_other_host(site: ReaderSite) -> str:
    """The site under a name that the extension was not granted yet."""
    return site.url.replace(READER_HOST, OTHER_HOST)


async def _chapter(firefox: Firefox, url: str) -> dict[str, Any]:
    """What the background says of the chapter in a tab."""
    return await firefox.told({"type": "site.get", "tabId": await firefox.tab_id(url)})


async def test_a_fresh_install_opens_pairing(firefox: Firefox) -> None:
    tab = await firefox.open(address("views/options.html"))
    await firefox.until(tab, "document.querySelector('#shortcuts kbd')")

    assert address("views/pairing.html") in await firefox.pages()


async def test_options_show_every_part(firefox: Firefox) -> None:
    tab = await firefox.open(address("views/options.html"))
    await firefox.until(tab, "document.querySelector('#cache').innerText.includes('MB')")

    titles = await firefox.evaluate(tab, "[...document.querySelectorAll('h2')].map((each) => each.textContent)")
    assert titles == ["Server", "Read in colour", "Sites", "Settings", "Pictures kept here", "Keys"]


async def test_pairing_tells_a_wrong_token_from_the_right_one(firefox: Firefox, server: TokenServer) -> None:
    tab = await firefox.open(address("views/pairing.html"))

    assert "refuses this token" in await _pair(firefox, tab, server.url, "wrong")
    assert "Paired with MangaFlux" in await _pair(firefox, tab, server.url, TOKEN)


async def test_a_site_that_the_browser_denies_stays_off_and_says_so(firefox: Firefox, site: ReaderSite) -> None:
    tab = await firefox.open(f"{_at_other_host(site)}/read/plain")
    await _turn_on(firefox, tab, allow=False)

    await _until_popup_says(firefox, f"The browser did not allow {OTHER_HOST}")
    assert f"http://{OTHER_HOST}/*" not in await firefox.evaluate(firefox.window, "around.granted()")
    assert await firefox.evaluate(tab, f"({PAINTED})()") == []
    await firefox.close(tab)


async def test_a_chapter_is_coloured_looked_at_and_saved_from_the_popup(firefox: Firefox, site: ReaderSite) -> None:
    await _send_ahead(firefox, PAGES)
    tab = await firefox.open(f"{_at_other_host(site)}/read/plain")
    await _turn_on(firefox, tab, allow=True)
    await _until_popup_says(firefox, "4 of 4 pages in colour")
    await _until_in_colour(firefox, tab, *NUMBERS)

    await _click_in_popup(firefox, "label:has(input[value=original])")
    await _until_in_colour(firefox, tab)
    await _click_in_popup(firefox, "label:has(input[value=colour])")
    await _until_in_colour(firefox, tab, *NUMBERS)
    await firefox.key(tab, "keyDown", "o")
    await _until_in_colour(firefox, tab)
    await firefox.key(tab, "keyUp", "o")
    await _until_in_colour(firefox, tab, *NUMBERS)

    await _open_popup(firefox, tab)
    await _click_in_popup(firefox, ".chapter > .row > button")
    saved = firefox.downloads / "The Long Way Home, chapter 3.cbz"
    await until(partial(asyncio.to_thread, _pages_in, saved), lambda pages: pages == PAGES)
    await firefox.close(tab)


@pytest.mark.parametrize("kind", READ)
async def test_the_pages_of_a_reader_are_found_coloured_and_given_back_to_the_letter(
    kind: str, firefox: Firefox, site: ReaderSite
) -> None:
    url = f"{site.url}/read/{kind}"
    tab = await firefox.open(url)
    await firefox.until(tab, "[...document.images].every((each) => each.complete && each.naturalWidth)")
    await firefox.evaluate(tab, "document.getElementById('pages').scrollIntoView()")
    before = await firefox.evaluate(tab, f"({ATTRIBUTES})()")
    await _send_ahead(firefox, 0)
    await _set(firefox, site, on=True, tabId=await firefox.tab_id(url))

    await firefox.until(tab, f"({PAINTED})().includes('1')")

    rows = (await until(lambda: _chapter(firefox, url), lambda chapter: len(chapter["pages"]) == PAGES))["pages"]
    numbers = [row["key"][-5] for row in rows if row["key"].endswith(".png")]
    assert numbers == ([] if kind in NAMELESS else list(NUMBERS))
    assert rows[0]["how"] == READ[kind]
    assert set(await firefox.evaluate(tab, f"({PAINTED})()")) <= set(NUMBERS)
    await firefox.told({"type": "tab.cancel", "tabId": await firefox.tab_id(url)})
    await _set(firefox, site, on=False)
    await _until_in_colour(firefox, tab)
    assert await firefox.evaluate(tab, f"({ATTRIBUTES})()") == before
    await firefox.close(tab)


async def test_a_server_that_dies_and_comes_back_loses_no_page(
    firefox: Firefox, paired: TokenServer, site: ReaderSite
) -> None:
    async with _long_chapter(firefox, site, "restart") as (tab, url):
        await firefox.until(tab, f"({PAINTED})().length >= 1")
        await paired.kill()
        await until(lambda: _codes(firefox, url), lambda codes: codes["server_off"] > 0)
        await paired.start()

        await _until_each_page_came_once(firefox, paired, tab, url)


async def test_pages_arrive_once_however_often_the_event_page_ends(
    firefox: Firefox, paired: TokenServer, site: ReaderSite
) -> None:
    async with _long_chapter(firefox, site, "deaths") as (tab, url):
        for done in range(LONG_PAGES):
            await firefox.until(tab, f"({PAINTED})().length >= {done}")
            await firefox.evaluate(firefox.window, "around.endEventPage()")

        await _until_each_page_came_once(firefox, paired, tab, url)


async def test_a_choice_reaches_a_tab_whose_event_page_was_ended_for_being_idle(
    firefox: Firefox, site: ReaderSite
) -> None:
    async with _long_chapter(firefox, site, "deaths") as (tab, url):
        await _until_in_colour(firefox, tab, *LONG_NUMBERS)
        message = {"type": "tab.show", "tabId": await firefox.tab_id(url)}
        await firefox.evaluate(firefox.window, f"around.setIdleMilliseconds({IDLE_MILLISECONDS})")
        await firefox.evaluate(firefox.window, "around.endEventPage()")
        try:
            for shown, pages in (("original", ()), ("colour", LONG_NUMBERS)):
                await firefox.told({**message, "shown": shown})
                await _until_in_colour(firefox, tab, *pages)
                await firefox.until(firefox.window, "!around.isEventPageRunning()")
        finally:
            await firefox.evaluate(firefox.window, "around.setIdleMilliseconds(0)")


@asynccontextmanager
async def _long_chapter(firefox: Firefox, site: ReaderSite, name: str) -> AsyncIterator[tuple[str, str]]:
    """A tab on a chapter of its own, and its address; its site is on from the start."""
    url = f"{site.url}/read/long?{name}"
    await _send_ahead(firefox, LONG_PAGES)
    await _set(firefox, site, on=True)
    tab = await firefox.open(url)
    yield tab, url
    await _set(firefox, site, on=False)
    await firefox.close(tab)


async def _codes(firefox: Firefox, url: str) -> Counter[str | None]:
    return Counter(row.get("code") for row in (await _chapter(firefox, url))["pages"])


async def _until_each_page_came_once(firefox: Firefox, server: TokenServer, tab: str, url: str) -> None:
    await _until_in_colour(firefox, tab, *LONG_NUMBERS)
    chapter_id = (await _chapter(firefox, url))["chapter_id"]
    jobs = (await get_json(server.url, f"/v1/jobs?chapter_id={chapter_id}", token=server.token))["jobs"]
    assert [job["status"] for job in jobs] == ["completed"] * LONG_PAGES


def _pages_in(book: Path) -> int:
    """How many pages a comic book has; 0 while it is not all there."""
    if not zipfile.is_zipfile(book):
        return 0
    with zipfile.ZipFile(book) as archive:
        return sum(name.endswith(".png") for name in archive.namelist())
