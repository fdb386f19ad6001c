"""Who may call a server that has a token."""

import pytest
from pydantic import SecretStr

from mangaflux.settings import ServerSettings
from tests.web.conftest import StartServer
from tests.web.driving import Client, refused

TOKEN = "correct horse"


@pytest.fixture
async def guarded(start_server: StartServer) -> Client:
    return await start_server(api_token=SecretStr(TOKEN))


@pytest.fixture
async def closed(start_server: StartServer) -> Client:
    """Reading needs the token too."""
    return await start_server(api_token=SecretStr(TOKEN), server=ServerSettings(token_for_reads=True))


async def test_without_a_token_set_everybody_may_write(client: Client, page_png: bytes) -> None:
    answer = await client.post("/v1/assets", data=page_png, headers={"Content-Type": "image/png"})

    assert answer.status == 201


async def test_writing_without_the_token_is_refused(guarded: Client) -> None:
    answer = await guarded.post("/v1/jobs/two-pass", json={})

    await refused(answer, 401, "unauthorized")
    assert answer.headers["WWW-Authenticate"].startswith("Bearer")


@pytest.mark.parametrize("header", ["Bearer wrong", f"Basic {TOKEN}", "Bearer", f"Bearer {TOKEN}x", "Bearer \xe9"])
async def test_writing_with_something_else_than_the_token_is_refused(guarded: Client, header: str) -> None:
    answer = await guarded.post("/v1/jobs/two-pass", json={}, headers={"Authorization": header})

    await refused(answer, 401, "unauthorized")


async def test_writing_with_the_token_is_allowed(guarded: Client, page_png: bytes) -> None:
    headers = {"Authorization": f"Bearer {TOKEN}", "Content-Type": "image/png"}

    answer = await guarded.post("/v1/assets", data=page_png, headers=headers)

    assert answer.status == 201


async def test_reading_is_open_unless_the_settings_say_otherwise(guarded: Client) -> None:
    answer = await guarded.get("/v1/jobs")

    assert answer.status == 200


async def test_reading_needs_the_token_where_the_settings_say_so(closed: Client) -> None:
    answer = await closed.get("/v1/jobs")

    await refused(answer, 401, "unauthorized")


async def test_event_streams_are_reading_too(closed: Client) -> None:
    answer = await closed.get("/v1/events")

    await refused(answer, 401, "unauthorized")


async def test_watchdogs_need_no_token(closed: Client) -> None:
    answer = await closed.get("/healthz")

    assert answer.status == 200
