"""Who may use the studio, from which device, in which language, and with which senses."""

from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import cv2
import numpy as np
import pytest
import pytest_asyncio
from axe_playwright_python.base import AXE_FILE_PATH
from numpy.typing import NDArray
from playwright.async_api import Browser, Route, expect

from tests.acceptance.server_process import get_json, submit_pages, until_ended
from tests.acceptance.server_process import server as lite_server
from tests.acceptance.studio.browser import Studio, studio_tab
from tests.acceptance.studio.conftest import FakeServer, OpenStudio

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.timeout(300)]

TOKEN = "correct horse battery staple"
PHONE = {"viewport": {"width": 390, "height": 844}, "has_touch": True}
#: CSS pixels of the narrowest phone that is still sold, and of a usual one.
PHONE_WIDTHS = (320, 390)
DARK = {"color_scheme": "dark"}
#: Every view, and what is there when it has read what it shows.
VIEWS = {
    "": ".choice",
    "queue": "mf-job-line .button",
    "library": ".book",
    "chapter/seen": "mf-chapter mf-page-tile",
    "read/seen/1": ".pane.right .after[src]",
    "server": ".engine",
}
JOB = "mf-job mf-page-tile"

#: What reaches beyond the right edge of the window, but for what scrolls or is cut within something else.
_STICKING_OUT = """() => {
  const isCut = ({ parentElement: parent }) =>
    parent !== document.body && (getComputedStyle(parent).overflowX !== "visible" || isCut(parent));
  return [...document.body.querySelectorAll("*")]
    .filter((each) => each.checkVisibility() && each.getBoundingClientRect().right > innerWidth + 0.5 && !isCut(each))
    .map((each) => each.outerHTML.slice(0, 160));
}"""


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def seen(server: FakeServer, pages: dict[str, bytes], style: bytes) -> str:
    """A job of a chapter of two pages that has ended."""
    job_id = await submit_pages(server.url, list(pages.values())[:2], style, "seen")
    await until_ended(server.url, job_id, 60)
    return job_id


@pytest_asyncio.fixture(loop_scope="module")
async def busy(server: FakeServer, seen: str, pages: dict[str, bytes], style: bytes) -> AsyncIterator[str]:
    """A long job of a long name that runs while nine wait for it."""
    page = next(iter(pages.values()))
    async with aiohttp.ClientSession(server.url) as client:
        jobs = [await submit_pages(server.url, [page] * 200, style, "The-Long-Way-Home-" * 3 + "01")]
        await client.patch(f"/v1/jobs/{jobs[0]}", json={"priority": 10})
        for number in range(9):
            jobs.append(await submit_pages(server.url, [page], style, f"waiting-{number}"))
        yield jobs[0]
        for job in jobs:
            await client.post(f"/v1/jobs/{job}/cancel")


async def _serious_violations(studio: Studio) -> list[str]:
    await studio.page.evaluate(Path(AXE_FILE_PATH).read_text(encoding="utf-8"))
    results = await studio.page.evaluate("axe.run(document, { resultTypes: ['violations'] })")
    return [
        f"{found['id']}: {node['html'][:160]} {node['failureSummary'][:200]}"
        for found in results["violations"]
        if found["impact"] in ("serious", "critical")
        for node in found["nodes"]
    ]


@pytest.mark.parametrize("options", [{}, DARK, PHONE], ids=["light", "dark", "phone"])
async def test_axe_finds_nothing_serious_in_any_view(
    open_studio: OpenStudio, seen: str, options: dict[str, object]
) -> None:
    found = {}
    async with open_studio(**options) as studio:
        for view, shown in {**VIEWS, f"job/{seen}": JOB}.items():
            await studio.open(view)
            await studio.page.wait_for_selector(shown)
            found[view] = await _serious_violations(studio)
        await studio.page.goto(f"{studio.url}/docs")
        await studio.page.wait_for_selector(".route")
        found["docs"] = await _serious_violations(studio)

    assert found == {view: [] for view in found}


