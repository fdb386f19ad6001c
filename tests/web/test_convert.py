"""POST /v1/convert, as Suwayomi-Server calls it: whatever comes back becomes the page."""

import asyncio
import io
import logging
from collections.abc import Awaitable, Callable
from pathlib import Path

import aiohttp
import numpy as np
import pytest
from PIL import Image
from pydantic import SecretStr

from mangaflux.engine.fake import FakeEngine
from mangaflux.settings import CompatibilitySettings, LimitSettings, QueueSettings
from mangaflux.storage.data_folder import ASSETS_FOLDER
from mangaflux.web.keys import SETTINGS
from mangaflux.web.single_pages import RESULT
from tests.small_pages import blank_page_bytes, colour_page_bytes, page_bytes
from tests.web.conftest import StartServer
from tests.web.driving import Client, Json, finished, get_json, refused, submit, upload
from tests.web.recorded import Answer, send, suwayomi

TOKEN = "correct horse"

StartConverter = Callable[..., Awaitable[Client]]


@pytest.fixture
def start(start_server: StartServer, style_file: Path) -> StartConverter:
    """Starts a server with the route on; `compatibility` changes its settings."""

    async def start(compatibility: dict[str, object] | None = None, **changes: object) -> Client:
        values = {"convert": True, "style_reference": str(style_file), **(compatibility or {})}
        return await start_server(compatibility=CompatibilitySettings.model_validate(values), **changes)

    return start


async def _as_suwayomi(
    client: Client, page: bytes, *, headers: bytes = b"", host: bytes | None = None
) -> Answer | None:
    return await send(client, suwayomi(client, page, headers=headers, host=host))


async def _convert(client: Client, page: bytes) -> Answer:
    answer = await _as_suwayomi(client, page)
    assert answer is not None
    return answer


async def _jobs(client: Client) -> list[Json]:
    jobs: list[Json] = (await get_json(client, "/v1/jobs"))["jobs"]
    return jobs


async def _first_job(client: Client) -> Json:
    """The one job there is, once it is there."""
    async with asyncio.timeout(10):
        while not (jobs := await _jobs(client)):
            await asyncio.sleep(0.02)
    return jobs[0]


def _kept_pages(client: Client) -> list[Path]:
    assert client.app is not None
    folder = client.app[SETTINGS].data_dir / ASSETS_FOLDER
    return sorted(path for path in folder.rglob("*") if path.is_file())


def _form(page: bytes) -> aiohttp.FormData:
    form = aiohttp.FormData()
    form.add_field("image", page, filename="page.png", content_type="image/png")
    return form


@pytest.mark.parametrize("okhttp", ["okhttp4", "okhttp5"])
async def test_a_page_comes_back_in_colour(start: StartConverter, page_png: bytes, okhttp: str) -> None:
    """As `ConversionUtil.kt` of Suwayomi-Server at 09029963 sends it, which takes the body for the page."""
    client = await start()

    answer = await send(client, suwayomi(client, page_png, okhttp=okhttp))

    assert answer is not None
    assert (answer.status, answer.headers[RESULT], answer.headers["Content-Type"]) == (200, "coloured", "image/png")
    with Image.open(io.BytesIO(answer.body)) as coloured, Image.open(io.BytesIO(page_png)) as page:
        assert coloured.size == page.size
        assert np.ptp(np.asarray(coloured.convert("RGB"), dtype=np.int16), axis=2).max() > 10


async def test_the_same_page_again_is_not_coloured_again(
    start: StartConverter, engine: FakeEngine, page_png: bytes
) -> None:
    client = await start()
    first = await _convert(client, page_png)

    again = await _convert(client, page_png)

    assert again.body == first.body
    assert engine.calls == 1
    assert [job["progress"]["cached"] for job in await _jobs(client)] == [1, 0]  # the newest first


async def test_pages_are_kept_in_the_chapter_of_the_day_in_the_order_they_came(start: StartConverter) -> None:
    client = await start({"chapter_name": "suwayomi"})
    await _convert(client, page_bytes(1))
    await _convert(client, page_bytes(2))
    await _convert(client, page_bytes(1))

    (chapter,) = (await get_json(client, "/v1/chapters"))["chapters"]
    pages = (await get_json(client, f"/v1/chapters/{chapter['chapter_id']}/pages"))["pages"]

    assert chapter["chapter_id"].startswith("suwayomi-20")
    assert [page["page_num"] for page in pages] == [1, 2]


