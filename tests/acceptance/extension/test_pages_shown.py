"""What a person sees and does on the pages: badges, buttons, a look at the original; whatever the site does to them."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.acceptance.extension.browser import extension_browser
from tests.acceptance.extension.conftest import OpenPages, build_with_stand_in
from tests.acceptance.extension.pages_tab import PagesTab, look_different, pages_tab, until
from tests.acceptance.extension.reader_site import ReaderSite

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.timeout(60)]

STATES: dict[str, dict[str, Any]] = {
    "Waiting": {"state": "waiting"},
    "Queued, place 3": {"state": "queued", "position": 3},
    "Colouring, step 2 of 4 · 9 s": {"state": "running", "step": 2, "totalSteps": 4, "etaSeconds": 8.2},
    "Left as it is: it is in colour": {"state": "skipped", "message": "it is in colour"},
    "The page is torn. Try again": {"state": "failed", "message": "The page is torn.", "code": "torn"},
}


async def _first_in_colour(tab: PagesTab) -> dict[str, Any]:
    """Waits for the whole chapter, and goes to its first page."""
    first: dict[str, Any] = (await tab.until_found(4))[0]
    await tab.until_in_colour(1, 2, 3, 4)
    await _go_to(tab, 1)
    return first


async def _go_to(tab: PagesTab, number: int) -> None:
    await tab.page.locator(f"[data-page='{number}']").evaluate("e => e.scrollIntoView({ block: 'center' })")


async def _until_badge(tab: PagesTab, text: str) -> None:
    await until(tab.badges, lambda badges: text in badges)


async def _choose(tab: PagesTab, path: str) -> None:
    """The person asks for one picture of the site."""
    address = f"{tab.page.url.partition('/read')[0]}{path}"
    await tab.stand_in('it.tell({ type: "choose", address: given })', address)


async def _nearness(tab: PagesTab) -> list[int]:
    return [page["near"] for page in await tab.found()]


async def _middle_of(tab: PagesTab, number: int) -> tuple[float, float]:
    box = await tab.page.locator(f"[data-page='{number}']").bounding_box()
    assert box is not None
    return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2


@pytest.mark.parametrize("kind", ["plain", "csp"])
async def test_a_badge_says_how_far_its_page_is_and_why(kind: str, open_pages: OpenPages) -> None:
    async with open_pages(kind, paints=False) as tab:
        first = (await tab.until_found(4))[0]
        await _go_to(tab, 1)
        for text, state in STATES.items():
            await tab.stand_in('it.tell({ type: "state", ...given })', {"key": first["key"], **state})
            await _until_badge(tab, text)


async def test_a_page_that_failed_is_tried_again_at_a_click_that_the_site_does_not_hear(open_pages: OpenPages) -> None:
    async with open_pages("plain", paints=False) as tab:
        first = (await tab.until_found(4))[0]
        await _go_to(tab, 1)
        failed = {"type": "state", "key": first["key"], "state": "failed", "message": "Torn."}
        await tab.stand_in("it.tell(given)", failed)
        await _until_badge(tab, "Torn. Try again")
        await tab.page.evaluate("void (document.onclick = () => { document.title = 'clicked'; })")

        await tab.click_badge("Try again")

        heard = await until(lambda: tab.stand_in("it.heard"), bool)
        assert heard == [{"type": "retry", "key": first["key"]}]
        assert await tab.page.title() != "clicked"


async def test_the_button_of_a_page_shows_its_original_and_no_other(open_pages: OpenPages) -> None:
    async with open_pages("plain") as tab:
        await _first_in_colour(tab)
        await until(tab.badges, lambda badges: len(badges) > 0)

        await tab.click_badge("Show the original")
        await tab.until_in_colour(2, 3, 4)
        await tab.click_badge("Show the original")
        await tab.until_in_colour(1, 2, 3, 4)


async def test_a_choice_for_all_pages_replaces_that_for_single_ones(open_pages: OpenPages) -> None:
    async with open_pages("plain") as tab:
        await _first_in_colour(tab)
        await until(tab.badges, lambda badges: len(badges) > 0)
        await tab.stand_in('it.setView({ shown: "original" })')
        await tab.until_in_colour()
        await tab.click_badge("Show the original")
        await tab.until_in_colour(1)

        await tab.stand_in('it.setView({ shown: "colour" })')

        await tab.until_in_colour(1, 2, 3, 4)


async def test_no_badge_is_in_reach_of_the_site_and_none_is_left_when_it_is_turned_off(open_pages: OpenPages) -> None:
    async with open_pages("plain", paints=False) as tab:
        await tab.until_found(4)
        await _go_to(tab, 1)
        await until(tab.badges, lambda badges: len(badges) > 0)
        host = "document.documentElement.lastElementChild"
        assert await tab.page.evaluate(f"[{host}.localName, {host}.shadowRoot]") == ["div", None]
        await tab.page.evaluate("document.styleSheets[0].insertRule('div, span { display: none !important; }')")
        assert "Waiting" in (await tab.badges())[0]

        await tab.stand_in("it.setView({ on: false })")

        await until(lambda: tab.page.evaluate(f"{host}.localName"), lambda name: name == "body")


async def test_the_original_is_seen_while_the_key_is_held(open_pages: OpenPages) -> None:
    async with open_pages("plain", badges=False) as tab:
        await _first_in_colour(tab)
        coloured = await tab.sight()
        await tab.page.keyboard.down("o")
        await tab.until_in_colour()
        original = await tab.sight()
        await tab.page.keyboard.up("o")
        await tab.until_in_colour(1, 2, 3, 4)

        assert look_different(coloured, original)
        assert np.array_equal(await tab.sight(), coloured)


async def test_the_key_types_where_the_person_types(open_pages: OpenPages) -> None:
    async with open_pages("plain") as tab:
        await _first_in_colour(tab)
        await tab.page.evaluate("document.querySelector('#comments').append(document.createElement('textarea'))")
        await tab.page.focus("textarea")
        await tab.page.keyboard.down("o")
        await tab.settle()

        assert await tab.page.input_value("textarea") == "o"
        assert await tab.in_colour() == ["1", "2", "3", "4"]


async def test_the_original_is_seen_while_the_page_is_pressed_and_the_click_is_kept_from_the_site(
    open_pages: OpenPages,
) -> None:
    async with open_pages("plain") as tab:
        await _first_in_colour(tab)
        await _go_to(tab, 3)  # in a link to the next page
        address = tab.page.url
        await tab.page.mouse.move(*await _middle_of(tab, 3))
        await tab.page.mouse.down()
        await tab.until_in_colour(1, 2, 4)
        await tab.page.mouse.up()
        await tab.until_in_colour(1, 2, 3, 4)
        assert tab.page.url == address

        async with tab.page.expect_navigation():
            await tab.page.mouse.click(*await _middle_of(tab, 3))


async def test_a_page_stays_in_colour_whatever_the_site_does_to_its_element(open_pages: OpenPages) -> None:
    async with open_pages("plain", badges=False) as tab:
        await _first_in_colour(tab)
        for change in (
            "e.style.width = '300px'",
            "e.setAttribute('style', 'width: 320px; outline: 1px solid')",
            "e.className = 'zoomed'",
            "e.src = e.src",
            "e.replaceWith(e.cloneNode())",
            "{ const parent = e.parentNode; e.remove(); setTimeout(() => parent.prepend(e), 300); }",
        ):
            await tab.page.locator("[data-page='1']").evaluate(f"e => {{ {change}; }}")
            await tab.settle()
            await tab.until_in_colour(1, 2, 3, 4)

        await tab.stand_in('it.setView({ shown: "original" })')
        await tab.until_in_colour()
        assert await tab.page.get_attribute("[data-page='1']", "style") == "width: 320px; outline: 1px solid"


async def test_a_site_that_takes_every_change_back_is_not_fought_for_ever(open_pages: OpenPages) -> None:
    async with open_pages("plain", badges=False) as tab:
        await _first_in_colour(tab)
        await tab.page.locator("[data-page='1']").evaluate(
            """element => {
              window.times = 0;
              new MutationObserver(() => {
                if (!element.style.backgroundImage) return;
                window.times += 1;
                element.setAttribute("style", "width: 480px");
              }).observe(element, { attributes: true });
              element.style.opacity = "0.9";
            }"""
        )
        for _ in range(5):
            await tab.settle()
        # Rests of 50, 100, 200 ms and so on: a tenth try is half a minute away.
        assert 1 <= await tab.page.evaluate("window.times") <= 10


async def test_a_picture_that_is_swapped_is_never_seen_in_the_colours_of_the_one_before(open_pages: OpenPages) -> None:
    async with open_pages("spa", badges=False) as tab:
        await tab.until_in_colour(1)
        await tab.stand_in("void (it.paints = false)")
        await tab.page.click("#next")
        assert await tab.in_colour() == []
        await tab.until_found(2)
        await tab.stand_in("it.paintAll()")
        await tab.until_in_colour(2)

        await tab.page.evaluate("page.dataset.page = 1; page.src = '/pages/1.png'")
        await tab.until_in_colour(1)
        assert [await tab.number_of(page) for page in await tab.found()] == [1, 2]


async def test_a_canvas_that_is_drawn_anew_is_another_page(open_pages: OpenPages) -> None:
    async with open_pages("canvas", badges=False) as tab:
        await _first_in_colour(tab)
        await tab.stand_in("void (it.paints = false)")
        await tab.page.locator("canvas").first.evaluate(
            """async (canvas) => {
              const image = new Image();
              image.src = "/colour/3.png";
              await image.decode();
              canvas.getContext("2d").drawImage(image, 0, 0);
            }"""
        )
        await tab.until_in_colour(2, 3, 4)
        await tab.until_found(5)


async def test_pages_in_view_come_first_then_those_ahead(open_pages: OpenPages) -> None:
    async with open_pages("plain", paints=False) as tab:
        await tab.until_found(4)
        for number, expected in ((1, [0, 0, 1, 2]), (4, [-3, -2, -1, 0])):
            await _go_to(tab, number)
            await until(lambda: _nearness(tab), expected.__eq__)


async def test_a_background_that_died_is_told_everything_again(open_pages: OpenPages) -> None:
    async with open_pages("plain", paints=False) as tab:
        before = await tab.until_found(4)
        await tab.stand_in("void (it.lists = {})")
        await tab.stand_in("it.closePorts()")
        assert [page["key"] for page in await tab.until_found(4)] == [page["key"] for page in before]


@pytest.mark.parametrize(
    ("kind", "how", "readable"),
    [
        ("plain", "fetch", True),
        ("plain", "canvas", True),
        ("picture", "canvas", True),
        ("background", "canvas", True),
        ("canvas", "canvas", True),
        ("blob", "canvas", True),
        ("blob", "fetch", False),
        ("iframe", "canvas", True),
        ("hotlink", "canvas", False),
        ("hotlink", "fetch", False),
    ],
)
async def test_the_bytes_of_a_page_are_read_where_the_browser_allows(
    kind: str, how: str, readable: bool, open_pages: OpenPages
) -> None:
    async with open_pages(kind) as tab:
        page = (await tab.until_found(4))[1]
        await tab.until_in_colour(1, 2, 3, 4)
        if readable:
            pixels = await tab.read(page["key"], how)
            assert pixels.shape == (page["height"], page["width"])
            assert await tab.number_of(page) == 2
        else:
            assert (await tab.answer_to_read(page["key"], how))["error"]


@pytest.mark.parametrize(
    ("path", "taken"), [("/art/drawing-480x680.png", "picture in a comment"), ("/pages/1.png", "1")]
)
async def test_one_picture_is_coloured_on_a_site_that_is_off_and_not_its_thumbnail(
    path: str, taken: str, open_pages: OpenPages
) -> None:
    async with open_pages("plain", on=False) as tab:
        await until(lambda: tab.stand_in("it.portCount"), bool)
        await _choose(tab, path)
        (found,) = await tab.until_found(1)
        assert found["chosen"]
        await until(tab.in_colour, lambda painted: painted == [taken])


async def test_a_page_that_is_asked_for_as_well_is_no_other_page(open_pages: OpenPages) -> None:
    async with open_pages("plain") as tab:
        first = await _first_in_colour(tab)
        await _choose(tab, "/pages/1.png")
        await tab.read(first["key"], "canvas")  # so it has heard the choice
        await tab.until_found(4)
        await tab.until_in_colour(1, 2, 3, 4)


async def test_an_extension_that_goes_leaves_the_page_as_it_was(site: ReaderSite, tmp_path: Path) -> None:
    folder = build_with_stand_in(tmp_path / "extension")
    async with (
        extension_browser(folder) as browser,
        pages_tab(browser, f"{site.url}/read/plain", badges=False) as tab,
    ):
        await tab.until_in_colour(1, 2, 3, 4)
        await browser.in_worker("() => void setTimeout(() => chrome.runtime.reload())")
        await tab.until_in_colour()
