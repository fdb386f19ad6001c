"""The reader site, and a browser whose content scripts find a stand-in for the background."""

import json
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager
from pathlib import Path

import pytest
import pytest_asyncio

from extension.build import build_folder
from tests.acceptance.extension.browser import EVERYWHERE, ExtensionBrowser, extension_browser
from tests.acceptance.extension.pages_tab import PagesTab, pages_tab
from tests.acceptance.extension.reader_site import ReaderSite, reader_site

STAND_IN = Path(__file__).with_name("pages_stand_in.js")

#: A tab on a chapter of the site, by its kind; keywords change what tabs are told first.
OpenPages = Callable[..., AbstractAsyncContextManager[PagesTab]]


def build_with_stand_in(folder: Path) -> Path:
    """The extension with the stand-in for a background, and the content script in every page of the reader site."""
    build_folder("chromium", folder, EVERYWHERE)
    manifest = json.loads((folder / "manifest.json").read_text())
    script = {"js": ["content/start.js"], "all_frames": True, "match_origin_as_fallback": True}
    manifest["content_scripts"] = [{"matches": ["http://127.0.0.1/*"], **script}]
    (folder / "manifest.json").write_text(json.dumps(manifest))
    (folder / "background" / "main.js").write_text(STAND_IN.read_text())
    return folder


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def pages_browser(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[ExtensionBrowser]:
    folder = build_with_stand_in(tmp_path_factory.mktemp("pages") / "extension")
    async with extension_browser(folder) as started:
        yield started


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def site(pages_browser: ExtensionBrowser) -> AsyncIterator[ReaderSite]:
    """After the browser: where there is none, no site is needed."""
    async with reader_site() as running:
        yield running


@pytest.fixture
def open_pages(pages_browser: ExtensionBrowser, site: ReaderSite) -> OpenPages:
    def open_tab(kind: str, *, paints: bool = True, **view: object) -> AbstractAsyncContextManager[PagesTab]:
        return pages_tab(pages_browser, f"{site.url}/read/{kind}", paints=paints, **view)

    return open_tab
