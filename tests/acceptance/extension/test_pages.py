"""Pages in readers of every kind: found and nothing else, shown in colour in their place, and given back untouched."""

import numpy as np
import pytest

from tests.acceptance.extension.conftest import OpenPages
from tests.acceptance.extension.pages_tab import PagesTab, look_different, until
from tests.acceptance.extension.reader_site import PAGES, READERS

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.timeout(120)]

NUMBERS = range(1, PAGES + 1)
#: Readers that show their pages one after the other, at the press of a button.
TURNED = {"spa", "pager"}
#: Readers that have their pages only once one has scrolled to them.
SCROLLED = {"observer", "infinite"}
#: The site itself has put what it loads late where the view is.
_VIEW_HAS_LOADED = """() => [...document.querySelectorAll("img[data-src], img[data-lazy-src]")].every((image) => {
  const { top, bottom } = image.getBoundingClientRect();
  const isSeen = bottom > 0 && top < innerHeight;
  return !isSeen || image.getAttribute("src") === (image.dataset.src ?? image.dataset.lazySrc);
})"""


async def _go_through(tab: PagesTab, kind: str) -> None:
    """Reads the chapter from its first to its last page."""
    if kind in TURNED:
        for number in NUMBERS[:-1]:
            await tab.until_in_colour(*([number] if kind == "spa" else NUMBERS))
            await tab.page.click("#next")
    elif kind in SCROLLED:
        await tab.scroll_through()


@pytest.mark.parametrize("kind", READERS)
async def test_the_pages_of_a_reader_are_found_in_order_and_nothing_else_is(kind: str, open_pages: OpenPages) -> None:
    async with open_pages(kind) as tab:
        await _go_through(tab, kind)
        await tab.until_found(PAGES)
        await tab.scroll_through()
        await tab.settle()

        found = await tab.found()
        # Of the one that shows a single page, only that can be in colour.
        await tab.until_in_colour(*(NUMBERS[-1:] if kind == "spa" else NUMBERS))
        assert [await tab.number_of(page) for page in found] == list(NUMBERS)
        assert [page["order"] for page in found] == list(range(PAGES))


@pytest.mark.parametrize("kind", READERS)
async def test_a_page_toggled_back_is_what_it_was_to_the_letter_and_the_pixel(kind: str, open_pages: OpenPages) -> None:
    async with open_pages(kind, paints=False, badges=False) as tab:
        shown = NUMBERS[:1] if kind == "spa" else NUMBERS
        if kind in SCROLLED:
            await tab.scroll_through()
        await tab.until_found(len(shown))
        await tab.page.locator("#pages").evaluate("element => scrollTo(0, element.offsetTop)")
        await tab.page.wait_for_function(_VIEW_HAS_LOADED)
        attributes, sight = await tab.attributes(), await tab.sight()

        await tab.stand_in("it.paintAll()")
        await tab.until_in_colour(*shown)
        coloured = await tab.sight()
        await tab.stand_in('it.setView({ shown: "original" })')
        await tab.until_in_colour()

        assert look_different(coloured, sight)
        assert await tab.attributes() == attributes
        assert np.array_equal(await tab.sight(), sight)


async def test_a_page_that_is_about_a_series_has_no_pages(open_pages: OpenPages) -> None:
    async with open_pages("none") as tab:
        await until(lambda: tab.stand_in("Object.keys(it.lists).length"), bool)
        await tab.scroll_through()
        await tab.settle()
        assert await tab.found() == []
