"""A whole server lets in whom its gates let in, and reads nothing that it was not given."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from urllib.parse import urlsplit

import aiohttp
import pytest

from tests.acceptance.server_process import ServerProcess, server
from tests.small_pages import page_bytes
from tests.web.gate_table import ALLOWED_HOST, BEARER, CALLS, LISTED_EXTENSION, LISTED_PAGE, TOKEN
from tests.web.test_page_fetch import HERE, OTHER_SCHEMES, STRANGE

STATUS = {"": 200, "host_not_allowed": 421, "origin_not_allowed": 403, "unauthorized": 401}

GUARDED: dict[str, object] = {
    "api_token": TOKEN,
    "server.token_for_reads": True,
    "server.allowed_hosts": [ALLOWED_HOST],
    "server.allowed_origins": [LISTED_PAGE, LISTED_EXTENSION],
    "outgoing.timeout_seconds": 3,
}

TRAVERSALS = [
    *("../secret.png", "a/../../secret.png", "/etc/passwd", "./../secret.png", "inside/../../secret.png"),
    *(
        "link.png",
        "linked_folder/secret.png",
        "..\\secret.png",
        "%2e%2e/secret.png",
        "secret.png\0.png",
        "~/secret.png",
    ),
    "x" * 3000,
]
ADDRESSES = [
    *("/v1/artifacts/..%2f..%2fmangaflux.sqlite3", "/v1/artifacts/" + "0" * 64, "/v1/chapters/..%2f../pages"),
    *("/v1/jobs/..%2f..%2fetc%2fpasswd", "/../../etc/passwd", "/v1/chapters/%2e%2e/pages/1/colorized", "//etc/passwd"),
]


@asynccontextmanager
async def _site() -> AsyncIterator[tuple[int, list[int]]]:
    """A port of this machine that nobody may reach, and the connections that were made to it."""
    reached: list[int] = []

    async def answer(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        reached.append(1)
        writer.close()

    async with await asyncio.start_server(answer, ["127.0.0.1", "::1"], 0) as listener:
        yield listener.sockets[0].getsockname()[1], reached


async def _refusals(running: ServerProcess, names: list[str]) -> dict[str, str]:
    """By name of a page, the code with which a job with it was refused."""
    codes = {}
    async with aiohttp.ClientSession(running.url, headers=BEARER) as client:
        for name in names:
            request = {"chapter_id": "c", "pages": [name]}
            async with client.post("/v1/jobs/pass1", json=request) as answer:
                codes[name] = (await answer.json(content_type=None)).get("code", f"accepted with {answer.status}")
    return codes


@pytest.fixture
def inputs(tmp_path: Path) -> Path:
    inputs = tmp_path / "inputs"
    (inputs / "inside").mkdir(parents=True)
    (tmp_path / "secret.png").write_bytes(page_bytes(1))
    (inputs / "link.png").symlink_to(tmp_path / "secret.png")
    (inputs / "linked_folder").symlink_to(tmp_path)
    return inputs


async def test_the_whole_table_of_callers_holds(tmp_path: Path) -> None:
    wrong = []
    async with (
        server(tmp_path / "data", script={}, settings=GUARDED, token=TOKEN) as running,
        aiohttp.ClientSession(running.url) as client,
    ):
        for call in CALLS:
            path = "/version" if call.method == "GET" else "/v1/session"
            headers = call.filled(urlsplit(running.url).netloc)
            async with client.request(call.method, path, headers=headers) as answer:
                expected = STATUS[call.code] if call.code or call.method == "GET" else 204
                if answer.status != expected:
                    wrong.append((call.name, expected, answer.status))

    assert wrong == []


async def test_no_url_leads_into_this_machine(tmp_path: Path) -> None:
    async with (
        server(tmp_path / "data", script={}, settings=GUARDED, token=TOKEN) as running,
        _site() as (port, reached),
    ):
        urls = [url.replace("{port}", str(port)) for url in [*HERE, *OTHER_SCHEMES, *STRANGE]]
        codes = await _refusals(running, urls)

    assert set(codes.values()) <= {"url_forbidden", "fetch_failed", "invalid_request"}, codes
    assert reached == []


async def test_no_path_leads_out_of_the_input_root(tmp_path: Path, inputs: Path) -> None:
    settings = GUARDED | {"input_roots": [str(inputs)]}
    async with server(tmp_path / "data", script={}, settings=settings, token=TOKEN) as running:
        codes = await _refusals(running, TRAVERSALS)

    assert set(codes.values()) <= {"path_forbidden", "invalid_request"}, codes


async def test_no_address_leads_to_a_file(tmp_path: Path) -> None:
    async with server(tmp_path / "data", script={}, settings=GUARDED, token=TOKEN) as running:
        host, port = running.url.removeprefix("http://").split(":")
        statuses = {}
        for address in ADDRESSES:
            # By hand: clients would tidy the address up.
            reader, writer = await asyncio.open_connection(host, int(port))
            lines = [f"GET {address} HTTP/1.1", f"Host: {host}", f"Authorization: Bearer {TOKEN}", "Connection: close"]
            writer.write("\r\n".join([*lines, "", ""]).encode())
            async with asyncio.timeout(10):
                statuses[address] = (await reader.readline()).split()[1]
            writer.close()

    assert set(statuses.values()) <= {b"400", b"404"}, statuses
