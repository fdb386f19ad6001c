"""A site with chapters of small pages on one host, and its pictures on another that guards them."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from aiohttp import web

from tests.small_pages import colour_page_bytes, page_bytes

COOKIE = "reader"


@dataclass
class ChapterSite:
    """Chapters at `/<kind>/<name>/<pages>`; the kind says where pictures come from, and what guards them.

    plain: the same host. hotlink: another host, which wants this site's Referer. cookie: another port, which wants the
    cookie that the page sets. blob: the page makes them, and revokes their addresses. colour: the first is in colour.
    """

    #: Origins of the site, of the guarded pictures on another host, and of those on the same host at another port.
    origin: str = ""
    cdn: str = ""
    sister: str = ""
    #: (path, Referer) of each picture that was asked for.
    asked: list[tuple[str, str | None]] = field(default_factory=list)

    def chapter(self, kind: str, name: str, pages: int) -> str:
        """The address of a chapter."""
        return f"{self.origin}/{kind}/{name}/{pages}"

    async def read_chapter(self, request: web.Request) -> web.Response:
        kind, name, pages = request.match_info["kind"], request.match_info["name"], int(request.match_info["pages"])
        host = {"hotlink": self.cdn, "cookie": self.sister}.get(kind, "")
        images = "".join(f'<img id="{n}" src="{host}/{kind}-pages/{name}/{n}.png">' for n in range(1, pages + 1))
        script = f"<script>{_REVOKE}</script>" if kind == "blob" else ""
        answer = web.Response(text=f"<title>Chapter: {name}</title>{images}{script}", content_type="text/html")
        if kind == "cookie":
            answer.set_cookie(COOKIE, "yes", samesite="Lax")
        return answer

    async def read_page(self, request: web.Request) -> web.Response:
        kind, number = request.match_info["kind"], int(request.match_info["number"])
        referer = request.headers.get("Referer")
        self.asked.append((request.path, referer))
        refused = (kind == "hotlink" and not (referer or "").startswith(self.origin)) or (
            kind == "cookie" and request.cookies.get(COOKIE) != "yes"
        )
        if refused:
            return web.Response(status=403, text="Pictures are for readers of this site.")
        name = request.match_info["name"]
        seed = number + 1000 * (sum(name.encode()) % 1000)
        body = colour_page_bytes() if kind == "colour" and number == 1 else page_bytes(seed)
        return web.Response(body=body, content_type="image/png", headers={"Cache-Control": "no-store"})


#: Puts each picture behind an address that is gone once it is shown.
_REVOKE = """
document.documentElement.dataset.blobs = "yes";
for (const image of document.images) (async () => {
  await image.decode();
  const url = URL.createObjectURL(await (await fetch(image.src)).blob());
  image.onload = () => {
    URL.revokeObjectURL(url);
    image.dataset.revoked = "yes";
  };
  image.src = url;
})();
"""


@asynccontextmanager
async def chapter_site() -> AsyncIterator[ChapterSite]:
    """The site on free ports of this machine, under two names that are different sites to a browser."""
    site = ChapterSite()
    app = web.Application()
    app.router.add_get(r"/{kind:\w+}/{name}/{pages:\d+}", site.read_chapter)
    app.router.add_get(r"/{kind:\w+}-pages/{name}/{number:\d+}.png", site.read_page)
    runner = web.AppRunner(app)
    await runner.setup()
    try:
        ports = [await _listen(runner) for _ in range(2)]
        site.origin, site.cdn = f"http://127.0.0.1:{ports[0]}", f"http://localhost:{ports[1]}"
        site.sister = f"http://127.0.0.1:{ports[1]}"
        yield site
    finally:
        await runner.cleanup()


async def _listen(runner: web.AppRunner) -> int:
    before = len(runner.addresses)
    await web.TCPSite(runner, "localhost", 0, reuse_address=True).start()
    return int(runner.addresses[before][1])
