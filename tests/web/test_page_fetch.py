"""Pages that the server fetches, and those that it does not."""

import asyncio
import ipaddress
from collections.abc import Awaitable, Callable
from typing import Any, cast

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from aiohttp.typedefs import Handler

from mangaflux.settings import LimitSettings, OutgoingSettings
from mangaflux.web.keys import PARTS
from tests.web.conftest import StartServer
from tests.web.driving import Client, accepted, finished, refused

LOOPBACK = (ipaddress.ip_network("127.0.0.0/8"),)
#: Path and Referer of each request that reached the site.
SEEN: web.AppKey[list[tuple[str, str | None]]] = web.AppKey("seen", list)

HEADERS: web.AppKey[list[set[str]]] = web.AppKey("headers", list)
PAGE: web.AppKey[bytes] = web.AppKey("page", bytes)


@web.middleware
async def _note(request: web.Request, handler: Handler) -> web.StreamResponse:
    request.app[SEEN].append((request.path, request.headers.get("Referer")))
    request.app[HEADERS].append(set(request.headers))
    return await handler(request)


async def _hotlinked(request: web.Request) -> web.Response:
    allowed = request.headers.get("Referer") == "https://reader.example/ch/1"
    return web.Response(status=200 if allowed else 403, body=request.app[PAGE])


async def _redirect(request: web.Request) -> web.Response:
    return web.Response(status=302, headers={"Location": request.query.get("url", "/again")})


async def _hang(_request: web.Request) -> web.Response:
    await asyncio.sleep(30)
    return web.Response()


async def _cut_off(request: web.Request) -> web.StreamResponse:
    response = web.StreamResponse(headers={"Content-Length": "1000"})
    await response.prepare(request)
    await response.write(request.app[PAGE][:100])
    assert request.transport is not None
    request.transport.close()
    return response


def _answering(**answer: Any) -> Handler:
    async def handler(_request: web.Request) -> web.Response:
        return web.Response(**answer)

    return handler


@pytest.fixture
async def site(aiohttp_server: object, page_png: bytes, style_png: bytes) -> TestServer:
    """A site of images, as seen by whoever gets through to it."""
    app = web.Application(middlewares=[_note])
    app[SEEN], app[HEADERS], app[PAGE] = [], [], page_png
    for path, handler in {
        "/style.png": _answering(body=style_png),
        "/text.png": _answering(text="no image"),
        "/gone.png": _answering(status=404),
        "/packed.png": _answering(body=page_png, headers={"Content-Encoding": "gzip"}),
        "/hotlink.png": _hotlinked,
        "/hang.png": _hang,
        "/cut.png": _cut_off,
        "/to": _redirect,
        "/again": _redirect,
        "/{page}": _answering(body=page_png),
    }.items():
        app.router.add_get(path, handler)
    start = cast("Callable[[web.Application], Awaitable[TestServer]]", aiohttp_server)
    return await start(app)


@pytest.fixture
async def server(start_server: StartServer) -> Client:
    """May fetch from loopback."""
    return await start_server(outgoing=OutgoingSettings(allowed_networks=LOOPBACK, timeout_seconds=2))


@pytest.fixture
async def strict(start_server: StartServer) -> Client:
    """May fetch from public addresses only."""
    return await start_server(outgoing=OutgoingSettings(timeout_seconds=2))


def _url(site: TestServer, path: str) -> str:
    return f"http://127.0.0.1:{site.port}{path}"


async def _refusal(client: Client, url: str, status: int, code: str) -> str:
    answer = await client.post("/v1/jobs/pass1", json={"chapter_id": "c", "pages": [url]})
    body = await refused(answer, status, code)
    return str(body["message"])


async def test_pages_and_references_are_fetched(server: Client, site: TestServer, page_png: bytes) -> None:
    request = {
        "chapter_id": "c",
        "pages": [_url(site, f"/page_{number}.png") for number in range(1, 3)],
        "style_reference": _url(site, "/style.png"),
    }

    job_id = await accepted(await server.post("/v1/jobs/two-pass", json=request))

    job = await finished(server, job_id)
    assert (job["status"], [page["name"] for page in job["pages"]]) == ("completed", ["page_1.png", "page_2.png"])
    assert len(site.app[SEEN]) == 3


async def test_a_job_may_mix_uploads_by_name_and_urls_in_one_order(
    server: Client, site: TestServer, page_png: bytes
) -> None:
    stored = await server.post("/v1/assets", data=page_png, headers={"Content-Type": "image/png"})
    asset_id = (await stored.json())["asset_id"]
    request = {"chapter_id": "c", "pages": [_url(site, "/a.png"), asset_id, _url(site, "/b.png")]}

    job = await finished(server, await accepted(await server.post("/v1/jobs/pass1", json=request)))

    names = [page["name"] for page in job["pages"]]
    assert (names[0], names[1].split()[0], names[2]) == ("a.png", "asset", "b.png")


async def test_the_referer_is_sent_where_one_is_given(server: Client, site: TestServer) -> None:
    assert "Referer" in await _refusal(server, _url(site, "/hotlink.png"), 422, "fetch_failed")

    request = {"chapter_id": "c", "pages": [_url(site, "/hotlink.png")], "referer": "https://reader.example/ch/1"}
    await accepted(await server.post("/v1/jobs/pass1", json=request))


@pytest.mark.parametrize("referer", ["reader.example", "https://a\r\nX-Evil: 1", "file:///etc/passwd", "https://é"])
async def test_what_cannot_be_a_referer_is_refused(server: Client, site: TestServer, referer: str) -> None:
    request = {"chapter_id": "c", "pages": [_url(site, "/a.png")], "referer": referer}

    await refused(await server.post("/v1/jobs/pass1", json=request), 422, "invalid_request")
    assert site.app[SEEN] == []


