"""The views of the extension in Chromium: what they show, what they ask for, and that everybody can use them."""

import re
from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio
from playwright.async_api import Page, expect

from tests.acceptance.extension.browser import ExtensionBrowser
from tests.acceptance.extension.stand_in import ADDRESS, ORIGIN, answers
from tests.acceptance.extension.views import SIDE_PANEL, VIEWS, asked, browser_that_speaks, serious_violations, view

pytestmark = pytest.mark.asyncio(loop_scope="module")

POPUP = "views/popup.html?tab=1"
OPTIONS = "views/options.html"
LANGUAGES = ("en", "pt")
OFF: dict[str, Any] = {
    "origin": ORIGIN,
    "on": False,
    "granted": False,
    "reference": None,
    "direction": "rtl",
    "counts": {},
    "pages": [],
    "chapter_id": None,
    "title": "",
    "shown": "colour",
}
#: What sticks out of a view to the right.
STICKING_OUT = """[...document.querySelectorAll("body *")]
  .filter((each) => each.getBoundingClientRect().right > innerWidth + 0.5 && !each.closest(".heard, .clip"))
  .map((each) => each.outerHTML.slice(0, 120))"""


@pytest_asyncio.fixture(scope="module", loop_scope="module", params=LANGUAGES)
async def speaking(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[ExtensionBrowser]:
    """A browser with the extension in each language."""
    folder = tmp_path_factory.mktemp("extension") / "speaking"
    async with browser_that_speaks(request.param, folder) as started:
        yield started


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def browser(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[ExtensionBrowser]:
    async with browser_that_speaks("en", tmp_path_factory.mktemp("extension") / "english") as started:
        yield started


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_axe_finds_nothing_serious_in_any_view(speaking: ExtensionBrowser, scheme: str) -> None:
    found = {}
    for path, filled in VIEWS.items():
        async with view(speaking, path, scheme=scheme) as page:
            await page.wait_for_selector(filled)
            found[path] = await serious_violations(page)

    assert found == {path: [] for path in VIEWS}


async def test_no_view_is_wider_than_its_place(speaking: ExtensionBrowser) -> None:
    found = {}
    for path, filled in VIEWS.items():
        async with view(speaking, path, size=None if path == POPUP else SIDE_PANEL) as page:
            await page.wait_for_selector(filled)
            found[path] = await page.evaluate(STICKING_OUT)

    assert found == {path: [] for path in VIEWS}


async def test_every_view_says_its_language(speaking: ExtensionBrowser) -> None:
    for path, filled in VIEWS.items():
        async with view(speaking, path) as page:
            await page.wait_for_selector(filled)
            language = await page.evaluate("document.documentElement.lang")
            assert await page.evaluate("chrome.i18n.getMessage('view_language')") == language
            texts = await page.evaluate("[...document.querySelectorAll('[data-t]')].map((each) => each.textContent)")
            assert all(texts)


async def test_without_a_server_the_popup_leads_to_pairing(browser: ExtensionBrowser) -> None:
    told = answers(**{"pair.get": {"state": "unpaired", "address": "", "hasToken": False}})
    async with view(browser, POPUP, told=told) as page:
        async with browser.context.expect_page() as opened:
            await page.get_by_role("button", name="Pair with your server").click()

        assert (await opened.value).url == browser.address("views/pairing.html")
        await (await opened.value).close()


async def test_turning_a_site_on_asks_the_browser_and_then_tells_the_background(browser: ExtensionBrowser) -> None:
    async with view(browser, POPUP, told=answers(**{"site.get": OFF})) as page:
        await page.get_by_role("switch").click()
        await expect(page.get_by_role("switch")).to_be_checked()

        said = await asked(page, "site.set")
        assert [message["on"] for message in said] == [True, True]
        assert {message["origin"] for message in said} == {ORIGIN}


async def test_a_site_that_the_browser_refuses_stays_off_and_the_popup_says_why(browser: ExtensionBrowser) -> None:
    async with view(browser, POPUP, told=answers(**{"site.get": OFF}), grants=False) as page:
        await page.get_by_role("switch").click()
        await expect(page.locator("#refusal")).to_contain_text("The browser did not allow reader.example")

        await expect(page.get_by_role("switch")).not_to_be_checked()
        assert (await asked(page, "site.set"))[-1]["on"] is False


async def test_each_page_says_what_becomes_of_it(browser: ExtensionBrowser) -> None:
    async with view(browser, POPUP) as page:
        lines = page.locator(".page-lines li")
        await expect(lines).to_have_count(15)

        assert await lines.nth(0).inner_text() == "1\nLeft as it is: in colour already"
        assert await lines.nth(6).inner_text() == "7\nFailed: The device ran out of memory.\nTry again"
        assert await lines.nth(7).inner_text() == "8\nColouring 3/4, 12 s left"
        assert await lines.nth(11).inner_text() == "12\nPaused: cancelled\nTry again"
        unreadable = await lines.nth(13).inner_text()
        assert unreadable.startswith("14\nFailed: the site does not give this picture away\n")
        assert unreadable.endswith("Only as sharp as the screen shows it. Keep the tab in front meanwhile.")
        assert await lines.nth(14).inner_text() == "15\nIn colour, as sharp as the screen showed it"
        bar = page.get_by_role("progressbar")
        assert await bar.get_attribute("aria-valuetext") == await page.locator("#summary").inner_text()
        assert await bar.get_attribute("aria-valuenow") == "47"


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("Cancel the rest", "tab.cancel"),
        ("Go on with 3 pages", "tab.retry"),
        ("Save as CBZ", "tab.save"),
        ("Other colours for page 3", "page.reroll"),
        ("Try again: page 7", "page.retry"),
        ("Take what is on the screen: page 14", "page.screen"),
    ],
)
async def test_every_button_of_a_chapter_works_from_the_keyboard(
    browser: ExtensionBrowser, name: str, kind: str
) -> None:
    async with view(browser, POPUP) as page:
        await page.wait_for_selector(".page-lines li")
        await _walk_to(page, name)
        await page.keyboard.press("Enter")

        [message] = await _until_asked(page, kind)
        assert message["tabId"] == 1
        assert message.get("key", "").removeprefix("page-") == "".join(re.findall(r"page (\d+)$", name))


