"""How pages come into the studio, by hand and by keys alone, and how they leave it."""

import base64
import io
import zipfile
from pathlib import Path
from xml.etree import ElementTree

import aiohttp
import pytest
from PIL import Image
from playwright.async_api import FilePayload, ViewportSize, expect

from tests.acceptance.server_process import get_json, submit_pages, until_ended
from tests.acceptance.studio.browser import Studio
from tests.acceptance.studio.conftest import HEIGHT, WIDTH, FakeServer, OpenStudio

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.timeout(300)]

PHONE = ViewportSize(width=390, height=844)
CARDS = ["pages", "style", "settings", "try"]

#: Makes a picture in the clipboard, given as base64, and pastes it.
_PASTE = """(data) => {
  const transfer = new DataTransfer();
  const bytes = Uint8Array.from(atob(data), (letter) => letter.charCodeAt(0));
  transfer.items.add(new File([bytes], "image.png", { type: "image/png" }));
  document.body.dispatchEvent(new ClipboardEvent("paste", { clipboardData: transfer, bubbles: true }));
}"""
#: The name of the card that has the focus.
_FOCUSED_CARD = "document.activeElement.closest('.card')?.className.match(/card-(\\w+)/)[1]"
#: How often Tab may be pressed: more than one round.
_MAX_TABS = 60


async def _cards_by_tab(studio: Studio) -> list[str]:
    """The cards in the order in which Tab comes to them, up to the button that starts."""
    found: list[str] = []
    await studio.page.evaluate("document.querySelector('main').focus()")
    for _ in range(_MAX_TABS):
        await studio.page.keyboard.press("Tab")
        if await studio.page.evaluate("document.activeElement.matches('.start-bar .button')"):
            return found
        card = await studio.page.evaluate(_FOCUSED_CARD)
        if card and found[-1:] != [card]:
            found.append(card)
    raise AssertionError(f"Tab does not come to the button that starts, only to {found}")


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

        await studio.page.set_viewport_size(PHONE)
        assert await _cards_by_tab(studio) == CARDS
        tops = await studio.page.evaluate(
            "(names) => names.map((name) => document.querySelector(`.card-${name}`).getBoundingClientRect().y)", CARDS
        )
        assert tops == sorted(tops)


async def _drop_folder(studio: Studio, selector: str, folder: Path) -> None:
    """Drops a folder of this machine as a file manager does; scripts cannot make one."""
    box = await studio.page.locator(selector).bounding_box()
    assert box is not None
    session = await studio.page.context.new_cdp_session(studio.page)
    place = {"x": box["x"] + box["width"] / 2, "y": box["y"] + box["height"] / 2}
    data = {"items": [], "files": [str(folder)], "dragOperationsMask": 1}
    for kind in ("dragEnter", "dragOver", "drop"):
        await session.send("Input.dispatchDragEvent", {"type": kind, "data": data, **place})


async def test_a_folder_is_dropped_and_a_picture_is_pasted(
    open_studio: OpenStudio, pages: dict[str, bytes], style: bytes, tmp_path: Path
) -> None:
    folder = tmp_path / "Sea of Paper 3"
    (folder / "inner").mkdir(parents=True)
    names = ["page 10.png", "page 2.png", "inner/page 1.png"]
    for name, page in zip(names, pages.values(), strict=False):
        (folder / name).write_bytes(page)
    (folder / "notes.txt").write_text("no page")
    async with open_studio() as studio:
        await studio.open()
        await _drop_folder(studio, ".card-pages mf-drop-zone", folder)
        await studio.until("document.querySelectorAll('.draft-pages li').length === 3")
        shown = await studio.page.locator(".draft-pages img").evaluate_all("(all) => all.map((image) => image.alt)")
        assert shown == ["page 1.png", "page 2.png", "page 10.png"]
        await expect(studio.page.locator("#chapter-name")).to_have_value("Sea-of-Paper-3")

        await studio.page.evaluate(_PASTE, base64.b64encode(list(pages.values())[3]).decode())
        await studio.until("document.querySelectorAll('.draft-pages li').length === 4")


async def _tab_to(studio: Studio, selector: str) -> None:
    """Presses Tab until something has the focus; it must be reached within one round."""
    for _ in range(_MAX_TABS):
        await studio.page.keyboard.press("Tab")
        if await studio.page.evaluate("(selector) => document.activeElement.matches(selector)", selector):
            return
    raise AssertionError(f"Tab does not come to {selector}")


async def test_a_chapter_is_put_together_started_and_read_with_the_keyboard_alone(
    open_studio: OpenStudio, pages: dict[str, bytes], style: bytes
) -> None:
    chosen = [FilePayload(name=name, mimeType="image/png", buffer=page) for name, page in list(pages.items())[:2]]
    async with open_studio() as studio:
        page = studio.page
        # From the start: Playwright tells the browser to hand choosers over, and does not wait until it does.
        page.on("filechooser", lambda _chooser: None)
        await studio.open()
        for selector, files in (
            (".card-pages mf-drop-zone .button", chosen),
            (".card-style mf-drop-zone .button", [FilePayload(name="style.png", mimeType="image/png", buffer=style)]),
        ):
            await _tab_to(studio, selector)
            async with page.expect_file_chooser() as chooser:
                await page.keyboard.press("Enter")
            await (await chooser.value).set_files(files)
        await page.wait_for_selector(".start-bar .button:enabled")
        await _tab_to(studio, "#chapter-name")
        await page.keyboard.press("Control+a")
        await page.keyboard.type("by-keys")
        await _tab_to(studio, ".start-bar .button")
        await page.keyboard.press("Enter")
        await studio.until_job("Done")

        await _tab_to(studio, "a[href='#/read/by-keys/1']")
        await page.keyboard.press("Enter")
        await page.wait_for_selector("mf-page-stage .pane.right .after[src]")
        await page.keyboard.press("ArrowLeft")
        await studio.until("location.hash === '#/read/by-keys/2'")


