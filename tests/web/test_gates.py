"""Three gates, each by itself and in their order: Host, Origin and Fetch Metadata, token."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
from aiohttp import web
from pydantic import SecretStr
from pytest_aiohttp import AiohttpClient

from mangaflux.settings import ServerSettings, Settings
from mangaflux.web.app import GATES
from mangaflux.web.error_middleware import add_common_headers, answer_errors
from mangaflux.web.keys import SETTINGS
from mangaflux.web.origin_gate import add_cors_headers
from mangaflux.web.sessions import COOKIE, open_session, sign
from tests.web.conftest import StartServer
from tests.web.driving import Client, refused
from tests.web.gate_table import ALLOWED_HOST, BEARER, CALLS, LISTED_EXTENSION, LISTED_PAGE, TOKEN, Call

STATUS = {"host_not_allowed": 421, "origin_not_allowed": 403, "unauthorized": 401}
GUARDED = ServerSettings(
    token_for_reads=True, allowed_hosts=(ALLOWED_HOST,), allowed_origins=(LISTED_PAGE, LISTED_EXTENSION)
)
#: Serves the gates and behind them one address that says yes.
StartGates = Callable[..., Awaitable[Client]]


async def _say_yes(_request: web.Request) -> web.Response:
    return web.Response(text="yes")


@pytest.fixture
def start_gates(aiohttp_client: AiohttpClient, tmp_path: Path) -> StartGates:
    async def start(token: str = TOKEN, server: ServerSettings = GUARDED) -> Client:
        app = web.Application(middlewares=[answer_errors, *GATES])
        app[SETTINGS] = Settings(data_dir=tmp_path, api_token=SecretStr(token), server=server)
        app.router.add_get("/v1/jobs", _say_yes)
        app.router.add_post("/v1/jobs", _say_yes)
        app.router.add_post("/v1/session", open_session)
        app.on_response_prepare.extend([add_common_headers, add_cors_headers])
        return await aiohttp_client(app)

    return start


@pytest.fixture
async def gates(start_gates: StartGates) -> Client:
    return await start_gates()


def _authority(client: Client) -> str:
    return f"{client.host}:{client.port}"


@pytest.mark.parametrize("call", CALLS, ids=lambda call: call.name)
async def test_who_may_call(gates: Client, call: Call) -> None:
    answer = await gates.request(call.method, "/v1/jobs", headers=call.filled(_authority(gates)))

    if call.code:
        await refused(answer, STATUS[call.code], call.code)
    else:
        assert (answer.status, await answer.text()) == (200, "yes")


@pytest.mark.parametrize(
    "head", ["GET / HTTP/1.0\r\n\r\n", "GET / HTTP/1.1\r\nHost: localhost\r\nHost: evil.example\r\n\r\n"]
)
async def test_no_host_and_two_hosts_are_refused(gates: Client, head: str) -> None:
    reader, writer = await asyncio.open_connection(gates.host, gates.port)
    writer.write(head.encode())

    async with asyncio.timeout(5):
        status_line = await reader.readline()

    assert status_line.split()[1] in (b"421", b"400")
    writer.close()


async def test_the_name_of_this_machine_passes_beyond_loopback_only(
    start_gates: StartGates, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("socket.gethostname", lambda: "Manga-Box")
    near = await start_gates()
    far = await start_gates(server=ServerSettings(host="0.0.0.0"))

    assert (await near.get("/v1/jobs", headers={"Host": "manga-box.local:8765", **BEARER})).status == 421
    assert (await far.get("/v1/jobs", headers={"Host": "manga-box.local:8765", **BEARER})).status == 200


@pytest.mark.parametrize("origin", ["moz-extension://0b1c", "chrome-extension://another"])
async def test_without_a_token_unlisted_extensions_may_not_write(start_gates: StartGates, origin: str) -> None:
    client = await start_gates(token="")

    await refused(await client.post("/v1/jobs", headers={"Origin": origin}), 403, "origin_not_allowed")
    assert (await client.post("/v1/jobs", headers={"Origin": LISTED_EXTENSION})).status == 200


@pytest.mark.parametrize(("token", "is_set"), [("", False), ("correct horse battery staple", True)])
async def test_a_refused_extension_is_told_whether_there_is_a_token_at_all(
    start_gates: StartGates, token: str, is_set: bool
) -> None:
    client = await start_gates(token=token)

    answer = await client.post("/v1/jobs", headers={"Origin": "moz-extension://0b1c", "Authorization": "Bearer wrong"})

    assert (answer.status, (await answer.json())["details"]) == (403, {"api_token_set": is_set})


@pytest.mark.parametrize("origin", [LISTED_PAGE, LISTED_EXTENSION, "moz-extension://0b1c"])
async def test_those_who_may_call_may_read_the_answer(gates: Client, origin: str) -> None:
    answer = await gates.post("/v1/jobs", headers={"Origin": origin, **BEARER})

    assert answer.headers["Access-Control-Allow-Origin"] == origin
    assert "X-Trace-Id" in answer.headers["Access-Control-Expose-Headers"]
    assert "Access-Control-Allow-Credentials" not in answer.headers


async def test_those_who_may_call_may_read_refusals_too(gates: Client) -> None:
    answer = await gates.post("/v1/jobs", headers={"Origin": LISTED_PAGE})

    assert (answer.status, answer.headers["Access-Control-Allow-Origin"]) == (401, LISTED_PAGE)


@pytest.mark.parametrize("origin", ["https://evil.example", "null", "moz-extension://0b1c"])
async def test_nobody_else_may_read_anything(gates: Client, origin: str) -> None:
    answer = await gates.get("/v1/jobs", headers={"Origin": origin})

    assert "Access-Control-Allow-Origin" not in answer.headers


async def test_every_answer_says_that_it_depends_on_the_origin(gates: Client) -> None:
    assert (await gates.get("/v1/jobs", headers=BEARER)).headers["Vary"] == "Origin"
    assert (await gates.get("/v1/jobs")).headers["Vary"] == "Origin"


def _preflight(origin: str) -> dict[str, str]:
    return {"Origin": origin, "Access-Control-Request-Method": "POST", "Sec-Fetch-Site": "cross-site"}


@pytest.mark.parametrize("origin", [LISTED_PAGE, LISTED_EXTENSION, "moz-extension://0b1c"])
async def test_a_preflight_needs_no_token(gates: Client, origin: str) -> None:
    answer = await gates.options("/v1/jobs", headers=_preflight(origin))

    assert (answer.status, answer.headers["Access-Control-Allow-Origin"]) == (204, origin)
    assert "Authorization" in answer.headers["Access-Control-Allow-Headers"]


@pytest.mark.parametrize("origin", ["https://evil.example", "null"])
async def test_a_preflight_of_a_foreign_page_is_refused(gates: Client, origin: str) -> None:
    answer = await gates.options("/v1/jobs", headers=_preflight(origin))

    await refused(answer, 403, "origin_not_allowed")
    assert "Access-Control-Allow-Origin" not in answer.headers


async def test_without_a_token_a_preflight_of_an_unlisted_extension_is_refused(start_gates: StartGates) -> None:
    client = await start_gates(token="")

    await refused(
        await client.options("/v1/jobs", headers=_preflight("moz-extension://0b1c")), 403, "origin_not_allowed"
    )


async def test_the_gates_of_a_server_stand_in_their_order(start_server: StartServer) -> None:
    client = await start_server(api_token=SecretStr(TOKEN))

    wrong_in_all = {"Host": "evil.example", "Origin": "https://evil.example"}
    await refused(await client.post("/v1/jobs/pass1", headers=wrong_in_all), 421, "host_not_allowed")
    wrong_in_two = {"Origin": "https://evil.example"}
    await refused(await client.post("/v1/jobs/pass1", headers=wrong_in_two), 403, "origin_not_allowed")
    await refused(await client.post("/v1/jobs/pass1"), 401, "unauthorized")


async def test_answers_tell_no_versions_and_cannot_be_framed(client: Client) -> None:
    answer = await client.get("/healthz")

    assert answer.headers["Server"] == "MangaFlux"
    assert "frame-ancestors 'none'" in answer.headers["Content-Security-Policy"]


async def _opened(client: Client) -> str:
    """The cookie of a new session."""
    answer = await client.post("/v1/session", headers=BEARER)
    assert answer.status == 204
    morsel = answer.cookies[COOKIE]
    assert (morsel["httponly"], morsel["samesite"], morsel["path"]) == (True, "Strict", "/")
    assert TOKEN not in morsel.value
    client.session.cookie_jar.clear()
    return morsel.value


async def test_a_session_stands_for_the_token_on_our_own_pages(gates: Client) -> None:
    cookie = {"Cookie": f"{COOKIE}={await _opened(gates)}"}
    own = {"Origin": f"http://{_authority(gates)}", "Sec-Fetch-Site": "same-origin"}

    assert (await gates.get("/v1/jobs", headers=cookie)).status == 200
    assert (await gates.get("/v1/jobs", headers=cookie | {"Sec-Fetch-Site": "same-origin"})).status == 200
    assert (await gates.post("/v1/jobs", headers=cookie | own)).status == 200


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": LISTED_PAGE},
        {"Origin": LISTED_PAGE, "Sec-Fetch-Site": "same-site"},
        {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document"},
    ],
)
async def test_a_session_is_worth_nothing_elsewhere(gates: Client, headers: dict[str, str]) -> None:
    cookie = {"Cookie": f"{COOKIE}={await _opened(gates)}"}

    await refused(await gates.get("/v1/jobs", headers=cookie | headers), 401, "unauthorized")


@pytest.mark.parametrize(
    "cookie",
    [
        "",
        "1.2",
        "99999999999.",
        sign(TOKEN, 1),
        sign("another token", 99_999_999_999),
        "9" + sign(TOKEN, 9_999_999_999),
        "²" + sign(TOKEN, 9_999_999_999),
    ],
)
async def test_a_session_that_ended_or_was_made_up_is_refused(gates: Client, cookie: str) -> None:
    answer = await gates.get("/v1/jobs", headers={"Cookie": f"{COOKIE}={cookie}"})

    await refused(answer, 401, "unauthorized")


async def test_a_session_is_not_opened_without_the_token(gates: Client) -> None:
    answer = await gates.post("/v1/session")

    await refused(answer, 401, "unauthorized")
    assert COOKIE not in answer.cookies


async def test_an_open_server_gives_no_cookies(start_gates: StartGates) -> None:
    client = await start_gates(token="")

    answer = await client.post("/v1/session")

    assert (answer.status, dict(answer.cookies)) == (204, {})
