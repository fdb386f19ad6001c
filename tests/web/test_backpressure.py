"""What happens when more comes than can be done."""

import json
from collections.abc import Callable

import pytest

from mangaflux.engine.fake import FakeEngine
from mangaflux.settings import LimitSettings, QueueSettings
from mangaflux.web.keys import PARTS
from tests.web.conftest import StartServer
from tests.web.driving import Client, accepted, finished, get_json, job_form, refused, submit, upload


async def _send(client: Client, page: bytes, style: bytes, headers: dict[str, str] | None = None) -> tuple[int, str]:
    """Status and Retry-After of a job."""
    form = job_form({"chapter_id": "c"}, {"1.png": page}, {"style.png": style})
    async with client.post("/v1/jobs/two-pass", data=form, headers=headers) as answer:
        return answer.status, answer.headers.get("Retry-After", "")


async def test_a_full_queue_refuses_a_job_with_the_seconds_after_which_it_fits(
    start_server: StartServer, engine: FakeEngine, page_png: bytes, style_png: bytes
) -> None:
    engine.seconds_per_step = 60
    client = await start_server(queue=QueueSettings(max_waiting_pages=3))
    await submit(client, [page_png] * 2, style_png)
    assert client.app is not None
    client.app[PARTS].worker.pace.seconds_per_page = 7.0
    form = job_form({"chapter_id": "c"}, {"1.png": page_png, "2.png": page_png}, {"style.png": style_png})

    answer = await client.post("/v1/jobs/two-pass", data=form)
    body = await refused(answer, 429, "queue_full")

    # Two wait, two are asked for, three may wait: one has to end first.
    assert answer.headers["Retry-After"] == "7"
    assert (body["details"]["waiting_pages"], body["details"]["max_waiting_pages"]) == (2, 3)
    assert len((await get_json(client, "/v1/jobs"))["jobs"]) == 1


async def test_a_job_that_fits_is_taken_beside_others(
    start_server: StartServer, engine: FakeEngine, page_png: bytes, style_png: bytes
) -> None:
    engine.seconds_per_step = 60
    client = await start_server(queue=QueueSettings(max_waiting_pages=3))
    await submit(client, [page_png] * 2, style_png)

    assert await _send(client, page_png, style_png) == (202, "1")


async def test_where_nothing_waits_a_job_of_any_size_is_taken(
    start_server: StartServer, page_png: bytes, style_png: bytes
) -> None:
    client = await start_server(queue=QueueSettings(max_waiting_pages=1))

    job = await finished(client, await submit(client, [page_png] * 3, style_png))

    assert job["status"] == "completed"


async def test_too_many_jobs_are_refused_before_their_pages_are_read(
    start_server: StartServer, engine: FakeEngine, page_png: bytes, style_png: bytes
) -> None:
    engine.seconds_per_step = 60
    client = await start_server(queue=QueueSettings(max_waiting_jobs=1))
    await submit(client, [page_png], style_png)

    async with client.post("/v1/jobs/two-pass", data=b"never read", headers={"Content-Type": "image/png"}) as answer:
        await refused(answer, 429, "queue_full")
    body = await (await client.get("/readyz")).json()
    assert "1 jobs wait" in body["reasons"][0]


async def test_below_the_floor_of_free_disk_nothing_is_accepted(
    start_server: StartServer, page_png: bytes, style_png: bytes
) -> None:
    client = await start_server(limits=LimitSettings(min_free_disk_bytes=2**60))

    await refused(
        await client.post("/v1/assets", data=page_png, headers={"Content-Type": "image/png"}), 507, "disk_full"
    )
    assert (await _send(client, page_png, style_png))[0] == 507
    assert (await get_json(client, "/v1/jobs"))["jobs"] == []
    async with client.get("/readyz") as answer:
        assert answer.status == 503
        assert "min_free_disk_bytes" in (await answer.json())["reasons"][0]


