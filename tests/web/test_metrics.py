"""What Prometheus is told."""

import asyncio

from prometheus_client.parser import text_string_to_metric_families
from pydantic import SecretStr

from mangaflux.settings import ServerSettings
from tests.web.conftest import StartServer
from tests.web.driving import Client, finished, refused, submit

Samples = dict[tuple[str, frozenset[tuple[str, str]]], float]


async def _samples(client: Client) -> Samples:
    async with client.get("/metrics") as answer:
        assert answer.headers["Content-Type"].startswith("text/plain")
        text = await answer.text()
    families = text_string_to_metric_families(text)
    return {
        (sample.name, frozenset(sample.labels.items())): sample.value
        for family in families
        for sample in family.samples
    }


def _grown(before: Samples, after: Samples, name: str, **labels: str) -> float:
    """By how much the samples of a name with these labels grew, all others of their labels together."""
    wanted = set(labels.items())

    def total(samples: Samples) -> float:
        return sum(value for (each, having), value in samples.items() if each == name and wanted <= having)

    return total(after) - total(before)


async def test_a_page_is_counted_with_its_stages(client: Client, page_png: bytes, style_png: bytes) -> None:
    before = await _samples(client)

    await finished(client, await submit(client, [page_png], style_png))

    after = await _samples(client)
    assert _grown(before, after, "mangaflux_pages_total", outcome="done") == 2
    assert _grown(before, after, "mangaflux_queue_wait_seconds_count", **{"pass": "1"}) == 1
    assert _grown(before, after, "mangaflux_page_stage_seconds_count", stage="decoding", **{"pass": "1"}) == 1
    assert _grown(before, after, "mangaflux_step_seconds_count", engine="fake") >= 1
    assert _grown(before, after, "mangaflux_database_transaction_seconds_count") >= 4
    assert _grown(before, after, "mangaflux_http_requests_total", route="/v1/jobs/two-pass", status="202") == 1
    assert after["mangaflux_queue_wait_seconds_sum", frozenset({("pass", "1")})] < 600


async def test_what_is_so_now_is_told(client: Client) -> None:
    async with asyncio.timeout(20):
        while not (samples := await _samples(client))["mangaflux_ready", frozenset()]:
            await asyncio.sleep(0.05)
    assert samples["mangaflux_sse_clients", frozenset()] == 0
    async with client.get("/v1/events"):
        samples = await _samples(client)

    assert samples["mangaflux_sse_clients", frozenset()] == 1
    assert samples["mangaflux_disk_free_bytes", frozenset()] > 0
    assert ("mangaflux_device_out_of_memory_total", frozenset()) in samples


async def test_the_lag_of_the_event_loop_is_measured(client: Client) -> None:
    before = await _samples(client)
    async with asyncio.timeout(20):
        while not _grown(before, await _samples(client), "mangaflux_event_loop_lag_seconds_count"):
            await asyncio.sleep(0.1)


async def test_addresses_that_lead_nowhere_are_one_route(client: Client) -> None:
    before = await _samples(client)
    for number in range(3):
        await client.get(f"/nowhere/{number}")

    after = await _samples(client)

    assert _grown(before, after, "mangaflux_http_requests_total", route="none", status="404") == 3
    assert not [labels for _, labels in after if any("nowhere" in value for _, value in labels)]


async def test_metrics_need_the_token_where_reading_does(start_server: StartServer) -> None:
    client = await start_server(api_token=SecretStr("x" * 20), server=ServerSettings(token_for_reads=True))

    await refused(await client.get("/metrics"), 401, "unauthorized")
