"""What the studio says of a chapter and of the server while things change, and what it lets a person do then."""

import re

import aiohttp
import pytest
from playwright.async_api import Route, expect

from tests.acceptance.server_process import submit_pages, until_ended
from tests.acceptance.studio.browser import Studio
from tests.acceptance.studio.conftest import PAGES, FakeServer, OpenStudio

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.timeout(300)]

#: The list of jobs that all views share.
_JOBS = re.compile(r"/v1/jobs\?limit=100$")
#: What views are told when events may have been missed.
_RESYNC = "import('/static/js/live.js').then(({ live }) => live.dispatchEvent(new Event('resync')))"


async def test_a_server_that_is_gone_is_told_with_what_to_do_and_views_come_back_by_themselves(
    open_studio: OpenStudio, server: FakeServer, pages: dict[str, bytes], style: bytes
) -> None:
    async with open_studio() as studio:
        page = studio.page
        await studio.prepare(pages, style, "orphaned")
        job = await studio.start()
        await page.evaluate("globalThis.isSamePage = true")

        await server.kill()
        await page.wait_for_selector(".away.notice:has-text('Is “mangaflux serve” running?')")
        await expect(page.locator(".link-state")).to_have_text("Server away")
        await expect(page.locator("mf-page-tile")).to_have_count(PAGES)
        for view in ("read/orphaned/1", "library", f"job/{job}"):
            await page.goto(f"{studio.url}/#/{view}")
            await page.wait_for_selector("main h1:has-text('The server is away')")
        await server.start()

        await studio.until_job("Done")
        await expect(page.locator("mf-page-tile[data-state='done']")).to_have_count(PAGES)
        await expect(page.locator(".away.notice")).to_be_hidden()
        assert await page.evaluate("globalThis.isSamePage")
        studio.forget("net::ERR")


async def test_events_that_do_not_come_through_are_told_apart_from_a_server_that_is_gone(
    open_studio: OpenStudio,
) -> None:
    async with open_studio() as studio:
        # Without a worker the stream is the tab's own, and can be refused as by a proxy that passes none.
        await studio.page.add_init_script("delete globalThis.SharedWorker")
        await studio.page.route("**/v1/events*", lambda route: route.fulfill(status=502))
        await studio.open("queue")

        await studio.page.wait_for_selector(".away.notice:has-text('events do not come through')")
        # What a proxy says for a server that is gone is no answer of the server.
        await studio.page.route("**/healthz", lambda route: route.fulfill(status=502))
        await studio.page.wait_for_selector(".away.notice:has-text('Is “mangaflux serve” running?')")
        studio.forget("502")


async def test_a_view_that_was_not_sent_once_comes_by_itself_while_events_arrive(open_studio: OpenStudio) -> None:
    async with open_studio() as studio:
        await studio.open("server")
        await studio.page.wait_for_selector(".link-state:not(.lost)")
        await studio.page.route("**/v1/chapters", lambda route: route.fulfill(status=502), times=1)
        await studio.page.click(".tab[data-tab=library]")
        await studio.page.wait_for_selector("mf-library mf-away")
        await studio.page.focus(".tab[data-tab=queue]")

        await studio.page.wait_for_selector("mf-library :is(.book, h2)")
        assert await studio.page.evaluate("document.activeElement.dataset.tab") == "queue"
        studio.forget("502")


async def test_a_queue_that_cannot_be_read_says_why(open_studio: OpenStudio) -> None:
    async with open_studio() as studio:
        await studio.page.route(_JOBS, lambda route: route.fulfill(status=500))
        await studio.open("queue")

        shown = await studio.page.inner_text("mf-queue .empty:has(h1)")
        assert "The queue cannot be read" in shown
        assert "status 500" in shown
        studio.forget("500")


async def _resync(studio: Studio, address: str) -> None:
    """Tells the views that events were missed; back when the server has answered at an address."""
    async with studio.page.expect_response(address):
        await studio.page.evaluate(_RESYNC)


