"""The menu of a picture where the browser keeps the extension out; what it does elsewhere is in test_reading.py."""

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from aiohttp import web

from tests.acceptance.extension.browser import ExtensionBrowser, extension_browser
from tests.acceptance.extension.pages_tab import until

pytestmark = pytest.mark.asyncio(loop_scope="module")

#: Names of this machine: one that a fresh install may see, and one that it may not.
ALLOWED, OTHER = "127.0.0.1", "127.0.0.2"
#: Chooses a picture of the one frame of a tab that is there and shut; no API that the extension has tells its number.
_CHOOSE = """async ([frameUrl, tabId]) => {
  const refusal = (frameId) => chrome.scripting
    .executeScript({ target: { tabId, frameIds: [frameId] }, func: () => 0 })
    .then(() => "", (error) => error.message);
  for (let frameId = 1; frameId < 1000; frameId += 1) {
    if (!(await refusal(frameId)).startsWith("Cannot access")) continue;
    const info = { menuItemId: "colour-image", srcUrl: `${frameUrl}.png`, frameId, frameUrl };
    return chrome.contextMenus.onClicked.dispatch(info, await chrome.tabs.get(tabId));
  }
  throw new Error("There is no frame that the extension may not see.");
}"""


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def browser(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[ExtensionBrowser]:
    """As it is after the installation, without a permission for any site."""
    async with extension_browser(tmp_path_factory.mktemp("menus") / "extension", granted=()) as started:
        yield started


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def port() -> AsyncIterator[int]:
    """Where both names serve a page with a frame of the other site."""
    app = web.Application()
    app.router.add_get("/frame", _frame)
    app.router.add_get("/page", _page)
    runner = web.AppRunner(app)
    await runner.setup()
    try:
        await web.TCPSite(runner, ALLOWED, 0).start()
        free: int = runner.addresses[0][1]
        await web.TCPSite(runner, OTHER, free).start()
        yield free
    finally:
        await runner.cleanup()


async def test_a_frame_of_a_site_that_the_browser_does_not_allow_is_named(browser: ExtensionBrowser, port: int) -> None:
    page = await browser.open(f"http://{ALLOWED}:{port}/page")
    tab_id = await browser.tab_id(page)
    await browser.in_worker(_CHOOSE, [f"http://{OTHER}:{port}/frame", tab_id])

    asked = {"type": "site.get", "tabId": tab_id}
    trouble = (await until(lambda: browser.told(asked), lambda answer: answer["trouble"]))["trouble"]
    assert f"lies in a frame of {OTHER}:{port}, and the browser keeps MangaFlux out" in trouble
    # It is said of this page alone, and forgotten with its tab.
    await page.goto(f"http://{ALLOWED}:{port}/page?2")
    assert (await browser.told(asked))["trouble"] is None
    await page.close()
    kept = "async () => (await chrome.storage.session.get('troubles')).troubles"
    await until(lambda: browser.in_worker(kept), lambda troubles: troubles == {})


async def test_a_tab_whose_address_the_browser_hides_is_told_of_without_trouble(
    browser: ExtensionBrowser, port: int
) -> None:
    page = await browser.open(f"http://{ALLOWED}:{port}/page")
    asked = {"type": "site.get", "tabId": await browser.tab_id(page)}
    await page.goto(f"http://{OTHER}:{port}/page")

    assert (await browser.told(asked))["trouble"] is None
    await page.close()


async def _page(request: web.Request) -> web.Response:
    frame = f"http://{OTHER}:{request.url.port}/frame"
    return web.Response(text=f'<title>Page</title><iframe src="{frame}"></iframe>', content_type="text/html")


async def _frame(_request: web.Request) -> web.Response:
    return web.Response(text="<title>Frame</title>", content_type="text/html")