async def test_pages_that_come_at_once_get_numbers_of_their_own(start: StartConverter) -> None:
    client = await start()

    answers = await asyncio.gather(*(_convert(client, page_bytes(seed)) for seed in range(1, 7)))

    (chapter,) = (await get_json(client, "/v1/chapters"))["chapters"]
    assert {answer.headers[RESULT] for answer in answers} == {"coloured"}
    assert chapter["pages"] == 6


async def test_a_page_that_is_not_done_in_time_comes_back_and_goes_on(
    start: StartConverter, engine: FakeEngine, page_png: bytes
) -> None:
    engine.seconds_per_step = 60
    client = await start({"convert_wait_seconds": 0.2})

    answers = [await _convert(client, page_png) for _ in range(2)]

    assert [answer.body for answer in answers] == [page_png] * 2
    assert {answer.headers[RESULT] for answer in answers} == {"passthrough; reason=timeout"}
    (job,) = await _jobs(client)  # the second call joined the job of the first
    assert job["status"] in ("queued", "running")


async def test_the_job_of_a_caller_who_left_goes_on(start: StartConverter, engine: FakeEngine, page_png: bytes) -> None:
    engine.seconds_per_step = 0.1
    client = await start()
    _, writer = await asyncio.open_connection("127.0.0.1", client.port)
    writer.write(suwayomi(client, page_png))
    job = await _first_job(client)
    writer.close()
    await writer.wait_closed()

    assert (await finished(client, job["job_id"]))["status"] == "completed"


async def test_a_server_that_stops_gives_the_page_back(
    start: StartConverter, engine: FakeEngine, page_png: bytes
) -> None:
    engine.seconds_per_step = 60
    client = await start()
    converting = asyncio.create_task(_convert(client, page_png))
    await _first_job(client)

    assert client.app is not None
    await client.app.shutdown()

    answer = await converting
    assert (answer.body, answer.headers[RESULT]) == (page_png, "passthrough; reason=stopping")
    again = await _convert(client, page_png)
    assert (again.body, again.headers[RESULT]) == (page_png, "passthrough; reason=server_busy")


async def test_nothing_is_left_of_what_is_no_page(start: StartConverter, colour_png: bytes) -> None:
    client = await start()
    await _convert(client, colour_png)
    kept = _kept_pages(client)

    await _convert(client, b"no page")

    assert kept
    assert _kept_pages(client) == kept


UNCOLOURED = {
    "no image": (b"<html>not a page</html>", "unreadable_image"),
    "nothing at all": (b"", "unreadable_image"),
    "a page in colour": (colour_page_bytes(), "already_in_colour"),
    "an empty page": (blank_page_bytes(), "blank_page"),
    "half an image": (page_bytes()[:-200], "unreadable_image"),
}


@pytest.mark.parametrize(("page", "reason"), UNCOLOURED.values(), ids=UNCOLOURED)
async def test_what_cannot_be_coloured_comes_back_as_it_was(start: StartConverter, page: bytes, reason: str) -> None:
    client = await start()

    answer = await _convert(client, page)

    assert (answer.status, answer.body, answer.headers[RESULT]) == (200, page, f"passthrough; reason={reason}")
    assert not answer.headers["Content-Type"].startswith("text/")


TROUBLES: dict[str, tuple[dict[str, object], dict[str, object], str]] = {
    "no style reference is set": ({"style_reference": ""}, {}, "style_reference_invalid"),
    "the style reference is not there": ({"style_reference": "/no/such.png"}, {}, "style_reference_invalid"),
    "the style reference was never uploaded": ({"style_reference": f"asset:{'0' * 64}"}, {}, "style_reference_invalid"),
    "the disk is full": ({}, {"limits": LimitSettings(decode_in_child=False, min_free_disk_bytes=2**62)}, "disk_full"),
}


@pytest.mark.parametrize(("compatibility", "changes", "reason"), TROUBLES.values(), ids=TROUBLES)
async def test_whatever_is_wrong_with_the_server_the_page_comes_back(
    start: StartConverter,
    page_png: bytes,
    compatibility: dict[str, object],
    changes: dict[str, object],
    reason: str,
) -> None:
    client = await start(compatibility, **changes)

    answer = await _convert(client, page_png)

    assert (answer.status, answer.body, answer.headers[RESULT]) == (200, page_png, f"passthrough; reason={reason}")


