"""The extension in Firefox: it installs, its pages show what they should, and it reaches a real server."""

import json
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from extension.build import build_folder
from tests.acceptance.extension.firefox import Firefox, address, running_firefox
from tests.acceptance.studio.conftest import FakeServer

pytestmark = pytest.mark.asyncio(loop_scope="module")

TOKEN = "a token that nobody guesses"


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def firefox(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Firefox]:
    """With the extension, which may call every host: no test can click the browser's question."""
    folder = tmp_path_factory.mktemp("firefox")
    async with running_firefox(folder / "profile") as started:
        await started.install(build_folder("firefox", folder / "extension", ("*://*/*",)))
        yield started


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def server(firefox: Firefox, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[FakeServer]:
    running = FakeServer(tmp_path_factory.mktemp("server") / "data", token=TOKEN)
    await running.start()
    yield running
    await running.kill()


async def test_a_fresh_install_opens_pairing(firefox: Firefox) -> None:
    tab = await firefox.open(address("views/options.html"))
    await firefox.until(tab, "document.querySelector('#shortcuts kbd')")

    assert address("views/pairing.html") in await firefox.pages()


async def test_options_show_every_part(firefox: Firefox) -> None:
    tab = await firefox.open(address("views/options.html"))
    await firefox.until(tab, "document.querySelector('#cache').innerText.includes('MB')")

    titles = await firefox.evaluate(tab, "[...document.querySelectorAll('h2')].map((each) => each.textContent)")
    assert titles == ["Server", "Read in colour", "Sites", "Settings", "Pictures kept here", "Keys"]


async def test_pairing_tells_a_wrong_token_from_the_right_one(firefox: Firefox, server: FakeServer) -> None:
    tab = await firefox.open(address("views/pairing.html"))

    assert "refuses this token" in await _pair(firefox, tab, server.url, "wrong")
    assert "Paired with MangaFlux" in await _pair(firefox, tab, server.url, TOKEN)


async def _pair(firefox: Firefox, tab: str, url: str, token: str) -> str:
    """What the page of pairing says of a server."""
    await firefox.go(tab, address("views/pairing.html"))
    await firefox.until(tab, "document.title === 'Pair with your server'")
    for field, value in (("address", url), ("token", token)):
        await firefox.evaluate(tab, f"void (document.getElementById('{field}').value = {json.dumps(value)})")
    await firefox.evaluate(tab, "document.getElementById('pair').click()")
    await firefox.until(tab, "document.querySelector('#outcome .notice')")
    said: str = await firefox.evaluate(tab, "document.getElementById('outcome').textContent")
    return said
