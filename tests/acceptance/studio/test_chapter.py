"""A chapter from the drop to the download, and everything that may come in between."""

import asyncio
import io
import zipfile
from pathlib import Path

import aiohttp
import pytest
from playwright.async_api import Route, expect

from tests.acceptance.server_process import get_json, submit_pages, until_ended
from tests.acceptance.studio.browser import Studio
from tests.acceptance.studio.conftest import PAGES, FakeServer, OpenStudio

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.timeout(300)]


def _cbz(pages: dict[str, bytes]) -> bytes:
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, page in pages.items():
            archive.writestr(f"inside/{name}", page)
        archive.writestr("ComicInfo.xml", "<ComicInfo/>")
    return data.getvalue()


async def _download(studio: Studio, selector: str) -> bytes:
    async with studio.page.expect_download() as started:
        await studio.page.click(selector)
    return Path(await (await started.value).path()).read_bytes()


async def test_a_dropped_archive_is_tried_coloured_compared_and_taken_away(
    open_studio: OpenStudio, server: FakeServer, pages: dict[str, bytes], style: bytes
) -> None:
    async with open_studio(accept_downloads=True) as studio:
        page = studio.page
        await studio.open()
        await studio.drop(".card-pages mf-drop-zone", {"One Night.cbz": _cbz(pages)}, "application/vnd.comicbook+zip")
        await studio.drop(".card-style", {"style.png": style})
        await studio.until(f"document.querySelectorAll('.draft-pages li').length === {PAGES}")
        await expect(page.locator("#chapter-name")).to_have_value("One-Night")
        await expect(page.locator(".over")).to_have_count(0)

        await page.click("mf-preview-panel .button")
        await page.wait_for_selector("mf-preview-panel mf-compare .after[src^='blob:']")
        await page.press("mf-preview-panel .cut", "ArrowRight")
        assert await page.eval_on_selector("mf-compare", "e => e.style.getPropertyValue('--cut')") == "50.5%"

        await studio.start()
        await page.wait_for_selector("mf-page-tile[data-state='running']")
        await studio.until("document.title.includes('%')")
        await studio.until_job("Done")
        await studio.until(f"document.querySelectorAll('mf-page-tile .after').length === {PAGES}")

        archive = zipfile.ZipFile(io.BytesIO(await _download(studio, "mf-job a[download]")))
        assert archive.namelist() == ["ComicInfo.xml", *pages]
        await page.click("mf-job .view-head .button.main")
        await page.wait_for_selector("mf-page-stage .pane.right .after")
        await page.press(".stage-cut", "ArrowLeft")
        assert await page.eval_on_selector("mf-page-stage", "e => e.style.getPropertyValue('--cut')") == "49.5%"

    chapters = (await get_json(server.url, "/v1/chapters"))["chapters"]
    assert [chapter["chapter_id"] for chapter in chapters] == ["One-Night"]


async def test_a_reload_before_the_start_and_in_the_middle_loses_nothing(
    open_studio: OpenStudio, pages: dict[str, bytes], style: bytes
) -> None:
    async with open_studio() as studio:
        await studio.prepare(pages, style, "reloaded")
        await studio.page.reload()
        await studio.until(f"document.querySelectorAll('.draft-pages li').length === {PAGES}")
        await expect(studio.page.locator("#chapter-name")).to_have_value("reloaded")

        await studio.start()
        await studio.page.reload()

        await studio.until_job("Done")
        await expect(studio.page.locator("mf-page-tile[data-state='done']")).to_have_count(PAGES)


async def test_a_cancelled_chapter_goes_on_when_it_is_told_to(
    open_studio: OpenStudio, pages: dict[str, bytes], style: bytes
) -> None:
    async with open_studio() as studio:
        await studio.prepare(pages, style, "cancelled")
        await studio.start()
        await studio.page.click("mf-job .button.danger")
        await studio.page.click("dialog .button.main")
        await studio.until_job("Cancelled")

        await studio.page.click("mf-job .button:has-text('Go on with the rest')")

        await studio.until_job("Done")


async def test_another_seed_gives_a_page_other_colours(
    open_studio: OpenStudio, pages: dict[str, bytes], style: bytes
) -> None:
    async with open_studio() as studio:
        await studio.prepare(dict(list(pages.items())[:1]), style, "rerolled")
        await studio.start()
        await studio.until_job("Done")
        await studio.open("read/rerolled/1")
        image = studio.page.locator("mf-page-stage .pane.right .after[src]")
        before = await image.get_attribute("src")
        await studio.page.keyboard.press("i")

        await studio.page.click("mf-reader .info-actions .button.main")

        await studio.until(f"document.querySelector('.pane.right .after').getAttribute('src') !== '{before}'")


async def test_keys_that_come_before_the_pages_do_no_harm(
    open_studio: OpenStudio, server: FakeServer, pages: dict[str, bytes], style: bytes
) -> None:
    job = await submit_pages(server.url, list(pages.values())[:1], style, "early")
    await until_ended(server.url, job, 60)
    is_wanted = asyncio.Event()

    async def late(route: Route) -> None:
        await is_wanted.wait()
        await route.continue_()

    async with open_studio() as studio:
        await studio.page.route("**/v1/chapters/early/pages", late)
        await studio.page.goto(f"{studio.url}/#/read/early/1")
        await studio.page.wait_for_selector("mf-reader mf-page-stage", state="attached")

        for key in ("i", "End", "ArrowLeft", "o", "2"):
            await studio.page.keyboard.press(key)
        is_wanted.set()

        await studio.page.wait_for_selector("mf-reader .info-actions .button.main")
        await studio.until("document.querySelector('.pane.right .after').getAttribute('src') !== null")