async def test_colours_and_original_are_switched_with_the_arrow_keys(browser: ExtensionBrowser) -> None:
    async with view(browser, POPUP) as page:
        await page.get_by_role("radio", name="Colours").focus()
        await page.keyboard.press("ArrowRight")

        [message] = await _until_asked(page, "tab.show")
        assert message["shown"] == "original"


async def test_a_refusal_of_the_background_is_shown_while_the_chapter_goes_on(browser: ExtensionBrowser) -> None:
    told = answers()
    told["tab.save"] = {"ok": False, "code": "not_ready", "message": "No page of this chapter is finished yet."}
    async with view(browser, POPUP, told=told, size={"width": 353, "height": 400}) as page:
        await page.get_by_role("button", name="Save as CBZ").click()
        await expect(page.locator("#refusal")).to_contain_text("No page of this chapter is finished yet.")
        await expect(page.locator("#refusal")).to_be_in_viewport(ratio=0.9)

        await _add_page(browser, page)
        await expect(page.locator("#refusal")).to_contain_text("No page of this chapter is finished yet.")


async def test_why_a_picture_that_was_chosen_on_the_page_stays_as_it_is_is_said(browser: ExtensionBrowser) -> None:
    told = answers()
    told["site.get"] = {**told["site.get"], "trouble": "This picture cannot be coloured in its place."}
    async with view(browser, POPUP, told=told) as page:
        await expect(page.locator("#notices")).to_contain_text("This picture cannot be coloured in its place.")


async def test_what_hinders_everything_stays_when_something_else_succeeds(browser: ExtensionBrowser) -> None:
    lost = {"state": "server_off", "address": ADDRESS, "hasToken": True, "message": "MangaFlux does not answer."}
    async with view(browser, POPUP, told=answers(**{"pair.get": lost})) as page:
        await page.get_by_role("button", name="Save as CBZ").click()
        await expect(page.get_by_text("Saved The Long Way Home 3.cbz")).to_be_visible()

        await expect(page.locator("#notices")).to_contain_text("MangaFlux does not answer.")


async def test_a_background_that_will_not_say_is_named(browser: ExtensionBrowser) -> None:
    told = answers()
    told["pair.get"] = {"ok": False, "code": "unforeseen", "message": "The database is locked."}
    async with view(browser, POPUP, told=told) as page:
        await expect(page.locator("#notices")).to_contain_text("The database is locked.")


async def test_a_chapter_that_goes_on_leaves_the_focus_where_it_is(browser: ExtensionBrowser) -> None:
    async with view(browser, POPUP) as page:
        await page.get_by_role("button", name="Other colours for page 3").focus()
        await _add_page(browser, page)

        await expect(page.get_by_role("button", name="Other colours for page 3")).to_be_focused()


async def test_one_of_the_pictures_used_before_becomes_the_reference_of_the_site(browser: ExtensionBrowser) -> None:
    async with view(browser, POPUP) as page:
        await page.get_by_role("button", name="Change").click()
        await page.get_by_role("button", name="Take colours from cover b.png").click()

        [message] = await _until_asked(page, "site.set")
        assert (message["origin"], message["reference"]) == (ORIGIN, "b" * 64)


async def test_a_new_picture_is_uploaded_where_no_popup_closes(browser: ExtensionBrowser) -> None:
    async with view(browser, f"{OPTIONS}#style=https%3A%2F%2Freader.example") as page:
        async with page.expect_file_chooser() as chooser:
            await page.get_by_role("button", name="Choose a file").click()
        await (await chooser.value).set_files(
            {"name": "cover.png", "mimeType": "image/png", "buffer": b"\x89PNG and so on"}
        )

        [sent] = await _until_asked(page, "references.add")
        assert (sent["name"], sent["mime"], sent["base64"]) == ("cover.png", "image/png", "iVBORyBhbmQgc28gb24=")
        [message] = await _until_asked(page, "site.set")
        assert (message["origin"], message["reference"]) == (ORIGIN, "c" * 64)