async def test_a_job_that_cannot_be_read_for_a_moment_is_followed_on(
    open_studio: OpenStudio, server: FakeServer, pages: dict[str, bytes], style: bytes
) -> None:
    job = await submit_pages(server.url, list(pages.values())[:1], style, "hiccup")
    await until_ended(server.url, job, 60)
    address = f"**/v1/jobs/{job}"
    async with open_studio() as studio:
        await studio.page.route(address, lambda route: route.fulfill(status=500), times=2)
        await studio.open(f"job/{job}")
        await studio.page.wait_for_selector("h1:has-text('This job cannot be read')")
        await _resync(studio, address)
        await _resync(studio, address)

        await studio.page.wait_for_selector("mf-job mf-page-tile[data-state='done']")
        await studio.page.route(address, lambda route: route.fulfill(status=500), times=1)
        await _resync(studio, address)
        await _resync(studio, address)
        # At once: a tile that went and came again would be a fault.
        assert await studio.page.locator("mf-page-tile").count() == 1
        studio.forget("500")


async def test_a_list_that_is_read_again_keeps_the_focus_and_what_it_shows(
    open_studio: OpenStudio, server: FakeServer, pages: dict[str, bytes], style: bytes
) -> None:
    await until_ended(server.url, await submit_pages(server.url, list(pages.values())[:1], style, "listed"), 60)
    async with open_studio() as studio:
        for part, address in ((".choice input:enabled", "**/v1/engines"), (".recent button", "**/v1/references")):
            await studio.open()
            await studio.page.locator(part).first.focus()
            await _resync(studio, address)
            await studio.page.route(address, lambda route: route.fulfill(status=500), times=1)
            await _resync(studio, address)
            await _resync(studio, address)
            assert await studio.page.evaluate("(part) => document.activeElement.matches(part)", part), part
        studio.forget("500")


async def test_a_cancelled_chapter_says_how_far_it_came_and_goes_on(
    open_studio: OpenStudio, server: FakeServer, pages: dict[str, bytes], style: bytes
) -> None:
    async with open_studio() as studio:
        page = studio.page
        job = await submit_pages(server.url, list(pages.values()), style, "cut-short")
        await studio.open(f"job/{job}")
        await page.wait_for_selector("mf-page-tile[data-state='done']")
        async with aiohttp.ClientSession(server.url) as client:
            await client.post(f"/v1/jobs/{job}/cancel")
        await studio.until_job("Cancelled")
        done = await page.locator("mf-page-tile[data-state='done']").count()
        assert 0 < done < PAGES
        await expect(page.locator("mf-job .view-head")).to_contain_text(
            f"{done} of {PAGES} pages were done before it was cancelled"
        )

        await studio.open("library")
        await page.wait_for_selector(f".book:has-text('Cancelled: {done} of {PAGES} in colour')")
        await studio.open("chapter/cut-short")
        await page.wait_for_selector(f"mf-chapter .view-head:has-text('Cancelled: {done} of {PAGES} in colour')")
        await expect(page.locator("mf-page-tile[data-state='cancelled']")).to_have_count(PAGES - done)

        await page.click("mf-chapter .button:has-text('Go on with the rest')")
        await page.wait_for_selector("mf-job mf-page-tile")
        await studio.until_job("Done")


async def test_a_whole_chapter_is_not_called_cancelled_where_one_more_try_was(
    open_studio: OpenStudio, server: FakeServer, pages: dict[str, bytes], style: bytes
) -> None:
    await until_ended(server.url, await submit_pages(server.url, list(pages.values())[:1], style, "whole"), 60)

    async def cancelled(route: Route) -> None:
        answer = await (await route.fetch()).json()
        answer["jobs"] = [{**job, "status": "cancelled"} for job in answer["jobs"]]
        await route.fulfill(json=answer)

    async with open_studio() as studio:
        await studio.page.route(re.compile(r"/v1/jobs\?"), cancelled)
        for view, place in (("library", ".book:has-text('whole')"), ("chapter/whole", "mf-chapter .view-head")):
            await studio.open(view)
            shown = await studio.page.inner_text(f"{place}:has-text('1 of 1 in colour')")
            assert "Cancelled" not in shown
        await studio.page.unroute_all(behavior="wait")


