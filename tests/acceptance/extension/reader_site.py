"""A site with a reader of every kind, each with the same traps around it, and other origins for its pictures.

`/read/<kind>` is a chapter. Elements that show a page have `data-page`, its number; what must be left alone has
`data-trap`, its description. Nothing of the extension looks at either.
"""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from functools import cache
from pathlib import Path

import cv2
import numpy as np
from aiohttp import web
from numpy.typing import NDArray

from mangaflux.engine.imaging import encode_png
from mangaflux.samples.chapter import SamplePage, draw_page

SITE = Path(__file__).parent / "site"
#: Every kind of reader; `none` is a chapter without pages, `long` one in which something can happen on the way.
READERS = tuple(path.stem for path in sorted((SITE / "kinds").glob("*.html")) if path.stem not in ("none", "long"))
SEED = 11
#: Pages that each reader has, and the long one.
PAGES = 4
LONG_PAGES = 6
WIDTH, HEIGHT = 480, 680
#: Of a page of the long chapter, which is as small as a page can be.
BRIEF_WIDTH, BRIEF_HEIGHT = 400, 510
STRIP_WIDTH, STRIP_HEIGHT = 800, 15_000
SLICE_HEIGHT, STUB_HEIGHT = 1100, 120
#: What the cookie CDN wants to see.
COOKIE = ("reader", "let-me-in")
STRICT_POLICY = "default-src 'none'; img-src 'self'; style-src 'self'; script-src 'self'; frame-ancestors 'none'"

Picture = NDArray[np.uint8]


@cache
def _sample(number: int) -> SamplePage:
    return draw_page(SEED, number, width=WIDTH, height=HEIGHT)


def page_pixels(number: int) -> Picture:
    """(HEIGHT, WIDTH): a page in black and white."""
    return _sample(number).ink


def _resized(number: int, width: int, height: int) -> Picture:
    return np.asarray(cv2.resize(page_pixels(number), (width, height), interpolation=cv2.INTER_AREA), np.uint8)


def _strip() -> Picture:
    panels = [_resized(number, STRIP_WIDTH, SLICE_HEIGHT) for number in range(1, PAGES + 1)] * 4
    return np.vstack(panels)[:STRIP_HEIGHT]


@cache
def picture_bytes(size: str, number: int) -> bytes:
    """A page as PNG in one of the sizes and colours that the readers ask for."""
    drawn: dict[str, Callable[[], Picture]] = {
        "pages": lambda: page_pixels(number),
        "hotlink": lambda: page_pixels(number),
        "cookie": lambda: page_pixels(number),
        "colour": lambda: _sample(number).colour,
        "wide": lambda: _resized(number, 2 * WIDTH, 2 * HEIGHT),
        "small": lambda: _resized(number, WIDTH // 2, HEIGHT // 2),
        "strip": _strip,
        "brief": lambda: _resized(number, BRIEF_WIDTH, BRIEF_HEIGHT),
        "slice": lambda: _resized(number, STRIP_WIDTH, SLICE_HEIGHT),
        "stub": lambda: _resized(number, STRIP_WIDTH, SLICE_HEIGHT)[:STUB_HEIGHT],
    }
    return encode_png(drawn[size]())


@cache
def _art_bytes(name: str, width: int, height: int) -> bytes:
    """A flat picture that says what it is."""
    pixels = np.full((height, width, 3), (110, 140, 180), np.uint8)
    cv2.putText(pixels, name, (10, height // 2), cv2.FONT_HERSHEY_SIMPLEX, 1.5, (255, 255, 255), 3)
    return encode_png(pixels)


def _png(data: bytes) -> web.Response:
    return web.Response(body=data, content_type="image/png", headers={"Cache-Control": "max-age=3600"})


class ReaderSite:
    """What all origins serve; some pictures are kept for those who come from the first."""

    def __init__(self) -> None:
        self.url = ""
        #: Of another host.
        self.cdn = ""
        #: Another origin on the same host, so that it gets the same cookies.
        self.shelf = ""

    def application(self) -> web.Application:
        app = web.Application()
        app.add_routes(
            [
                web.get("/read/{kind}", self._chapter),
                web.get("/frame/{name}", self._frame),
                web.get("/art/{name}-{width:\\d+}x{height:\\d+}.png", self._art),
                web.get("/{size:hotlink|cookie}/{number:\\d}.png", self._guarded),
                web.get("/{size}/{number:\\d}.png", self._picture),
                web.static("/site", SITE),
            ]
        )
        return app

    async def _chapter(self, request: web.Request) -> web.Response:
        kind = request.match_info["kind"]
        answer = self._html((SITE / "shell.html").read_text(), (SITE / "kinds" / f"{kind}.html").read_text())
        if kind == "csp":
            answer.headers["Content-Security-Policy"] = STRICT_POLICY
        if kind == "cookie":
            answer.set_cookie(*COOKIE)
        return answer

    async def _frame(self, request: web.Request) -> web.Response:
        is_reader = request.match_info["name"] == "pages"
        advert = '<img src="/art/film-480x680.png" data-trap="advert in a frame" alt="" />'
        inner = (SITE / "kinds" / "csp.html").read_text() if is_reader else advert
        return self._html((SITE / "frame.html").read_text(), inner)

    def _html(self, outer: str, reader: str) -> web.Response:
        text = outer.replace("{{reader}}", reader).replace("{{cdn}}", self.cdn).replace("{{shelf}}", self.shelf)
        return web.Response(text=text, content_type="text/html")

    async def _art(self, request: web.Request) -> web.Response:
        name, width, height = (request.match_info[part] for part in ("name", "width", "height"))
        return _png(_art_bytes(name, int(width), int(height)))

    async def _picture(self, request: web.Request) -> web.Response:
        return _png(picture_bytes(request.match_info["size"], int(request.match_info["number"])))

    async def _guarded(self, request: web.Request) -> web.Response:
        """For pages of the site alone, and for those who have its cookie; nobody may read it by script."""
        name, value = COOKIE
        from_site = request.headers.get("Referer", "").startswith(f"{self.url}/")
        known = from_site if request.match_info["size"] == "hotlink" else request.cookies.get(name) == value
        if not known:
            raise web.HTTPForbidden(text="Only for our own readers.")
        answer = await self._picture(request)
        answer.headers["Cache-Control"] = "no-store"
        return answer


@asynccontextmanager
async def reader_site(host: str = "127.0.0.1", cdn_host: str = "localhost") -> AsyncIterator[ReaderSite]:
    """The site on two free ports of this machine, under two names that the browser knows it by."""
    site = ReaderSite()
    runner = web.AppRunner(site.application())
    await runner.setup()
    try:
        for _ in range(2):
            await web.TCPSite(runner, "127.0.0.1", 0).start()
        (_, own), (_, other) = runner.addresses
        site.url, site.shelf, site.cdn = (
            f"http://{host}:{own}",
            f"http://{host}:{other}",
            f"http://{cdn_host}:{other}",
        )
        yield site
    finally:
        await runner.cleanup()