async def test_settings_are_kept_as_they_are_changed(browser: ExtensionBrowser) -> None:
    async with view(browser, OPTIONS) as page:
        await page.get_by_label("Engine").select_option("lite")
        await page.get_by_label("Pages ahead").fill("12")
        await page.get_by_label("Key for the original").press("p")
        await page.get_by_role("switch", name="Show on each page what becomes of it").click()

        said = await _until_asked(page, "settings.set", 4)
        assert [message["settings"] for message in said] == [
            {"engine": "lite"},
            {"ahead": 12},
            {"peekKey": "p"},
            {"badges": False},
        ]


async def test_a_number_out_of_its_range_is_not_kept(browser: ExtensionBrowser) -> None:
    async with view(browser, OPTIONS) as page:
        await page.get_by_label("Pages ahead").fill("0")
        await page.get_by_label("Pages ahead").press("Enter")

        await expect(page.get_by_label("Pages ahead")).to_have_attribute("aria-invalid", "true")
        assert await asked(page, "settings.set") == []


async def test_options_show_history_sites_pictures_and_keys(browser: ExtensionBrowser) -> None:
    async with view(browser, OPTIONS) as page:
        await expect(page.locator("#history li")).to_have_count(3)
        await expect(page.locator("#history li").first).to_contain_text("5 of 13")
        await expect(page.get_by_role("switch", name="Colour the pages of reader.example")).to_be_checked()
        assert len(await asked(page, "references.list")) == 1
        await expect(page.locator("#cache")).to_contain_text("81 MB of 200 MB, 96 pages")
        await expect(page.locator("#shortcuts kbd").first).to_have_text("Alt+Shift+M")
        await page.get_by_role("button", name="Clear").click()

        assert len(await _until_asked(page, "cache.clear")) == 1


async def test_a_pairing_link_is_taken_apart_into_address_and_token(browser: ExtensionBrowser) -> None:
    async with view(browser, "views/pairing.html") as page:
        await page.get_by_label("Address").fill(
            "mangaflux://pair?address=http%3A%2F%2F192.168.1.5%3A8765&token=se%20cret"
        )
        await page.get_by_role("button", name="Pair", exact=True).click()
        await expect(page.locator("#outcome")).to_contain_text("Paired with MangaFlux 0.1.0")

        [kept] = await asked(page, "pair.save")
        assert (kept["address"], kept["token"]) == ("http://192.168.1.5:8765", "se cret")


@pytest.mark.parametrize(
    ("typed", "address"),
    [
        ("192.168.1.5", "http://192.168.1.5:8765"),
        ("box.local:80", "http://box.local"),
        ("localhost:9000", "http://localhost:9000"),
        (f" {ADDRESS}/ ", ADDRESS),
        ("https://manga.example/studio", "https://manga.example"),
    ],
)
async def test_addresses_are_understood_as_people_type_them(
    browser: ExtensionBrowser, typed: str, address: str
) -> None:
    async with view(browser, "views/pairing.html") as page:
        await page.get_by_label("Address").fill(typed)
        await page.get_by_role("button", name="Only test").click()

        [message] = await _until_asked(page, "pair.test")
        assert message["address"] == address
        assert await asked(page, "pair.save") == []


@pytest.mark.parametrize("typed", ["", "not an address", "ftp://box.local", "mangaflux://pair?token=x"])
async def test_what_is_no_address_is_said_beside_the_field(browser: ExtensionBrowser, typed: str) -> None:
    async with view(browser, "views/pairing.html") as page:
        await page.wait_for_function("document.getElementById('token').placeholder !== ''")
        await page.get_by_label("Address").fill(typed)
        await page.get_by_role("button", name="Pair", exact=True).click()

        await expect(page.locator("#address-error")).to_be_visible()
        await expect(page.get_by_label("Address")).to_be_focused()
        assert await asked(page, "pair.test") == []


async def _add_page(browser: ExtensionBrowser, page: Page) -> None:
    """The chapter in the popup gets a page, and the background says that something has changed."""
    await page.evaluate(
        "window.answers['site.get'].pages.unshift({key: 'new', place: 16, page_num: 16, state: 'waiting'})"
    )
    await browser.in_worker("() => chrome.runtime.sendMessage({type: 'changed'})")
    await expect(page.locator(".page-lines li")).to_have_count(16)


async def _walk_to(page: Page, name: str) -> None:
    """Goes through a view with the tabulator until a control with this name has the focus."""
    wanted = page.get_by_role("button", name=re.compile(re.escape(name)))
    for _ in range(40):
        await page.keyboard.press("Tab")
        if await wanted.evaluate("element => element === document.activeElement"):
            return
    raise AssertionError(f"the keyboard does not lead to {name}")


async def _until_asked(page: Page, kind: str, count: int = 1) -> list[dict[str, Any]]:
    """The messages of a kind once there are as many."""
    for _ in range(100):
        if len(said := await asked(page, kind)) >= count:
            return said
        await page.wait_for_timeout(50)
    raise AssertionError(f"{count} × {kind} were not asked: {await asked(page, kind)}")
