"""A tab on the reader site, with what a person sees in it and what the content script has said of it."""

import asyncio
import base64
import io
import re
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image
from playwright.async_api import Page

from tests.acceptance.extension.browser import PATIENCE, ExtensionBrowser
from tests.acceptance.extension.reader_site import PAGES, page_pixels

#: Every element, through shadow roots and frames of the same origin. The site keeps its closed root in `window.sealed`.
_ELEMENTS = """
function* elements(root) {
  for (const element of root.querySelectorAll("*")) {
    yield element;
    const inner = element.shadowRoot ?? (element.localName === "sealed-reader" ? window.sealed : null);
    if (inner) yield* elements(inner);
    let frame = null;
    try { frame = element.contentDocument ?? null; } catch {}
    if (frame) yield* elements(frame);
  }
}
const inColour = (element) => getComputedStyle(element).backgroundImage.includes("blob:");
"""
#: The number of each page in colour, and what any other element in colour is.
PAINTED = f"""() => {{ {_ELEMENTS}
  const coloured = [...elements(document)].filter(inColour);
  return coloured.map((each) => each.dataset.page ?? each.dataset.trap ?? each.outerHTML);
}}"""
#: Every element with its name and all its attributes.
ATTRIBUTES = f"""() => {{ {_ELEMENTS}
  const attributes = (each) => each.getAttributeNames().map((name) => [name, each.getAttribute(name)]);
  return [...elements(document)].map((each) => [each.localName, ...attributes(each)]);
}}"""
#: Greatest mean difference of grey between the same page read in two sizes.
SAME_PAGE = 12
#: Share of the pixels in view that pages in colour change at the least.
COLOURED_SHARE = 0.05

Sight = NDArray[np.uint8]


