"""Pairing as a person does it, with the extension's own background and real servers: every cause has its sentence."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
import pytest_asyncio
from aiohttp import web
from playwright.async_api import Page, expect

from tests.acceptance.extension.browser import ExtensionBrowser, extension_browser, until_answer
from tests.acceptance.server_process import ServerProcess, free_port
from tests.acceptance.studio.conftest import FakeServer

pytestmark = pytest.mark.asyncio(loop_scope="module")

TOKEN = "a token that nobody guesses"
#: Hosts that a fresh install may call.
AT_INSTALL = ("http://127.0.0.1/*", "http://localhost/*")
#: Milliseconds that a test of a server may take; it waits for answers that never come.
PATIENCE = 30_000


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def browser(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[ExtensionBrowser]:
    async with extension_browser(tmp_path_factory.mktemp("extension") / "plain", granted=AT_INSTALL) as started:
        yield started


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def server(browser: ExtensionBrowser, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[ServerProcess]:
    running = FakeServer(tmp_path_factory.mktemp("server") / "data", token=TOKEN)
    await running.start()
    yield running
    await running.kill()


@pytest_asyncio.fixture(loop_scope="module")
async def pairing(browser: ExtensionBrowser) -> AsyncIterator[Page]:
    """The page of pairing, of an extension that knows no server."""
    await browser.told({"type": "pair.forget"})
    page = await browser.open(browser.address("views/pairing.html"))
    yield page
    await page.close()


async def test_a_server_that_answers_is_kept_and_its_token_never_shown_again(
    browser: ExtensionBrowser, server: ServerProcess, pairing: Page
) -> None:
    await _try(pairing, server.url, TOKEN)
    await expect(pairing.locator("#outcome")).to_contain_text("Paired with MangaFlux", timeout=PATIENCE)

    known = await browser.told({"type": "pair.get"})
    assert (known["address"], known["hasToken"], known["state"]) == (server.url, True, "ok")
    await pairing.reload()
    await expect(pairing.get_by_label("Address")).to_have_value(server.url)
    assert await pairing.get_by_label("Token").input_value() == ""


async def test_only_testing_keeps_nothing(browser: ExtensionBrowser, server: ServerProcess, pairing: Page) -> None:
    await _try(pairing, server.url, TOKEN, "Only test")
    await expect(pairing.locator("#outcome")).to_contain_text("This works.", timeout=PATIENCE)

    assert (await browser.told({"type": "pair.get"}))["state"] == "unpaired"


async def test_a_wrong_token_is_told_from_everything_else(server: ServerProcess, pairing: Page) -> None:
    await _try(pairing, server.url, "wrong")
    await expect(pairing.locator("#outcome")).to_contain_text("refuses this token", timeout=PATIENCE)

    await expect(pairing.get_by_role("button", name="Keep this server anyway")).to_have_count(0)


async def test_a_server_that_is_off_may_be_kept_all_the_same(browser: ExtensionBrowser, pairing: Page) -> None:
    address = _unused_address()
    await _try(pairing, address, TOKEN)
    await expect(pairing.locator("#outcome")).to_contain_text(f"Nothing answers at {address}", timeout=PATIENCE)
    await expect(pairing.locator("#outcome")).to_contain_text("mangaflux serve")

    await pairing.get_by_role("button", name="Keep this server anyway").click()
    await until_answer(browser, {"type": "pair.get"}, "address", address)


async def test_a_server_without_a_token_is_named_as_such(pairing: Page, tmp_path: Path) -> None:
    open_server = FakeServer(tmp_path / "data")
    await open_server.start()
    try:
        await _try(pairing, open_server.url, "")
        await expect(pairing.locator("#outcome")).to_contain_text("MANGA_FLUX_API_TOKEN", timeout=PATIENCE)
    finally:
        await open_server.kill()


async def test_a_server_that_cannot_take_work_says_why(
    browser: ExtensionBrowser, pairing: Page, tmp_path: Path
) -> None:
    settings = {"limits.min_free_disk_bytes": 10**15, "api_token": TOKEN}
    full = ServerProcess(tmp_path / "data", script={}, settings=settings)
    await full.start(until_ready=False)
    try:
        await _try(pairing, full.url, TOKEN)
        await expect(pairing.locator("#outcome")).to_contain_text("cannot take work yet", timeout=PATIENCE)
        await expect(pairing.locator("#outcome")).to_contain_text("disk")

        await pairing.get_by_role("button", name="Keep this server anyway").click()
        await until_answer(browser, {"type": "pair.get"}, "address", full.url)
    finally:
        await full.kill()


async def test_something_else_that_answers_is_not_taken_for_mangaflux(pairing: Page) -> None:
    async def answer(_request: web.BaseRequest) -> web.StreamResponse:
        return web.Response(text="It works!")

    async with _listening(answer) as address:
        await _try(pairing, address, TOKEN)
        await expect(pairing.locator("#outcome")).to_contain_text("it is not MangaFlux", timeout=PATIENCE)


async def test_http_that_is_turned_into_https_is_named_as_such(pairing: Page) -> None:
    async def answer(request: web.BaseRequest) -> web.StreamResponse:
        raise web.HTTPMovedPermanently(f"https://{request.host}{request.path}")

    async with _listening(answer) as address:
        await _try(pairing, address, TOKEN)
        await expect(pairing.locator("#outcome")).to_contain_text("turns http into https", timeout=PATIENCE)


async def test_a_host_that_the_browser_does_not_allow_is_named(browser: ExtensionBrowser) -> None:
    page = await browser.context.new_page()
    # The person says no: the question itself cannot be clicked here.
    await page.add_init_script("chrome.permissions.request = async () => false")
    await page.goto(browser.address("views/pairing.html"))
    await _try(page, "http://192.0.2.1:8765", TOKEN)
    await expect(page.locator("#outcome")).to_contain_text("has not allowed the extension to call 192.0.2.1")
    await expect(page.locator("#outcome")).to_contain_text("“Allow”")
    await page.close()


async def test_a_browser_that_keeps_extensions_from_the_network_is_named(
    browser: ExtensionBrowser, pairing: Page
) -> None:
    session = await browser.context.new_cdp_session(pairing)
    denied = {"setting": "denied", "origin": browser.address("").rstrip("/")}
    name = await _local_network_permission(pairing)
    await session.send("Browser.setPermission", {"permission": {"name": name}, **denied})
    try:
        await _try(pairing, _unused_address(), TOKEN)
        await expect(pairing.locator("#outcome")).to_contain_text("Allow “local network”", timeout=PATIENCE)
    finally:
        await session.send("Browser.setPermission", {"permission": {"name": name}, **denied, "setting": "granted"})


async def _local_network_permission(page: Page) -> str:
    """The name that this browser has for reaching machines nearby."""
    known: list[str] = await page.evaluate("""async () => {
      const names = ["loopback-network", "local-network", "local-network-access"];
      const found = await Promise.all(names.map((name) => navigator.permissions.query({ name }).catch(() => null)));
      return names.filter((_name, index) => found[index]);
    }""")
    if not known:
        pytest.skip("this Chromium has no permission for the local network")
    return known[0]


async def _try(page: Page, address: str, token: str, button: str = "Pair") -> None:
    """Types a server as a person does, and presses a button."""
    await page.get_by_label("Address").fill(address)
    await page.get_by_label("Token").fill(token)
    await page.get_by_role("button", name=button, exact=True).click()


def _unused_address() -> str:
    return f"http://127.0.0.1:{free_port()}"


@asynccontextmanager
async def _listening(answer: Callable[[web.BaseRequest], Awaitable[web.StreamResponse]]) -> AsyncIterator[str]:
    """Something on a port that answers every request in one way; its address."""
    runner = web.ServerRunner(web.Server(answer))
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    try:
        yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()