async def test_redirects_are_followed_up_to_the_limit(server: Client, site: TestServer) -> None:
    path = "/page.png"
    for _ in range(3):
        path = f"/to?url={path.replace('?', '%3F')}"
    request = {"chapter_id": "c", "pages": [_url(site, path)]}
    await accepted(await server.post("/v1/jobs/pass1", json=request))

    assert "more than 3 times" in await _refusal(server, _url(site, "/again"), 422, "fetch_failed")


@pytest.mark.parametrize(
    ("path", "words"),
    [
        ("/gone.png", "answers 404"),
        ("/packed.png", "packed"),
        ("/cut.png", "before it is whole"),
        ("/hang.png", "more than 2 s"),
        ("/to?url=http://[", "nowhere"),
    ],
)
async def test_what_cannot_be_fetched_says_why(server: Client, site: TestServer, path: str, words: str) -> None:
    message = await _refusal(server, _url(site, path), 422, "fetch_failed")

    assert words in message
    assert message.startswith("pages: ")


async def test_what_is_no_image_is_refused(server: Client, site: TestServer) -> None:
    await _refusal(server, _url(site, "/text.png"), 422, "unreadable_image")


async def test_a_reference_that_cannot_be_fetched_is_a_reference_that_is_missing(
    server: Client, site: TestServer
) -> None:
    request = {"chapter_id": "c", "pages": [_url(site, "/a.png")], "style_reference": _url(site, "/gone.png")}

    await refused(await server.post("/v1/jobs/two-pass", json=request), 422, "style_reference_invalid")


async def test_an_image_that_is_too_large_is_refused_while_it_comes(
    start_server: StartServer, site: TestServer
) -> None:
    limits = LimitSettings(decode_in_child=False, max_upload_bytes=100)
    client = await start_server(limits=limits, outgoing=OutgoingSettings(allowed_networks=LOOPBACK))

    await _refusal(client, _url(site, "/a.png"), 413, "too_large")


#: Ways to write this machine; {port} is that of the site.
HERE = [
    "http://127.0.0.1:{port}/",
    "http://127.1:{port}/",
    "http://2130706433:{port}/",
    "http://0x7f000001:{port}/",
    "http://0177.0.0.1:{port}/",
    "http://0.0.0.0:{port}/",
    "http://[::1]:{port}/",
    "http://[::]:{port}/",
    "http://[::ffff:127.0.0.1]:{port}/",
    "http://[64:ff9b::7f00:1]:{port}/",
    "http://localhost:{port}/",
    "http://localhost.:{port}/",
    "http://127.0.0.1.:{port}/",
    "http://①②⑦.0.0.1:{port}/",
    "http://169.254.169.254/latest/meta-data/",
    "http://10.0.0.1/",
    "http://192.168.0.1/",
    "http://[fd00::1]/",
    "http://100.64.0.1/",
]
OTHER_SCHEMES = ["file:///etc/passwd", "gopher://127.0.0.1/", "ftp://example.org/a.png", "data://x", "HTTPX://a/b"]
STRANGE = [
    "http://user:secret@127.0.0.1:{port}/",
    "http://127.0.0.1:{port}@example.invalid/",
    "http://",
    "http:///page.png",
    "http://" + "a" * 64 + ".invalid/",
    "http://a..b.invalid/",
    "http://[::1",
    "http://127.0.0.1:99999/",
    "http://exa mple.invalid/",
    "http://example.invalid/" + "x" * 2048,
    "http://\u0000/",
]


@pytest.mark.parametrize("url", [*HERE, *OTHER_SCHEMES, *STRANGE])
async def test_no_url_leads_into_this_machine(strict: Client, site: TestServer, url: str) -> None:
    request = {"chapter_id": "c", "pages": [url.replace("{port}", str(site.port))]}

    answer = await strict.post("/v1/jobs/pass1", json=request)

    body = await answer.json(content_type="application/problem+json")
    assert answer.status in (403, 422), body
    assert site.app[SEEN] == []
    assert "127.0.0.1" not in body["message"] or "127.0.0.1" in url


@pytest.mark.parametrize(
    "url", ["http://[::1]:{port}/", "http://10.0.0.1/", "file:///etc/passwd", "http://user@127.0.0.1/"]
)
async def test_no_redirect_leads_where_the_url_itself_may_not(server: Client, site: TestServer, url: str) -> None:
    target = url.replace("{port}", str(site.port))

    await _refusal(server, _url(site, f"/to?url={target}"), 403, "url_forbidden")
    assert [path for path, _ in site.app[SEEN]] == ["/to"]


async def test_credentials_of_the_client_are_not_passed_on(server: Client, site: TestServer) -> None:
    request = {"chapter_id": "c", "pages": [_url(site, "/a.png")]}
    headers = {"Authorization": "Bearer secret", "Cookie": "a=b"}

    await accepted(await server.post("/v1/jobs/pass1", json=request, headers=headers))

    (names,) = site.app[HEADERS]
    assert not {"Authorization", "Cookie"} & names


async def test_nothing_is_queued_where_one_url_fails(server: Client, site: TestServer) -> None:
    request = {"chapter_id": "c", "pages": [_url(site, "/a.png"), _url(site, "/gone.png")]}

    body = await refused(await server.post("/v1/jobs/pass1", json=request), 422, "fetch_failed")

    assert body["message"].startswith("pages[1]: ")
    assert await server.app[PARTS].jobs.active() == []