class PagesTab:
    """One tab of a browser whose background is the stand-in."""

    def __init__(self, browser: ExtensionBrowser, page: Page) -> None:
        self.browser = browser
        self.page = page

    async def stand_in(self, call: str, argument: object = None) -> Any:
        """What an expression on the stand-in, called `it`, is; `given` is the argument."""
        return await self.browser.in_worker(f"(given) => {{ const it = globalThis.standIn; return {call}; }}", argument)

    async def found(self) -> list[dict[str, Any]]:
        """The pages that the frames of the tab have said they show."""
        lists = await self.stand_in("Object.values(it.lists)")
        return [page for each in lists for page in each["pages"]]

    async def until_found(self, count: int) -> list[dict[str, Any]]:
        pages: list[dict[str, Any]] = await until(self.found, lambda pages: len(pages) == count)
        return pages

    async def in_colour(self) -> list[str]:
        """The numbers of the pages that are shown in colour, in the order of the document, and any trap that is."""
        return [str(each) for each in await self.page.evaluate(PAINTED)]

    async def until_in_colour(self, *numbers: int) -> None:
        wanted = sorted(str(number) for number in numbers)
        await until(self.in_colour, lambda painted: sorted(painted) == wanted)

    async def attributes(self) -> Any:
        """Every element of the document with all its attributes in their order."""
        return await self.page.evaluate(ATTRIBUTES)

    async def sight(self) -> Sight:
        """(H, W, 3): what is in the view."""
        shot = await self.page.screenshot()
        return np.asarray(Image.open(io.BytesIO(shot)).convert("RGB"))

    async def number_of(self, page: dict[str, Any]) -> int:
        """Which page of the chapter was found: by its address, or by its pixels where it has none to go by."""
        url = page["source"].get("url", "")
        if match := re.search(r"/(\d)\.png$", url):
            return int(match[1])
        seen = cv2.resize(await self.read(page["key"], "canvas"), (48, 68), interpolation=cv2.INTER_AREA)
        for number in range(1, PAGES + 1):
            known = cv2.resize(page_pixels(number), (48, 68), interpolation=cv2.INTER_AREA)
            if np.abs(seen.astype(int) - known).mean() < SAME_PAGE:
                return number
        raise AssertionError(f"{page} is none of the pages")

    async def read(self, key: str, how: str) -> Sight:
        """(H, W): the page as the content script reads it."""
        answer = await self.answer_to_read(key, how)
        assert "base64" in answer, answer
        return np.asarray(Image.open(io.BytesIO(base64.b64decode(answer["base64"]))).convert("L"))

    async def answer_to_read(self, key: str, how: str) -> dict[str, Any]:
        await self.stand_in('it.tell({ type: "read", ...given })', {"key": key, "how": how})
        asked = '(it.heard.findLast((each) => each.type === "bytes" && each.key === given) ?? null)'
        answer: dict[str, Any] = await until(lambda: self.stand_in(asked, key), lambda heard: heard is not None)
        await self.stand_in("void it.heard.splice(0)")
        return answer

    async def settle(self) -> None:
        """Has the content script look for pages again, and waits until it has."""
        said = await self.stand_in("it.said")
        await self.stand_in('it.tell({ type: "scan" })')
        await until(lambda: self.stand_in("it.said"), lambda now: now > said)

    async def badges(self) -> list[str]:
        """What the badges in view say, from their closed shadow root, as a screen reader hears it."""
        nodes = await self._heard_nodes()
        parents = {node["nodeId"]: node.get("parentId") for node in nodes}
        badges = {node["nodeId"]: "" for node in nodes if _role(node) == "status"}
        for node in nodes:
            around = node["nodeId"]
            while around is not None and around not in badges:
                around = parents[around]
            if around is not None and _role(node) == "StaticText":
                badges[around] = f"{badges[around]} {_name(node)}".strip()
        return list(badges.values())

    async def click_badge(self, button: str) -> None:
        """Clicks the first button of this name in a badge."""
        nodes = await self._heard_nodes()
        found = next(node["backendDOMNodeId"] for node in nodes if (_role(node), _name(node)) == ("button", button))
        session = await self.page.context.new_cdp_session(self.page)
        box = await session.send("DOM.getBoxModel", {"backendNodeId": found})
        left, top, _, _, right, bottom, *_ = box["model"]["border"]
        await session.detach()
        await self.page.mouse.click((left + right) / 2, (top + bottom) / 2)

    async def _heard_nodes(self) -> list[dict[str, Any]]:
        session = await self.page.context.new_cdp_session(self.page)
        nodes: list[dict[str, Any]] = (await session.send("Accessibility.getFullAXTree"))["nodes"]
        await session.detach()
        return nodes

    async def scroll_through(self) -> None:
        """Goes down the page as a reader does."""
        await self.page.evaluate(
            """async () => {
              for (let y = 0; y < document.documentElement.scrollHeight; y += innerHeight / 2) {
                scrollTo(0, y);
                await new Promise((resolve) => setTimeout(resolve, 60));
              }
            }"""
        )


def look_different(one: Sight, other: Sight) -> bool:
    """True where the same view is in colour once, and once is not."""
    return bool(np.mean(np.any(one != other, axis=2)) > COLOURED_SHARE)


def _role(node: dict[str, Any]) -> str:
    return str(node["role"]["value"])


def _name(node: dict[str, Any]) -> str:
    return str(node.get("name", {}).get("value", ""))


async def until(look: Callable[[], Any], is_good: Callable[[Any], bool]) -> Any:
    """What `look` sees once it is good; fails with what it saw last."""
    seen = None
    try:
        async with asyncio.timeout(PATIENCE / 1000):
            while not is_good(seen := await look()):
                await asyncio.sleep(0.05)
    except TimeoutError:
        raise AssertionError(f"this stayed as it was: {seen}") from None
    return seen


@asynccontextmanager
async def pages_tab(
    browser: ExtensionBrowser, url: str, *, paints: bool = True, **view: object
) -> AsyncIterator[PagesTab]:
    """A tab on a page of the site; the stand-in starts afresh. Other keywords change what tabs are told first."""
    await browser.in_worker(
        "({ view, paints }) => { standIn.reset(); standIn.paints = paints; standIn.setView(view); }",
        {"view": view, "paints": paints},
    )
    page = await browser.open(url)
    try:
        yield PagesTab(browser, page)
    finally:
        await page.close()
