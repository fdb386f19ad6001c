"""Pages in Firefox: found and nothing else, shown in colour in their place, and given back untouched."""

import json
import re
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from tests.acceptance.extension.conftest import build_with_stand_in
from tests.acceptance.extension.firefox import Firefox, running_firefox
from tests.acceptance.extension.pages_tab import ATTRIBUTES, PAINTED
from tests.acceptance.extension.reader_site import SITE, ReaderSite, reader_site

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.timeout(120)]

#: Readers in which the browsers differ in what they allow.
KINDS = ("background", "blob", "canvas", "csp", "hotlink", "iframe", "picture", "shadow", "strip")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def firefox(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Firefox]:
    folder = tmp_path_factory.mktemp("firefox")
    async with running_firefox(folder / "profile") as started:
        await started.install(build_with_stand_in("firefox", folder / "extension"))
        yield started


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def firefox_site(firefox: Firefox) -> AsyncIterator[ReaderSite]:
    """After the browser: where there is none, no site is needed."""
    async with reader_site() as running:
        yield running


async def _hold_key(firefox: Firefox, tab: str, action: str) -> None:
    keys = {"type": "key", "id": "keyboard", "actions": [{"type": action, "value": "o"}]}
    await firefox.command("input.performActions", context=tab, actions=[keys])


async def _until_in_colour(firefox: Firefox, tab: str, *pages: str) -> None:
    await firefox.until(tab, f"JSON.stringify(({PAINTED})().sort()) === '{json.dumps(pages, separators=(',', ':'))}'")


async def _page_styles(firefox: Firefox, tab: str) -> list[str]:
    """The style attributes of all pages that have one, in the order of the document."""
    elements = [dict(attributes) for _, *attributes in await firefox.evaluate(tab, f"({ATTRIBUTES})()")]
    return [each["style"] for each in elements if "data-page" in each and "style" in each]


@pytest.mark.parametrize("kind", KINDS)
async def test_the_pages_of_a_reader_are_coloured_and_given_back(
    kind: str, firefox: Firefox, firefox_site: ReaderSite
) -> None:
    tab = await firefox.open(f"{firefox_site.url}/read/{kind}")
    await _until_in_colour(firefox, tab, "1", "2", "3", "4")

    await _hold_key(firefox, tab, "keyDown")
    await _until_in_colour(firefox, tab)
    assert await _page_styles(firefox, tab) == re.findall(
        'style="([^"]*)"', (SITE / "kinds" / f"{kind}.html").read_text()
    )

    await _hold_key(firefox, tab, "keyUp")
    await _until_in_colour(firefox, tab, "1", "2", "3", "4")
    await firefox.command("browsingContext.close", context=tab)