async def test_no_view_is_wider_than_a_phone_not_even_while_ten_chapters_wait(
    open_studio: OpenStudio, busy: str
) -> None:
    found = {}
    for locale in ("en-GB", "pt-PT"):
        async with open_studio(**PHONE, locale=locale) as studio:
            for view, shown in {**VIEWS, f"job/{busy}": JOB}.items():
                await studio.open(view)
                await studio.page.wait_for_selector(shown)
                await studio.until("document.querySelector('.tab .count').textContent === '10'")
                for width in PHONE_WIDTHS:
                    await studio.page.set_viewport_size({"width": width, "height": 844})
                    found[locale, view, width] = await studio.page.evaluate(_STICKING_OUT)

    assert found == {place: [] for place in found}


async def test_a_protected_server_asks_for_its_token_until_it_is_right_and_then_no_more(
    browser: Browser, pages: dict[str, bytes], style: bytes, tmp_path: Path
) -> None:
    protected = FakeServer(tmp_path / "data", token=TOKEN)
    await protected.start()
    try:
        async with studio_tab(browser, protected.url) as studio:
            await studio.page.goto(protected.url)
            await studio.page.fill("#token", "wrong")
            await studio.page.keyboard.press("Enter")
            await studio.page.wait_for_selector("#token-error:has-text('not the token')")
            await studio.page.fill("#token", TOKEN)
            await studio.page.keyboard.press("Enter")
            await studio.page.wait_for_selector(".link-state:not(.lost)")

            await studio.page.reload()
            await studio.prepare(dict(list(pages.items())[:1]), style, "protected")
            await studio.start()
            await studio.until_job("Done")
            await studio.until("document.querySelector('mf-page-tile .after')?.naturalWidth > 0")
            await expect(studio.page.locator("dialog")).to_have_count(0)
            studio.forget("401")
    finally:
        await protected.kill()


async def test_the_pairing_code_and_its_text_hold_what_was_typed_and_nothing_is_sent(open_studio: OpenStudio) -> None:
    async with open_studio(permissions=["clipboard-read", "clipboard-write"]) as studio:
        await studio.open("server")
        await studio.page.fill("#pair-address", "http://192.168.1.20:8765")
        await studio.page.fill("#pair-token", TOKEN)
        sent: list[str] = []
        studio.page.on("request", lambda request: sent.append(f"{request.url} {request.post_data or ''}"))
        await studio.page.click("mf-pairing .button")
        picture = await studio.page.locator("mf-qr-code svg").screenshot()
        typed = await studio.page.input_value("#pair-link")
        await studio.page.click("mf-pairing .button:has-text('Copy')")
        await studio.page.wait_for_selector("mf-pairing .hint:has-text('Copied.')")
        copied = await studio.page.evaluate("navigator.clipboard.readText()")

    image = cv2.imdecode(np.frombuffer(picture, np.uint8), cv2.IMREAD_GRAYSCALE)
    assert image is not None
    text, _, _ = cv2.QRCodeDetector().detectAndDecode(image)
    assert (
        text
        == typed
        == copied
        == "mangaflux://pair?address=http%3A%2F%2F192.168.1.20%3A8765&token=correct+horse+battery+staple"
    )
    assert not any("horse" in each for each in sent)


async def test_the_reader_is_used_with_the_keyboard_alone(open_studio: OpenStudio, seen: str) -> None:
    async with open_studio() as studio:
        press = studio.page.keyboard.press
        await studio.open("read/seen/1")
        await studio.page.wait_for_selector(".pane.right .after[src]")
        await press("ArrowLeft")
        await studio.until("location.hash.endsWith('/2')")
        await press("ArrowRight")
        await studio.until("location.hash.endsWith('/1')")
        for key, mode in (("2", "side"), ("3", "colour"), ("4", "original"), ("1", "slider")):
            await press(key)
            await expect(studio.page.locator("mf-page-stage")).to_have_attribute("data-mode", mode)
        await press("+")
        await expect(studio.page.locator("mf-page-stage.zoomed")).to_have_count(1)
        await press("0")
        await studio.page.keyboard.down("Space")
        await expect(studio.page.locator("mf-page-stage.peek")).to_have_count(1)
        await studio.page.keyboard.up("Space")
        await expect(studio.page.locator("mf-page-stage.peek")).to_have_count(0)
        await press("o")
        await expect(studio.page.locator(".pane.right .overlay")).to_be_visible()
        await press("Escape")
        await studio.page.wait_for_selector("mf-chapter")


