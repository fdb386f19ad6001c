"""One browser and one server for the tests of a module; each test has a profile and a chapter of its own."""

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from PIL import Image
from playwright.async_api import Browser

from mangaflux.engine.imaging import encode_png
from mangaflux.samples.chapter import draw_chapter, draw_reference
from tests.acceptance.server_process import ServerProcess, free_port
from tests.acceptance.studio.browser import Studio, files_in, running_browser, studio_tab

PAGES = 4
#: Small, so that Pass 1 is quick; large enough for panels and balloons.
WIDTH, HEIGHT = 240, 340

#: A tab on the server of the module; options go to the profile of the browser.
OpenStudio = Callable[..., AbstractAsyncContextManager[Studio]]


class FakeServer(ServerProcess):
    """A server whose engine is scripted, always at the same address."""

    def __init__(self, data_dir: Path, *arguments: str, token: str = "") -> None:
        super().__init__(data_dir, token=token)
        place = ("--port", str(free_port()), "--data-dir", str(data_dir))
        self.command = ("tests.acceptance.studio.fake_server", *place, *arguments)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def browser() -> AsyncIterator[Browser]:
    async with running_browser() as started:
        yield started


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def server(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[FakeServer]:
    """After the browser: where there is none, no server is started either."""
    running = FakeServer(tmp_path_factory.mktemp("server") / "data", "--seconds-per-step", "0.1")
    await running.start()
    yield running
    await running.kill()


@pytest.fixture
def open_studio(browser: Browser, server: FakeServer) -> OpenStudio:
    def open_tab(**options: Any) -> AbstractAsyncContextManager[Studio]:
        return studio_tab(browser, server.url, **options)

    return open_tab


@pytest.fixture(scope="session")
def pages(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    folder = tmp_path_factory.mktemp("pages")
    for page in draw_chapter(11, PAGES, width=WIDTH, height=HEIGHT):
        Image.fromarray(page.ink).save(folder / f"scan {page.page_num}.png")
    return files_in(folder)


@pytest.fixture(scope="session")
def style() -> bytes:
    return encode_png(draw_reference(11))
