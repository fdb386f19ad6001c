"""Pictures of every view: phone and desktop, light and dark."""

import tempfile
from pathlib import Path
from typing import Any

import aiohttp
from playwright.async_api import Browser, FilePayload, Page

from studio_bench.scene import browser, draw, draw_style, serving, submit, until_ended, until_ready

DEVICES: dict[str, dict[str, Any]] = {
    "desktop": {"viewport": {"width": 1440, "height": 900}},
    "phone": {"viewport": {"width": 390, "height": 844}, "device_scale_factor": 2, "has_touch": True},
}
#: Milliseconds for pictures to come and transitions to end.
SETTLE = 1200
PATIENCE = 240_000
CHAPTER = "The-Lantern-01"
#: Seen while it is coloured, and not to its end.
NEW_CHAPTER = "Night-Train-02"


async def take_screenshots(folder: Path, engine: str, devices: list[str], schemes: list[str]) -> None:
    """Writes `<view>_<device>_<scheme>.png` into the folder."""
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as name, serving(Path(name) / "data", engine) as url:
        pages, style = draw(11, 8, 480, 680), draw_style(11)
        async with aiohttp.ClientSession(url) as client:
            await until_ready(client)
            await until_ended(client, await submit(client, CHAPTER, pages[:4], style))
            await until_ended(client, await submit(client, "Tea-and-Thunder-07", pages[6:8], draw_style(5)))
            async with browser() as running:
                for device in devices:
                    for scheme in schemes:
                        shots = Shots(folder, url, device, scheme)
                        await shots.take(running, client, pages, style)


class Shots:
    """One device and one colour scheme."""

    def __init__(self, folder: Path, url: str, device: str, scheme: str) -> None:
        self._folder, self._url, self._device, self._scheme = folder, url, device, scheme

    async def take(self, running: Browser, client: aiohttp.ClientSession, pages: list[bytes], style: bytes) -> None:
        """Every view once."""
        options = {"color_scheme": self._scheme, "locale": "en-GB", **DEVICES[self._device]}
        context = await running.new_context(**options)
        page = await context.new_page()
        page.set_default_timeout(PATIENCE)
        await self._shoot(page, "#/", "create_empty")
        await self._draft(page, pages, style)
        job_id = await submit(client, NEW_CHAPTER, pages[2:8], style)
        await page.goto(f"{self._url}/#/job/{job_id}")
        await page.wait_for_selector("mf-page-tile[data-state='done']")
        await self._save(page, "job_running")
        await self._shoot(page, "#/queue", "queue")
        await client.post(f"/v1/jobs/{job_id}/cancel")
        await self._reader(page)
        for view in ("library", f"chapter/{CHAPTER}", "server"):
            await self._shoot(page, f"#/{view}", view.partition("/")[0], full=True)
        await page.fill("#pair-token", "a token that nobody else knows")
        await page.click("mf-pairing .button")
        await self._save(page, "pairing", full=True)
        await self._shoot(page, "docs", "docs")
        await context.close()
        await until_ended(client, job_id)
        await client.delete(f"/v1/chapters/{NEW_CHAPTER}")

    async def _draft(self, page: Page, pages: list[bytes], style: bytes) -> None:
        sent = [
            FilePayload(name=f"page_{number:03d}.png", mimeType="image/png", buffer=data)
            for number, data in enumerate(pages, start=1)
        ]
        await page.set_input_files("mf-create .card-pages input >> nth=0", sent)
        reference = FilePayload(name="style.png", mimeType="image/png", buffer=style)
        await page.set_input_files("mf-reference-picker input >> nth=0", reference)
        await page.wait_for_selector(f".draft-pages li:nth-child({len(pages)})")
        await page.click("mf-preview-panel .button")
        await page.wait_for_selector("mf-compare .after[src^='blob:']")
        await self._save(page, "create", full=True)

    async def _reader(self, page: Page) -> None:
        await self._shoot(page, f"#/read/{CHAPTER}/2", "reader_slider")
        for keys, name in (("2", "reader_side"), ("3i", "reader_info"), ("io", "reader_overlay")):
            for key in keys:
                await page.keyboard.press(key)
            await self._save(page, name)
        await page.keyboard.press("1")

    async def _shoot(self, page: Page, path: str, name: str, *, full: bool = False) -> None:
        await page.goto(f"{self._url}/{path}")
        await page.wait_for_selector("main :is(h1, h2)")
        await self._save(page, name, full=full)

    async def _save(self, page: Page, name: str, *, full: bool = False) -> None:
        window = DEVICES[self._device]["viewport"]
        if full:
            # A taller window, not Playwright's `full_page`: what sticks to an edge would be drawn in the middle.
            height = await page.evaluate("document.documentElement.scrollHeight")
            await page.set_viewport_size({"width": window["width"], "height": max(height, window["height"])})
        await page.wait_for_timeout(SETTLE)
        await page.screenshot(path=self._folder / f"{name}_{self._device}_{self._scheme}.png")
        await page.set_viewport_size(window)