async def _picture(studio: Studio, selector: str) -> NDArray[np.uint8]:
    data = await studio.page.locator(selector).screenshot()
    return np.asarray(cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR), dtype=np.uint8)


async def test_what_the_analysis_saw_is_drawn_over_the_colours_and_over_the_original(
    open_studio: OpenStudio, server: FakeServer, seen: str
) -> None:
    found = await get_json(server.url, "/v1/chapters/seen/pages/1/metadata")
    async with open_studio() as studio:
        await studio.open("read/seen/1")
        await studio.until("document.querySelector('.pane.right .after').naturalWidth > 0")
        for mode in ("3", "4"):
            await studio.page.keyboard.press(mode)
            plain = await _picture(studio, ".pane.right .sheet")
            await studio.page.keyboard.press("o")
            await studio.page.wait_for_selector(".pane.right .overlay svg")
            drawn = await _picture(studio, ".pane.right .sheet")
            await studio.page.keyboard.press("o")
            # Lines and light fills: most of the page is as it was, and some of it is not.
            assert 0.01 < (np.abs(drawn.astype(int) - plain).max(axis=2) > 8).mean() < 0.5
        svg = studio.page.locator(".pane.right .overlay svg")
        for kind in ("panel", "balloon", "lettering"):
            many = found[f"{kind}s"] if f"{kind}s" in found else found[kind]
            await expect(svg.locator(f".{kind}:not(.halo)")).to_have_count(len(many))
        assert await svg.locator("text").all_text_contents() == [str(panel["order"]) for panel in found["panels"]]


async def test_a_strip_is_scrolled_and_what_would_do_nothing_is_dimmed(open_studio: OpenStudio, seen: str) -> None:
    async with open_studio() as studio:
        page = studio.page
        dimmed = (
            "[...document.querySelectorAll('mf-reader [aria-disabled=true]')]"
            ".filter((each) => each.checkVisibility()).map((each) => each.ariaLabel)"
        )
        await studio.open("read/seen/1")
        await studio.until("document.querySelector('.pane.right .after').naturalWidth > 0")
        assert await page.evaluate(dimmed) == ["Smaller (−)", "Page to the right"]
        await page.keyboard.press("+")
        await page.keyboard.press("ArrowLeft")
        await studio.until("location.hash.endsWith('/2')")
        assert await page.evaluate(dimmed) == ["Page to the left"]

        await page.keyboard.press("0")
        await page.check("mf-reader input[value=vertical]", force=True)
        await page.wait_for_selector("mf-page-strip figure:nth-child(2) .after")
        assert await page.evaluate(dimmed) == ["Smaller (−)", "Larger (+)"]
        await expect(page.locator("mf-reader input[value=slider]")).to_be_disabled()
        await page.locator("mf-page-strip").evaluate("(strip) => strip.scrollTo({ top: 0, behavior: 'instant' })")
        await studio.until("location.hash.endsWith('/1')")
        await page.focus("mf-page-strip")
        await page.keyboard.press("End")
        await studio.until("location.hash.endsWith('/2')")
        await page.keyboard.press("o")
        await page.wait_for_selector("mf-page-strip figure:nth-child(2) svg .panel")
        await page.keyboard.down("Space")
        await expect(page.locator("mf-page-strip figure:nth-child(2) .after")).to_be_hidden()
        await page.keyboard.up("Space")