@pytest.mark.parametrize("change", [{"priority": 11}, {"priority": "high"}, {}, {"priority": 1, "x": 1}])
async def test_a_change_that_does_not_fit_is_refused(client: Client, change: dict[str, object]) -> None:
    await refused(await client.patch("/v1/jobs/job_0", json=change), 422, "invalid_request")


async def test_a_waiting_job_is_moved_ahead(
    client: Client, engine: FakeEngine, page_png: bytes, style_png: bytes
) -> None:
    engine.seconds_per_step = 60
    await submit(client, [page_png], style_png)
    job_id = await submit(client, [page_png], style_png)

    async with client.patch(f"/v1/jobs/{job_id}", json={"priority": 5}) as answer:
        assert (answer.status, (await answer.json())["priority"]) == (200, 5)
    assert (await get_json(client, f"/v1/jobs/{job_id}"))["priority"] == 5


async def test_the_priority_of_an_ended_job_cannot_be_changed(
    client: Client, page_png: bytes, style_png: bytes
) -> None:
    job_id = await submit(client, [page_png], style_png)
    await finished(client, job_id)

    await refused(await client.patch(f"/v1/jobs/{job_id}", json={"priority": 5}), 409, "conflict")


KEY = {"Idempotency-Key": "5f0c8d0e-6c1d-4f0e-9f57-0a3f5a3c2b11"}


async def test_the_same_request_with_the_same_key_is_one_job(client: Client, page_png: bytes, style_png: bytes) -> None:
    def form() -> object:
        return job_form({"chapter_id": "c"}, {"1.png": page_png}, {"style.png": style_png})

    first = await accepted(await client.post("/v1/jobs/two-pass", data=form(), headers=KEY))
    answer = await client.post("/v1/jobs/two-pass", data=form(), headers=KEY)

    assert answer.headers["Idempotency-Replayed"] == "true"
    assert await accepted(answer) == first
    assert len((await get_json(client, "/v1/jobs"))["jobs"]) == 1


def _other_chapter(request: dict[str, object]) -> dict[str, object]:
    return {**request, "chapter_id": "other"}


def _other_page(request: dict[str, object]) -> dict[str, object]:
    return {**request, "pages": [request["style_reference"]]}


@pytest.mark.parametrize("change", [_other_chapter, _other_page])
async def test_another_request_with_the_same_key_is_refused(
    client: Client, page_png: bytes, style_png: bytes, change: Callable[[dict[str, object]], dict[str, object]]
) -> None:
    request: dict[str, object] = {
        "chapter_id": "c",
        "pages": [await upload(client, page_png)],
        "style_reference": await upload(client, style_png),
    }
    await accepted(await client.post("/v1/jobs/two-pass", json=request, headers=KEY))

    await refused(
        await client.post("/v1/jobs/two-pass", json=change(request), headers=KEY), 422, "idempotency_key_reused"
    )


async def test_another_upload_with_the_same_key_is_refused(client: Client, page_png: bytes, style_png: bytes) -> None:
    assert await _send(client, page_png, style_png, KEY) == (202, "1")

    assert (await _send(client, style_png, style_png, KEY))[0] == 422


async def test_a_key_that_was_accepted_is_answered_by_a_full_server(
    start_server: StartServer, engine: FakeEngine, page_png: bytes, style_png: bytes
) -> None:
    engine.seconds_per_step = 60
    client = await start_server(queue=QueueSettings(max_waiting_jobs=1))

    assert await _send(client, page_png, style_png, KEY) == (202, "1")
    assert await _send(client, page_png, style_png, KEY) == (202, "1")
    assert (await _send(client, page_png, style_png))[0] == 429


@pytest.mark.parametrize("key", ["", "x" * 256, "with space"])
async def test_a_key_that_is_none_is_refused(client: Client, key: str) -> None:
    answer = await client.post("/v1/jobs/pass1", data=json.dumps({}), headers={"Idempotency-Key": key})

    assert "Idempotency-Key" in (await refused(answer, 422, "invalid_request"))["message"]