async def test_another_seed_is_seen_where_no_event_comes_through(
    open_studio: OpenStudio, pages: dict[str, bytes], style: bytes
) -> None:
    async with open_studio() as studio:
        await studio.prepare(dict(list(pages.items())[:1]), style, "silent")
        await studio.start()
        await studio.until_job("Done")
        # Without a worker the stream is the tab's own, and can be refused as by a proxy that passes none.
        await studio.page.add_init_script("delete globalThis.SharedWorker")
        await studio.page.route("**/v1/events*", lambda route: route.fulfill(status=502))
        await studio.page.goto("about:blank")
        await studio.open("read/silent/1")
        image = studio.page.locator("mf-page-stage .pane.right .after[src]")
        before = await image.get_attribute("src")
        await studio.page.keyboard.press("i")

        await studio.page.click("mf-reader .info-actions .button.main")

        await studio.until(f"document.querySelector('.pane.right .after').getAttribute('src') !== '{before}'")
        await studio.until("document.querySelector('.reader-status').hidden")
        studio.forget("502")


async def test_a_chapter_called_preview_is_a_chapter_like_any_other(
    open_studio: OpenStudio, server: FakeServer, pages: dict[str, bytes], style: bytes
) -> None:
    async with open_studio() as studio:
        await studio.prepare(dict(list(pages.items())[:1]), style, "preview-1")
        await studio.start()
        await studio.until_job("Done")
        methods: list[str] = []
        studio.page.on("request", lambda request: methods.append(request.method))
        await studio.page.clock.install()
        await studio.page.clock.fast_forward("01:00:00")
        # Here trials of long ago are thrown away.
        async with studio.page.expect_response("**/v1/chapters"):
            await studio.open("")

        await studio.open("library")
        await studio.page.wait_for_selector(".book-title:has-text('preview-1')")
        assert "DELETE" not in methods


async def test_a_page_that_is_in_colour_already_is_left_and_says_why(
    open_studio: OpenStudio, pages: dict[str, bytes], style: bytes
) -> None:
    async with open_studio() as studio:
        await studio.prepare({"a.png": next(iter(pages.values())), "b.png": style}, style, "half-coloured")
        await studio.start()
        await studio.until_job("Done")

        tile = studio.page.locator("mf-page-tile[data-state='skipped']")
        assert "It is in colour already." in str(await tile.locator("a").get_attribute("aria-label"))


async def test_what_is_no_image_is_refused_by_name_and_the_rest_is_taken(
    open_studio: OpenStudio, pages: dict[str, bytes]
) -> None:
    async with open_studio() as studio:
        await studio.open()
        files = {"broken.png": b"no image at all", **dict(list(pages.items())[:1])}
        await studio.drop(".card-pages mf-drop-zone", files)

        await studio.page.wait_for_selector(".toast:has-text('broken.png was left out')")
        await expect(studio.page.locator(".draft-pages li")).to_have_count(1)
        studio.forget("422")


async def test_a_waiting_chapter_moves_up_and_a_deleted_one_is_gone(
    open_studio: OpenStudio, server: FakeServer, pages: dict[str, bytes], style: bytes
) -> None:
    async with open_studio() as studio:
        jobs = []
        for name in ("first", "second", "third"):
            await studio.prepare(pages, style, name)
            jobs.append(await studio.start())
        await studio.open("queue")
        await studio.page.click("[aria-label='Move up: third']")
        await studio.until("document.querySelector('[aria-label=\"Move up: third\"]') === null")
        assert (await get_json(server.url, f"/v1/jobs/{jobs[2]}"))["priority"] > 0

        async with aiohttp.ClientSession(server.url) as client:
            for job in jobs:
                await client.post(f"/v1/jobs/{job}/cancel")
        await studio.page.wait_for_selector("[aria-label='Delete this job: third']")
        await studio.page.click("[aria-label='Delete this job: third']")
        await studio.page.click("dialog .button.main")
        await studio.until("!document.querySelector('mf-queue').textContent.includes('third')")


async def test_a_chapter_of_200_pages_is_watched_without_loading_200_pictures(
    open_studio: OpenStudio, pages: dict[str, bytes], style: bytes
) -> None:
    first = next(iter(pages.values()))
    async with open_studio() as studio:
        await studio.prepare({f"p{number}.png": first for number in range(1, 201)}, style, "volume")
        await studio.start()
        await studio.until("document.querySelectorAll('mf-page-tile').length === 200")
        await studio.page.wait_for_selector("mf-page-tile[data-state='done']")
        loaded = "[...document.querySelectorAll('mf-page-tile .before')].filter((image) => image.complete).length"
        assert await studio.page.evaluate(loaded) < 200

        await studio.page.locator("mf-page-tile").last.scroll_into_view_if_needed()
        await studio.until("[...document.querySelectorAll('mf-page-tile .before')].at(-1).naturalWidth > 0")

        await studio.page.click("mf-job .button.danger")
        await studio.page.click("dialog .button.main")
        await studio.until_job("Cancelled")