async def test_where_the_engine_fails_the_page_comes_back_and_the_next_call_tries_again(
    start: StartConverter, engine: FakeEngine, page_png: bytes
) -> None:
    client = await start()
    engine.fail_at_step = 1
    failed = await _convert(client, page_png)
    engine.fail_at_step = None

    again = await _convert(client, page_png)

    assert (failed.status, failed.body) == (200, page_png)
    assert failed.headers[RESULT] == "passthrough; reason=page_failed"
    assert again.headers[RESULT] == "coloured"


async def test_where_the_queue_is_full_the_page_comes_back(
    start: StartConverter, engine: FakeEngine, page_png: bytes, style_png: bytes
) -> None:
    engine.seconds_per_step = 60
    client = await start(queue=QueueSettings(max_waiting_pages=1))
    await submit(client, [page_bytes(7)], style_png)

    answer = await _convert(client, page_png)

    assert (answer.status, answer.body, answer.headers[RESULT]) == (200, page_png, "passthrough; reason=queue_full")


async def test_why_a_page_came_back_is_in_the_log(
    start: StartConverter, page_png: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    client = await start({"style_reference": ""})

    await _convert(client, page_png)

    assert "set compatibility.style_reference" in caplog.text


async def test_the_style_reference_may_be_an_uploaded_image(
    start: StartConverter, page_png: bytes, style_png: bytes
) -> None:
    plain = await start()
    asset_id = await upload(plain, style_png)
    by_path = await _convert(plain, page_png)
    await plain.close()

    answer = await _convert(await start({"style_reference": asset_id}), page_png)

    assert answer.headers[RESULT] == "coloured"
    assert answer.body == by_path.body


async def test_the_route_is_off_by_default_and_says_what_turns_it_on(client: Client, page_png: bytes) -> None:
    body = await refused(await client.post("/v1/convert", data=_form(page_png)), 404, "not_found")

    assert "compatibility.convert" in body["message"]


async def test_a_reader_that_saves_what_it_gets_gets_nothing_from_a_route_that_is_off(
    client: Client, page_png: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    assert await _as_suwayomi(client, page_png) is None
    assert "compatibility.convert" in caplog.text


@pytest.mark.parametrize("headers", [b"", b"authorization: Bearer wrong\r\n"])
async def test_a_reader_that_saves_what_it_gets_gets_nothing_without_the_token(
    start: StartConverter, page_png: bytes, headers: bytes
) -> None:
    client = await start(api_token=SecretStr(TOKEN))

    assert await _as_suwayomi(client, page_png, headers=headers) is None


async def test_a_reader_with_the_token_gets_its_page(start: StartConverter, page_png: bytes) -> None:
    client = await start(api_token=SecretStr(TOKEN))

    answer = await _as_suwayomi(client, page_png, headers=f"authorization: Bearer {TOKEN}\r\n".encode())

    assert answer is not None
    assert answer.headers[RESULT] == "coloured"


async def test_a_reader_that_saves_what_it_gets_gets_nothing_under_another_name(
    start: StartConverter, page_png: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    assert await _as_suwayomi(await start(), page_png, host=b"mangaflux:8765") is None
    assert "server.allowed_hosts" in caplog.text


async def test_a_reader_that_saves_what_it_gets_gets_nothing_where_no_whole_page_arrived(
    start: StartConverter, page_png: bytes
) -> None:
    client = await start(limits=LimitSettings(decode_in_child=False, max_upload_bytes=100))

    assert await _as_suwayomi(client, page_png) is None


async def test_clients_that_can_read_a_refusal_get_it(start: StartConverter, page_png: bytes) -> None:
    client = await start(api_token=SecretStr(TOKEN))

    await refused(await client.post("/v1/convert", data=_form(page_png)), 401, "unauthorized")


async def test_a_form_without_a_page_is_refused(start: StartConverter) -> None:
    client = await start()
    form = aiohttp.FormData()
    form.add_field("picture", b"x", filename="x.png")

    body = await refused(await client.post("/v1/convert", data=form), 422, "invalid_request")

    assert "image" in body["message"]


async def test_a_form_with_two_pages_is_refused(start: StartConverter, page_png: bytes) -> None:
    client = await start()
    form = _form(page_png)
    form.add_field("image", page_png, filename="2.png")

    await refused(await client.post("/v1/convert", data=form), 422, "invalid_request")


async def test_skipped_pages_are_no_warning(
    start: StartConverter, colour_png: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    await _convert(await start(), colour_png)

    assert not [record for record in caplog.records if record.levelno >= logging.WARNING]
