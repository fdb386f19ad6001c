"""What watchdogs and people ask a server first."""

from pytest_aiohttp import AiohttpClient

from mangaflux import __version__
from mangaflux.engine.fake import FakeEngine
from mangaflux.engine.registry import EngineRegistry
from mangaflux.settings import Settings
from mangaflux.web.app import create_app
from mangaflux.web.keys import PARTS
from tests.test_worker_detectors import Watcher
from tests.web.driving import Client, finished, get_json, submit


async def test_a_server_is_alive(client: Client) -> None:
    assert await get_json(client, "/healthz") == {"status": "ok"}


async def test_a_server_is_ready_once_its_engine_is_loaded(client: Client, page_png: bytes, style_png: bytes) -> None:
    await finished(client, await submit(client, [page_png], style_png))

    body = await get_json(client, "/readyz")

    assert (body["ready"], body["reasons"], body["device"]["engine"]) == (True, [], "fake")


async def test_a_stopping_server_is_not_ready_and_says_why(client: Client) -> None:
    assert client.app is not None
    client.app[PARTS].worker.stop()

    async with client.get("/readyz") as answer:
        body = await answer.json()

    assert (answer.status, body["ready"]) == (503, False)
    assert "stopping" in body["reasons"][0]


async def test_the_version_names_engines_and_packages(client: Client) -> None:
    body = await get_json(client, "/version")

    assert body["version"] == __version__
    assert body["engines"]["fake"]["id"] == FakeEngine.model.id
    assert "aiohttp" in body["packages"]


async def test_the_version_names_detectors_with_their_weights_and_licence(
    aiohttp_client: AiohttpClient, settings: Settings, engines: EngineRegistry
) -> None:
    client = await aiohttp_client(create_app(settings, engines, (Watcher("a" * 64),)))

    body = await get_json(client, "/version")

    assert body["detectors"] == {"watcher": {"sha256": "a" * 64, "license": "Apache-2.0"}}


async def test_engines_that_cannot_run_say_why_and_what_mends_it(client: Client) -> None:
    body = await get_json(client, "/v1/engines")

    by_name = {engine["name"]: engine for engine in body["engines"]}
    assert body["default"] == "fake"
    assert by_name["fake"]["available"]
    assert not by_name["flux"]["available"]
    assert by_name["flux"]["reason"] == "there is no GPU"
    assert "pip install" in by_name["flux"]["fix"]
