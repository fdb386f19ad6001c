"""A chapter read in colour: the extension as it ships, the real server with the fake engine, and no stand-in."""

import asyncio
import base64
import io
from collections.abc import AsyncIterator
from typing import Any

import cv2
import numpy as np
import pytest
import pytest_asyncio
from PIL import Image
from playwright.async_api import Frame

from mangaflux.engine.imaging import encode_png
from mangaflux.samples.chapter import draw_reference
from tests.acceptance.extension.browser import ExtensionBrowser, extension_browser
from tests.acceptance.extension.pages_tab import SAME_PAGE, PagesTab, look_different, until
from tests.acceptance.extension.reader_site import PAGES, SEED, ReaderSite, page_pixels, reader_site
from tests.acceptance.extension.reading_tab import TokenServer
from tests.acceptance.server_process import get_bytes, get_json

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.timeout(180)]

#: Where the bytes of pages come from, by kind of reader.
READ = {"csp": "fetch", "cookie": "fetch", "hotlink": "referer", "blob": "canvas"}
#: Browsers show the screen to those that may see every page, or whose button was pressed, which no test can do.
GRANTED = ("<all_urls>",)
#: Keys of the pages that were asked for by themselves, as the background keeps them.
CHOSEN = """() => new Promise((resolve) => {
  indexedDB.open("mangaflux").onsuccess = ({ target: { result: database } }) => {
    database.transaction("pages").objectStore("pages").getAll().onsuccess = ({ target: { result: rows } }) => {
      database.close();
      resolve(rows.filter(({ chosen }) => chosen).map(({ key }) => key));
    };
  };
})"""
#: CSS pixels of a page that is higher than the window, and of the head that stays over it.
SHOWN_WIDTH, SHOWN_HEIGHT, HEAD_HEIGHT = 540, 765, 60
#: Pages that no script can read: canvases into which pictures of another host were drawn.
SEAL = """async ({ cdn, width, height, head }) => {
  const lasting = "visibility: visible !important";
  document.querySelector("header").style = `position: sticky; top: 0; height: ${head}px; z-index: 9; ${lasting}`;
  const pages = Object.assign(document.createElement("div"), { id: "pages" });
  for (const number of [1, 2]) {
    const image = Object.assign(new Image(), { src: `${cdn}/pages/${number}.png` });
    await image.decode();
    const canvas = Object.assign(document.createElement("canvas"), { width: 480, height: 680 });
    canvas.dataset.page = number;
    canvas.style = `box-sizing: content-box; max-width: none; width: ${width}px; height: ${height}px`;
    canvas.getContext("2d").drawImage(image, 0, 0);
    pages.append(canvas);
  }
  document.querySelector("#comments").before(pages);
}"""
#: What is put aside while a page is taken from the screen: where the site is scrolled to, and how its head looks.
PUT_ASIDE = "[scrollX, scrollY, document.querySelector('header').getAttribute('style')]"


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def browser(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[ExtensionBrowser]:
    async with extension_browser(tmp_path_factory.mktemp("reading") / "extension", granted=GRANTED) as started:
        yield started


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def server(browser: ExtensionBrowser, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[TokenServer]:
    """A server that the extension is paired with; after the browser: where there is none, no server is started."""
    running = TokenServer(tmp_path_factory.mktemp("server") / "data")
    await running.start()
    await browser.pair(running.url, running.token)
    yield running
    await running.kill()


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def site(browser: ExtensionBrowser, server: TokenServer) -> AsyncIterator[ReaderSite]:
    """The reader site, for which the extension is on, with a style reference."""
    async with reader_site() as running:
        style = base64.b64encode(encode_png(draw_reference(SEED))).decode()
        message = {"type": "references.add", "name": "style.png", "mime": "image/png", "base64": style}
        reference = (await browser.told(message))["sha256"]
        await browser.told({"type": "site.set", "origin": running.url, "on": True, "reference": reference})
        yield running


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
    # Found as they were loaded, and listed as they are read; pictures without an address have no number in it.
    numbers = [row["key"][-5] for row in rows if row["key"].endswith(".png")]
    assert numbers == ([] if kind == "blob" else list("1234"))
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


async def test_an_image_of_a_frame_that_looks_like_no_page_is_one_once_it_is_chosen(
    browser: ExtensionBrowser, site: ReaderSite
) -> None:
    tab = await _open(browser, site, "iframe")
    await until(lambda: _rows(tab), lambda rows: len(rows) >= PAGES)
    inner = next(frame for frame in tab.page.frames if frame.url == f"{site.url}/frame/pages")
    await _add_image(inner, f"{site.url}/small/3.png")

    await _choose(tab, inner, f"{site.url}/small/3.png")

    await until(lambda: browser.in_worker(CHOSEN), lambda keys: f"{site.url}/small/3.png" in keys)
    rows = await _rows(tab)
    assert [row["key"] for row in rows if "/small/" in row["key"]] == [f"{site.url}/small/3.png"]
    await tab.page.close()


async def test_an_image_of_a_frame_of_another_site_is_a_page_where_the_browser_allows_that_site(
    browser: ExtensionBrowser, site: ReaderSite
) -> None:
    tab = await _open(browser, site, "iframe")
    await until(lambda: _rows(tab), lambda rows: len(rows) >= PAGES)
    foreign = next(frame for frame in tab.page.frames if frame.url == f"{site.cdn}/frame/advert")
    await _add_image(foreign, f"{site.cdn}/small/2.png")

    await _choose(tab, foreign, f"{site.cdn}/small/2.png")

    await until(lambda: browser.in_worker(CHOSEN), lambda keys: f"{site.cdn}/small/2.png" in keys)
    await tab.page.close()


async def test_a_picture_that_is_no_image_of_its_page_is_said_to_be_none(
    browser: ExtensionBrowser, site: ReaderSite
) -> None:
    tab = await _open(browser, site, "iframe")
    await until(lambda: _rows(tab), lambda rows: len(rows) >= PAGES)

    await _choose(tab, tab.page.main_frame, f"{site.url}/drawn-by-nobody.png")

    tab_id = await browser.tab_id(tab.page)
    asked = {"type": "site.get", "tabId": tab_id}
    trouble = (await until(lambda: browser.told(asked), lambda answer: answer["trouble"]))["trouble"]
    assert trouble.startswith("This picture cannot be coloured in its place")
    badge = "async tabId => [await chrome.action.getBadgeText({tabId}), await chrome.action.getTitle({tabId})]"
    await until(lambda: browser.in_worker(badge, tab_id), lambda button: button == ["!", trouble])
    await tab.page.close()


async def test_a_page_that_nothing_can_read_is_taken_from_the_screen_when_asked_for(
    browser: ExtensionBrowser, site: ReaderSite, server: TokenServer
) -> None:
    tab, rows = await _open_sealed(browser, site, "none")
    before = await tab.page.evaluate(PUT_ASIDE)

    tab_id = await browser.tab_id(tab.page)
    await browser.told({"type": "page.screen", "tabId": tab_id, "key": rows[1]["key"]})

    await tab.until_in_colour(2)
    assert [row.get("how") for row in await _rows(tab)] == [None, "screen"]
    assert await tab.page.evaluate(PUT_ASIDE) == before
    chapter_id = (await browser.told({"type": "site.get", "tabId": tab_id}))["chapter_id"]
    taken = await _sent_page(server, chapter_id, rows[1]["page_num"])
    wanted = cv2.resize(page_pixels(2), (SHOWN_WIDTH, SHOWN_HEIGHT), interpolation=cv2.INTER_AREA)
    assert taken.shape == wanted.shape
    bands = np.abs(taken.astype(int) - wanted).reshape(9, -1).mean(axis=1)
    assert bands.max() < SAME_PAGE, bands
    await tab.page.close()


async def test_a_page_that_is_not_stuck_or_not_shown_is_not_taken_from_the_screen(
    browser: ExtensionBrowser, site: ReaderSite, server: TokenServer
) -> None:
    tab, rows = await _open_sealed(browser, site, "none?taken")
    tab_id = await browser.tab_id(tab.page)
    message = {"type": "page.screen", "tabId": tab_id, "key": rows[0]["key"]}
    await browser.told(message)
    await tab.until_in_colour(1)

    await browser.told(message)
    chapter_id = (await browser.told({"type": "site.get", "tabId": tab_id}))["chapter_id"]
    jobs = (await get_json(server.url, f"/v1/jobs?chapter_id={chapter_id}", token=server.token))["jobs"]
    assert len(jobs) == 1

    await tab.page.evaluate("document.getElementById('pages').remove()")
    gone = "This page is not shown now."
    await until(lambda: browser.ask(message), lambda answer: answer.get("message", "").startswith(gone))
    await tab.page.close()


async def test_a_site_is_as_it_was_where_the_background_dies_while_a_page_is_taken_from_the_screen(
    browser: ExtensionBrowser, site: ReaderSite
) -> None:
    tab, rows = await _open_sealed(browser, site, "none?dies")
    before = await tab.page.evaluate(PUT_ASIDE)
    message = {"type": "page.screen", "tabId": await browser.tab_id(tab.page), "key": rows[1]["key"]}
    taking = asyncio.create_task(browser.ask(message))
    await tab.page.wait_for_function("document.querySelector('header').style.visibility === 'hidden'")

    await browser.kill_worker()

    await until(lambda: tab.page.evaluate(PUT_ASIDE), lambda now: now == before)
    await asyncio.gather(taking, return_exceptions=True)
    await tab.page.close()


async def test_a_tab_that_is_not_in_view_and_a_page_in_a_frame_are_not_taken_from_the_screen(
    browser: ExtensionBrowser, site: ReaderSite
) -> None:
    tab = await _open(browser, site, "iframe")
    await until(lambda: _rows(tab), lambda rows: len(rows) >= PAGES)
    other = await browser.open("about:blank")
    await other.bring_to_front()

    row = (await _rows(tab))[0]
    message = {"type": "page.screen", "tabId": await browser.tab_id(tab.page), "key": row["key"]}
    behind = await browser.ask(message)
    await other.close()
    await tab.page.bring_to_front()
    in_frame = await browser.ask(message)

    assert {(answer["ok"], answer["code"]) for answer in (behind, in_frame)} == {(False, "not_on_screen")}
    assert behind["message"].startswith("Bring the tab to the front")
    assert in_frame["message"].startswith("This page lies in a frame.")
    await tab.page.close()


async def _open_sealed(browser: ExtensionBrowser, site: ReaderSite, kind: str) -> tuple[PagesTab, list[dict[str, Any]]]:
    """A chapter in front of two pages that no script can read, and what the background says of them."""
    tab = await _open(browser, site, kind)
    shown = {"cdn": site.cdn, "width": SHOWN_WIDTH, "height": SHOWN_HEIGHT, "head": HEAD_HEIGHT}
    await tab.page.evaluate(SEAL, shown)
    rows = await until(lambda: _rows(tab), lambda rows: [row["state"] for row in rows] == ["failed", "failed"])
    assert {row["code"] for row in rows} == {"cannot_read"}
    await tab.page.bring_to_front()
    return tab, rows


async def _add_image(frame: Frame, address: str) -> None:
    """Puts a picture into a frame that is too small to be a page."""
    script = """async (src) => {
      const image = Object.assign(new Image(), { src });
      image.dataset.page = 9;
      await image.decode();
      document.body.prepend(image);
    }"""
    await frame.evaluate(script, address)


async def _choose(tab: PagesTab, frame: Frame, address: str) -> None:
    """Chooses "Colour this image" in the menu of a picture; the menu is the browser's, and no test can open it."""
    script = """async ([srcUrl, frameUrl, tabId]) => {
      const target = { tabId, allFrames: true };
      const frames = await chrome.scripting.executeScript({ target, func: () => location.href });
      const { frameId } = frames.find(({ result }) => result === frameUrl);
      const info = { menuItemId: "colour-image", srcUrl, frameId, frameUrl };
      chrome.contextMenus.onClicked.dispatch(info, await chrome.tabs.get(tabId));
    }"""
    await tab.browser.in_worker(script, [address, frame.url, await tab.browser.tab_id(tab.page)])


async def _sent_page(server: TokenServer, chapter_id: str, page_num: int) -> np.ndarray:
    """(H, W): a page as the server was given it, in grey."""
    pages = (await get_json(server.url, f"/v1/chapters/{chapter_id}/pages", token=server.token))["pages"]
    [asset] = [page["page_image"].removeprefix("asset:") for page in pages if page["page_num"] == page_num]
    sent = await get_bytes(server.url, f"/v1/assets/{asset}", token=server.token)
    return np.asarray(Image.open(io.BytesIO(sent)).convert("L"))
