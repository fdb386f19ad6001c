"""A view of the extension in a tab, with a background that is told what to answer, and what axe thinks of it."""

import json
import shutil
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from axe_playwright_python.base import AXE_FILE_PATH
from playwright.async_api import Page, ViewportSize

from extension.build import build_folder
from tests.acceptance.extension.browser import EVERYWHERE, ExtensionBrowser, extension_browser
from tests.acceptance.extension.stand_in import SCRIPT, answers

#: Pixels of a popup, and of the page of options in a window.
POPUP: ViewportSize = {"width": 353, "height": 600}
WINDOW: ViewportSize = {"width": 900, "height": 900}
SIDE_PANEL: ViewportSize = {"width": 320, "height": 800}

#: Each view with what is there once it is filled.
VIEWS = {
    "views/popup.html?tab=1": ".page-lines li",
    "views/options.html": ".sites li",
    "views/pairing.html": "#pair",
}


@asynccontextmanager
async def browser_that_speaks(language: str, folder: Path) -> AsyncIterator[ExtensionBrowser]:
    """Chromium with the extension in a language, whichever languages the browser itself was installed with."""
    build_folder("chromium", folder, EVERYWHERE)
    words = folder / "_locales" / language / "messages.json"
    if language != "en":
        shutil.copyfile(words, folder / "_locales" / "en" / "messages.json")
    # Bars beside what scrolls would make pictures narrower than the view is.
    async with extension_browser(folder, arguments=["--hide-scrollbars"]) as browser:
        yield browser


@asynccontextmanager
async def view(
    browser: ExtensionBrowser,
    path: str,
    *,
    told: Mapping[str, Any] | None = None,
    grants: bool = True,
    scheme: Any = "light",
    size: ViewportSize | None = None,
) -> AsyncIterator[Page]:
    """A view whose background answers as `told`; nothing may go wrong in it."""
    page = await browser.context.new_page()
    problems: list[str] = []
    page.on("console", lambda each: problems.append(each.text) if each.type in ("error", "warning") else None)
    page.on("pageerror", lambda error: problems.append(str(error)))
    await page.set_viewport_size(size or (POPUP if "popup" in path else WINDOW))
    await page.emulate_media(color_scheme=scheme)
    table = json.dumps(answers() if told is None else told)
    await page.add_init_script(SCRIPT.replace("ANSWERS", table).replace("GRANT", json.dumps(grants)))
    try:
        await page.goto(browser.address(path))
        yield page
        assert problems == []
    finally:
        await page.close()


async def asked(page: Page, kind: str) -> list[dict[str, Any]]:
    """The messages of a kind that a view has sent."""
    sent: list[dict[str, Any]] = await page.evaluate("window.asked")
    return [message for message in sent if message["type"] == kind]


async def serious_violations(page: Page) -> list[str]:
    """What axe finds that keeps people out."""
    await page.evaluate(Path(AXE_FILE_PATH).read_text(encoding="utf-8"))
    results = await page.evaluate("axe.run(document, { resultTypes: ['violations'] })")
    return [
        f"{found['id']}: {node['html'][:160]} {node['failureSummary'][:200]}"
        for found in results["violations"]
        if found["impact"] in ("serious", "critical")
        for node in found["nodes"]
    ]
