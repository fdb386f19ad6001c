"""How pages come into the studio, by hand and by keys alone."""

import pytest

from tests.acceptance.studio.browser import Studio
from tests.acceptance.studio.conftest import OpenStudio

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.timeout(300)]

PHONE = {"viewport": {"width": 390, "height": 844}}
CARDS = ["pages", "style", "settings", "try"]

#: The name of the card that has the focus.
_FOCUSED_CARD = "document.activeElement.closest('.card')?.className.match(/card-(\\w+)/)[1]"


async def _cards_by_tab(studio: Studio) -> list[str]:
    """The cards in the order in which Tab comes to them, up to the button that starts."""
    found: list[str] = []
    await studio.page.evaluate("document.querySelector('main').focus()")
    while not await studio.page.evaluate("document.activeElement.matches('.start-bar .button')"):
        await studio.page.keyboard.press("Tab")
        card = await studio.page.evaluate(_FOCUSED_CARD)
        if card and found[-1:] != [card]:
            found.append(card)
    return found


async def test_tab_goes_through_the_cards_as_they_are_numbered_and_seen(
    open_studio: OpenStudio, pages: dict[str, bytes], style: bytes
) -> None:
    async with open_studio() as studio:
        await studio.prepare(dict(list(pages.items())[:1]), style, "in-order")
        assert await _cards_by_tab(studio) == CARDS
        left, right = await studio.page.evaluate(
            "[['pages', 'try'], ['style', 'settings']].map((column) => column.map((name) => "
            "{ const box = document.querySelector(`.card-${name}`).getBoundingClientRect(); return [box.x, box.y]; }))"
        )
        assert left[0][0] == left[1][0] < right[0][0] == right[1][0]
        assert left[0][1] == right[0][1] < min(left[1][1], right[1][1])

        await studio.page.set_viewport_size(PHONE["viewport"])
        assert await _cards_by_tab(studio) == CARDS
        tops = await studio.page.evaluate(
            "(names) => names.map((name) => document.querySelector(`.card-${name}`).getBoundingClientRect().y)", CARDS
        )
        assert tops == sorted(tops)