async def test_a_page_without_an_analysis_says_why_it_cannot_be_tried_again(open_studio: OpenStudio, seen: str) -> None:
    async def unseen(route: Route) -> None:
        answer = await (await route.fetch()).json()
        for page in answer["pages"]:
            page["artifacts"]["metadata"]["url"] = None
        await route.fulfill(json=answer)

    async with open_studio() as studio:
        await studio.page.route("**/v1/chapters/seen/pages", unseen)
        await studio.open("read/seen/1")
        await studio.page.wait_for_selector(".pane.right .after[src]")
        await studio.page.keyboard.press("i")
        button = studio.page.locator("[aria-label='Another seed']")
        await button.focus()
        assert await studio.page.evaluate("document.activeElement.title") == (
            "Another seed: the analysis has not seen this page yet"
        )
        await button.click(force=True)
        await expect(studio.page.locator(".reader-status")).to_be_hidden()
        await studio.page.unroute_all(behavior="wait")


async def test_every_view_fills_a_4k_screen_without_running_over_it(open_studio: OpenStudio, seen: str) -> None:
    found = {}
    async with open_studio(viewport={"width": 3840, "height": 2160}) as studio:
        for view, shown in {**VIEWS, f"job/{seen}": JOB}.items():
            await studio.open(view)
            await studio.page.wait_for_selector(shown)
            wide = await studio.page.evaluate("document.querySelector('main').offsetWidth > innerWidth / 2")
            found[view] = (wide, await studio.page.evaluate(_STICKING_OUT))

    assert found == {view: (True, []) for view in found}


async def test_a_chapter_of_the_library_shows_its_colours(open_studio: OpenStudio, seen: str) -> None:
    async with open_studio() as studio:
        await studio.open("library")
        await studio.page.click(".book-title:has-text('seen')")
        await studio.page.wait_for_selector("mf-chapter mf-page-tile")
        shown = "[...document.querySelectorAll('mf-chapter .after')].filter((each) => each.naturalWidth > 0).length"
        await studio.until(f"{shown} === 2")


async def test_an_address_that_was_cut_short_says_that_nothing_is_there(open_studio: OpenStudio) -> None:
    async with open_studio() as studio:
        await studio.open("job/100%")
        await studio.page.wait_for_selector("h1:has-text('This job is not here any more')")
        studio.forget("404")


async def test_it_speaks_portuguese_to_who_does_and_remembers_a_choice(open_studio: OpenStudio) -> None:
    async with open_studio(locale="pt-PT") as studio:
        await studio.open()
        await expect(studio.page.locator("h1")).to_have_text("Colorir um capítulo")
        await expect(studio.page.locator("html")).to_have_attribute("lang", "pt")
        await studio.page.click(".tools [lang=en]")
        await studio.page.reload()
        await expect(studio.page.locator("h1")).to_have_text("Colour a chapter")


async def test_the_reference_of_the_api_shows_every_route_with_a_command(open_studio: OpenStudio) -> None:
    async with open_studio() as studio:
        await studio.page.goto(f"{studio.url}/docs")
        await studio.page.wait_for_selector(".route")
        description = await studio.page.evaluate("fetch('/openapi.json').then((answer) => answer.json())")
        routes = sum(len(methods) for methods in description["paths"].values())

        await expect(studio.page.locator(".route")).to_have_count(routes)
        commands = await studio.page.locator(".route pre").all_inner_texts()
        assert all("curl " in command for command in commands)
        assert len(commands) == routes


async def test_lite_colours_what_is_dropped(
    browser: Browser, pages: dict[str, bytes], style: bytes, tmp_path: Path
) -> None:
    async with (
        lite_server(tmp_path / "data", "--engine", "lite") as running,
        studio_tab(browser, running.url) as studio,
    ):
        await studio.prepare(dict(list(pages.items())[:2]), style, "lite")
        await studio.start()
        await studio.until_job("Done")

        await studio.until(
            "[...document.querySelectorAll('mf-page-tile .after')].filter((each) => each.naturalWidth).length === 2"
        )
