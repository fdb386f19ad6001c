"""Loading and unloading engines from outside."""

import asyncio

from mangaflux.engine.fake import FakeEngine
from tests.web.driving import Client, finished, get_json, refused, submit

DEADLINE_SECONDS = 20


async def device_is(client: Client, state: str) -> None:
    async with asyncio.timeout(DEADLINE_SECONDS):
        while (await get_json(client, "/v1/engines"))["device"]["state"] != state:
            await asyncio.sleep(0.02)


async def test_an_engine_is_unloaded_and_loaded_again(client: Client, engine: FakeEngine) -> None:
    await device_is(client, "idle")
    async with client.post("/v1/engines/fake/unload") as answer:
        assert (answer.status, (await answer.json())["name"]) == (202, "fake")
    await device_is(client, "unloaded")
    assert not engine.loaded
    assert (await get_json(client, "/readyz"))["ready"]

    async with client.post("/v1/engines/fake/load") as answer:
        assert answer.status == 202
    await device_is(client, "idle")
    assert engine.loaded


async def test_a_page_loads_what_was_unloaded(
    client: Client, engine: FakeEngine, page_png: bytes, style_png: bytes
) -> None:
    await device_is(client, "idle")
    async with client.post("/v1/engines/fake/unload") as answer:
        assert answer.status == 202
    await device_is(client, "unloaded")
    await finished(client, await submit(client, [page_png], style_png))
    assert engine.loaded


async def test_loading_what_cannot_run_is_refused_with_what_mends_it(client: Client) -> None:
    async with client.post("/v1/engines/flux/load") as answer:
        body = await refused(answer, 409, "engine_unavailable")
    assert "pip install" in body["details"]["fix"]


async def test_unloading_what_is_not_loaded_changes_nothing(client: Client) -> None:
    async with client.post("/v1/engines/flux/unload") as answer:
        assert (answer.status, (await answer.json())["loaded"]) == (202, False)


async def test_an_unknown_engine_is_not_found(client: Client) -> None:
    async with client.post("/v1/engines/best/load") as answer:
        body = await refused(answer, 404, "not_found")
    assert "fake, flux" in body["message"]