async def test_what_cannot_move_up_says_why(
    open_studio: OpenStudio, server: FakeServer, pages: dict[str, bytes], style: bytes
) -> None:
    first, last = [await submit_pages(server.url, list(pages.values())[:1], style, name) for name in ("first", "last")]

    async def keep_waiting(route: Route) -> None:
        """Answers as the server would while both jobs wait, the first with the highest priority."""
        answer = await (await route.fetch()).json()
        for job in answer.get("jobs", [answer]):
            if job["job_id"] in (first, last):
                job |= {"status": "queued", "priority": 10 if job["job_id"] == first else 0}
        await route.fulfill(json=answer)

    async with open_studio() as studio:
        await studio.page.route(re.compile(r"/v1/jobs(\?limit=100|/[^/]+)$"), keep_waiting)
        await studio.open("queue")
        button = studio.page.locator("mf-job-line [aria-label='Move up: last'][aria-disabled='true']")
        assert "highest priority" in str(await button.get_attribute("title"))
        await button.click(force=True)
        await studio.page.wait_for_selector(".toast:has-text('highest priority')")

        await studio.open(f"job/{last}")
        await studio.page.wait_for_selector("mf-job .button[aria-disabled='true']:has-text('Move up')")
        await studio.page.unroute_all(behavior="wait")


async def test_the_title_of_the_tab_tells_how_far_a_chapter_is_and_what_became_of_it(
    open_studio: OpenStudio, server: FakeServer, pages: dict[str, bytes], style: bytes
) -> None:
    async with open_studio() as studio:
        await studio.prepare(pages, style, "titled")
        await studio.start()
        await studio.until("/^\\([1-9]\\d?%\\) titled – MangaFlux$/.test(document.title)")
        await studio.until("document.title === 'Done: titled – MangaFlux'")

        await studio.open("library")
        await studio.until("document.title === 'MangaFlux'")
        job = await submit_pages(server.url, list(pages.values()), style, "titled_later")
        await studio.until("/^\\(\\d+%\\) MangaFlux$/.test(document.title)")
        await studio.until("document.title === 'Done: titled_later – MangaFlux'")
        await studio.open("server")
        await studio.until("document.title === 'MangaFlux'")
        await studio.open(f"job/{job}")
        await studio.until("document.title === 'Done: titled_later – MangaFlux'")


async def test_what_the_server_says_is_told_in_portuguese_with_its_own_sentence_as_the_detail(
    open_studio: OpenStudio, server: FakeServer, pages: dict[str, bytes], style: bytes
) -> None:
    job = await submit_pages(server.url, list(pages.values())[:3], style, "traduzido")
    await until_ended(server.url, job, 60)

    async def with_faults(route: Route) -> None:
        answer = await (await route.fetch()).json()
        failed, skipped, judged = [page["pass2"] for page in answer["pages"]]
        failed |= {"status": "failed", "error": {"code": "engine_died", "message": "The engine died."}}
        skipped |= {"status": "skipped", "reason": "already_in_colour"}
        judged |= {"fidelity": "critical"}
        await route.fulfill(json=answer)

    async with open_studio(locale="pt-PT") as studio:
        await studio.page.route(f"**/v1/jobs/{job}", with_faults)
        await studio.open(f"job/{job}")
        names = [str(await tile.get_attribute("aria-label")) for tile in await studio.page.locator("a.tile").all()]
        assert "O motor terminou enquanto coloria esta página. (The engine died.)" in names[0]
        assert "Já está a cores." in names[1]
        assert "Parte do desenho não se manteve." in names[2]

        await studio.open()
        await studio.drop(".card-pages mf-drop-zone", {"broken.png": b"no image at all"})
        toast = await studio.page.locator(".toast:has-text('broken.png ficou de fora')").inner_text()
        assert re.search(r"Isto não é uma imagem que se possa ler\. \(.+\)", toast)
        studio.forget("422")
