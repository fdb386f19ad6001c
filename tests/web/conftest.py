"""A server with real parts and a scripted engine."""

from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
from pytest_aiohttp import AiohttpClient

from mangaflux.engine.fake import FakeEngine
from mangaflux.engine.registry import EngineRegistry, Unavailable
from mangaflux.settings import Settings
from mangaflux.web.app import create_app
from tests.web.driving import Client

#: Starts a server whose settings differ in what is given.
StartServer = Callable[..., Awaitable[Client]]


@pytest.fixture
def engine() -> FakeEngine:
    return FakeEngine()


@pytest.fixture
def engines(engine: FakeEngine) -> EngineRegistry:
    flux = Unavailable(reason="there is no GPU", fix="pip install mangaflux[flux] on a machine with one")
    return EngineRegistry(engines={"fake": engine}, absent={"flux": flux}, default="fake")


@pytest.fixture
def start_server(aiohttp_client: AiohttpClient, settings: Settings, engines: EngineRegistry) -> StartServer:
    async def start(**changes: object) -> Client:
        return await aiohttp_client(create_app(settings.model_copy(update=changes), engines))

    return start


@pytest.fixture
def style_file(tmp_path: Path, style_png: bytes) -> Path:
    """A style reference that the settings may name."""
    path = tmp_path / "style.png"
    path.write_bytes(style_png)
    return path


@pytest.fixture
async def client(start_server: StartServer) -> Client:
    return await start_server()