async def test_a_full_disk_and_a_proxy_without_its_server_say_what_to_do(
    open_studio: OpenStudio, server: FakeServer, pages: dict[str, bytes], style: bytes
) -> None:
    full = {"code": "disk_full", "message": "The disk has 0.1 GiB left.", "details": {}}
    async with open_studio() as studio:
        await studio.prepare(dict(list(pages.items())[:1]), style, "no-room")
        await studio.page.route("**/v1/jobs/two-pass", lambda route: route.fulfill(status=507, json=full))
        await studio.page.click(".start-bar .button")

        await studio.page.wait_for_selector(".toast:has-text('Delete chapters in the library, or make room. The disk')")
        await expect(studio.page.locator(".draft-pages li")).to_have_count(1)
        await studio.page.route("**/v1/jobs/two-pass", lambda route: route.fulfill(status=502))
        await studio.page.click(".start-bar .button")
        await studio.page.wait_for_selector(".toast:has-text('Is “mangaflux serve” running?')")
        studio.forget("507", "502")


async def _download(studio: Studio, selector: str) -> tuple[str, bytes]:
    async with studio.page.expect_download() as started:
        await studio.page.click(selector)
    download = await started.value
    return download.suggested_filename, Path(await download.path()).read_bytes()


async def _confirm(studio: Studio, selector: str) -> None:
    """Clicks, thinks better of it, clicks again and means it."""
    for answer in ("no", "yes"):
        await studio.page.click(selector)
        await studio.page.click(f"dialog .button[value='{answer}']")
        await studio.page.wait_for_selector("dialog", state="detached")


async def test_a_chapter_is_taken_away_whole_and_by_page_and_then_thrown_away(
    open_studio: OpenStudio, server: FakeServer, pages: dict[str, bytes], style: bytes
) -> None:
    names = list(pages)[:3]
    async with open_studio(accept_downloads=True) as studio:
        page = studio.page
        await studio.prepare({name: pages[name] for name in reversed(names)}, style, "taken")
        await studio.start()
        await studio.until_job("Done")
        await studio.open("chapter/taken")
        name, data = await _download(studio, "mf-chapter a[download]")
        archive = zipfile.ZipFile(io.BytesIO(data))
        assert (name, archive.namelist()) == ("taken.cbz", ["ComicInfo.xml", *names])
        assert ElementTree.fromstring(archive.read("ComicInfo.xml")).findtext("PageCount") == "3"

        await studio.open("read/taken/2")
        await page.wait_for_selector("mf-page-stage .pane.right .after[src]")
        await page.keyboard.press("i")
        name, data = await _download(studio, "mf-reader .info-actions a[download]")
        assert name == "scan 2_colorized.png"
        assert Image.open(io.BytesIO(data)).size == (WIDTH, HEIGHT)
        assert data == archive.read("scan 2.png")

        requests: list[str] = []
        page.on("request", lambda request: requests.append(f"{request.method} {request.url.removeprefix(server.url)}"))
        await _confirm(studio, "mf-reader .info-actions .danger")
        await studio.until("document.querySelector('.scrubber').max === '2'")
        await studio.open("library")
        await _confirm(studio, "[aria-label='Delete: taken']")
        await studio.until("!document.querySelector('mf-library').textContent.includes('taken')")
        deleted = [each for each in requests if each.startswith("DELETE")]
        assert deleted == ["DELETE /v1/chapters/taken/pages/2", "DELETE /v1/chapters/taken"]
        assert "taken" not in str(await get_json(server.url, "/v1/chapters"))


async def test_a_job_is_thrown_away_from_its_own_view(
    open_studio: OpenStudio, server: FakeServer, pages: dict[str, bytes], style: bytes
) -> None:
    job = await submit_pages(server.url, list(pages.values())[:1], style, "one-job")
    await until_ended(server.url, job, 60)
    async with open_studio() as studio, aiohttp.ClientSession(server.url) as client:
        await studio.open(f"job/{job}")
        await _confirm(studio, "mf-job .button:has-text('Delete this job')")
        await studio.page.wait_for_selector("mf-queue")
        async with client.get(f"/v1/jobs/{job}") as answer:
            assert answer.status in (404, 410)


@pytest.mark.parametrize("place", [".card-pages mf-drop-zone", ".card-style"])
async def test_what_has_no_images_is_refused_by_its_name(open_studio: OpenStudio, place: str) -> None:
    async with open_studio() as studio:
        await studio.open()

        await studio.drop(place, {"notes.txt": b"no picture", "more.txt": b"nor this"}, "text/plain")
        await studio.page.wait_for_selector(".toast:has-text('There are no images in notes.txt, more.txt.')")
        await studio.drop(place, {"torn.cbz": b"PK torn"}, "application/zip")

        await studio.page.wait_for_selector(".toast:has-text('torn.cbz is not a CBZ or ZIP that can be read')")


async def test_a_drop_without_files_is_told_as_well(open_studio: OpenStudio) -> None:
    async with open_studio() as studio:
        await studio.open()

        await studio.drop(".card-style", {})

        await studio.page.wait_for_selector(".toast:has-text('There are no images in this.')")
