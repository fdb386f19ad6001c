"""What the studio says of a chapter and of the server while things change, and what it lets a person do then."""

import pytest

from tests.acceptance.studio.conftest import PAGES, FakeServer, OpenStudio

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.timeout(300)]


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
        assert await page.inner_text(".link-state") == "Server away"
        assert await page.locator("mf-page-tile").count() == PAGES
        for view in ("read/orphaned/1", "library", f"job/{job}"):
            await page.goto(f"{studio.url}/#/{view}")
            await page.wait_for_selector("main h1:has-text('The server is away')")
        await server.start()

        await studio.until_job("Done")
        assert await page.locator("mf-page-tile[data-state='done']").count() == PAGES
        assert not await page.is_visible(".away.notice")
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
        studio.forget("502")
