"""/mit/<key>/…, as readers that were made for manga-image-translator call it."""

import asyncio
import json
import logging
import re
import struct
from collections.abc import Awaitable, Callable
from pathlib import Path

import aiohttp
import pytest
from aiohttp import web
from aiohttp.typedefs import Handler, Middleware
from pydantic import SecretStr
from pytest_aiohttp import AiohttpClient

from mangaflux.engine.fake import FakeEngine
from mangaflux.engine.registry import EngineRegistry
from mangaflux.settings import CompatibilitySettings, Settings
from mangaflux.web.app import create_app
from mangaflux.web.mit_handlers import Frame, frame
from mangaflux.web.single_pages import SinglePages
from tests.small_pages import page_bytes
from tests.web.conftest import StartServer
from tests.web.driving import Client, Json, finished, get_json, refused, submit
from tests.web.recorded import COMIC_READ_SCRIPT_PLAIN, Answer, comic_read_script, mit_extension, send

KEY = "a-key-of-its-own-0123456789"
BASE = f"/mit/{KEY}"
PLAIN = f"{BASE}/translate/with-form/image"
STREAM = f"{PLAIN}/stream"
SITE = "https://reader.example"

StartMit = Callable[..., Awaitable[Client]]


@pytest.fixture
def compatibility(style_file: Path) -> CompatibilitySettings:
    return CompatibilitySettings(mit_key=SecretStr(KEY), style_reference=str(style_file))


@pytest.fixture
def start(start_server: StartServer, compatibility: CompatibilitySettings) -> StartMit:
    async def start(compatible: dict[str, object] | None = None, **changes: object) -> Client:
        return await start_server(compatibility=compatibility.model_copy(update=compatible or {}), **changes)

    return start


def _frames(body: bytes) -> list[tuple[int, bytes]]:
    """Frames as the readers take a stream apart."""
    frames = []
    while body:
        kind, length = struct.unpack(">BI", body[:5])
        frames.append((kind, body[5 : 5 + length]))
        assert len(frames[-1][1]) == length
        body = body[5 + length :]
    return frames


async def _answered(client: Client, request: bytes) -> Answer:
    answer = await send(client, request)
    assert answer is not None
    assert answer.status == 200, answer.body
    return answer


async def _coloured(client: Client) -> bytes:
    """The coloured page of the newest job."""
    job = (await get_json(client, "/v1/jobs"))["jobs"][0]
    async with client.get(f"/v1/chapters/{job['chapter_id']}/pages/1/colorized") as answer:
        return await answer.read()


def _form(page: bytes) -> aiohttp.FormData:
    form = aiohttp.FormData()
    form.add_field("image", page, filename="page.png", content_type="image/png")
    form.add_field("config", "{}")
    return form


@pytest.mark.parametrize(
    ("kind", "data", "sent"),
    [
        (Frame.RESULT, b"\x89PNG", b"\x00\x00\x00\x00\x04\x89PNG"),
        (Frame.PROGRESS, b"detection", b"\x01\x00\x00\x00\x09detection"),
        (Frame.ERROR, b"x" * 300, b"\x02\x00\x00\x01\x2c" + b"x" * 300),
        (Frame.POSITION, b"12", b"\x03\x00\x00\x00\x0212"),
        (Frame.WAITING, b"", b"\x04\x00\x00\x00\x00"),
    ],
)
def test_a_frame_is_a_byte_a_length_and_the_data(kind: Frame, data: bytes, sent: bytes) -> None:
    """As `notify` in `server/streaming.py` of manga-image-translator at 00711c5c packs it."""
    assert frame(kind, data) == sent


async def test_readers_find_the_list_they_look_for(start: StartMit) -> None:
    async with (await start()).get(f"{BASE}/") as answer:
        text = await answer.text()

    # What ComicReadScript searches with, now and in older versions.
    for pattern in (r"(?<=validTranslators: )\[.+?\](?=,)", r"(?<=validTranslators: ).+?(?=,\n)"):
        found = re.search(pattern, text)
        assert found is not None
        assert json.loads(found[0].replace("'", '"')) == ["mangaflux"]
    assert 'value="S">1024px<' not in text  # by which it knows the old protocol


@pytest.mark.parametrize("request_of", [comic_read_script, mit_extension])
async def test_a_page_comes_back_at_the_end_of_a_stream(
    start: StartMit, page_png: bytes, request_of: Callable[[Client, str, bytes], bytes]
) -> None:
    """As the `index.ts` of ComicReadScript at 6523689c and the extension's `background.js` at 00a6a170 ask and read."""
    client = await start()

    answer = await _answered(client, request_of(client, KEY, page_png))

    *before, (last, picture) = _frames(answer.body)
    assert before[0] == (Frame.WAITING, b"")
    assert {kind for kind, _ in before} <= {Frame.PROGRESS, Frame.WAITING, Frame.POSITION}
    assert {text for kind, text in before if kind == Frame.PROGRESS} <= {b"detection", b"colorizing"}
    assert (last, picture) == (Frame.RESULT, await _coloured(client))
    assert answer.headers["Access-Control-Allow-Origin"].split(":")[0] in ("https", "chrome-extension")
    assert answer.headers["Content-Type"] == "application/octet-stream"


async def test_a_page_comes_back_at_once_where_a_site_forbids_streams(start: StartMit, page_png: bytes) -> None:
    client = await start()

    answer = await _answered(client, comic_read_script(client, KEY, page_png, COMIC_READ_SCRIPT_PLAIN))

    assert answer.body == await _coloured(client)
    assert answer.headers["Content-Type"] == "image/png"


async def test_progress_is_told_in_words_that_readers_know(
    start: StartMit, engine: FakeEngine, page_png: bytes
) -> None:
    engine.seconds_per_step = 0.15
    client = await start()

    answer = await _answered(client, comic_read_script(client, KEY, page_png))

    assert (Frame.PROGRESS, b"colorizing") in _frames(answer.body)


async def test_who_waits_is_told_how_many_go_before(
    start: StartMit, engine: FakeEngine, page_png: bytes, style_png: bytes
) -> None:
    engine.seconds_per_step = 60
    client = await start({"mit_wait_seconds": 0.3})
    await submit(client, [page_bytes(7)], style_png)

    answer = await _answered(client, comic_read_script(client, KEY, page_png))

    assert _frames(answer.body)[0] == (Frame.POSITION, b"1")


async def test_a_page_in_colour_comes_back_as_it_was(start: StartMit, colour_png: bytes) -> None:
    client = await start()

    stream = await _answered(client, comic_read_script(client, KEY, colour_png))
    plain = await _answered(client, comic_read_script(client, KEY, colour_png, COMIC_READ_SCRIPT_PLAIN))

    assert _frames(stream.body)[-1] == (Frame.RESULT, colour_png)
    assert plain.body == colour_png


async def _error_of(client: Client, page: bytes) -> str:
    """The sentence of a stream that ends with an error, sent as the one frame of that kind."""
    frames = _frames((await _answered(client, comic_read_script(client, KEY, page))).body)
    assert [kind for kind, _ in frames if kind in (Frame.ERROR, Frame.RESULT)] == [Frame.ERROR]
    return frames[-1][1].decode()


async def test_a_page_that_fails_is_an_error(start: StartMit, engine: FakeEngine, page_png: bytes) -> None:
    engine.fail_at_step = 1
    client = await start()

    assert "told to fail" in await _error_of(client, page_png)
    body = await refused(await client.post(PLAIN, data=_form(page_png)), 502, "page_failed")
    assert "told to fail" in body["message"]


async def test_what_is_no_image_is_an_error(start: StartMit) -> None:
    client = await start()

    assert "image" in await _error_of(client, b"no page")
    await refused(await client.post(PLAIN, data=_form(b"no page")), 422, "unreadable_image")


async def test_a_missing_style_reference_is_an_error_that_names_the_setting(start: StartMit, page_png: bytes) -> None:
    client = await start({"style_reference": ""})

    assert "compatibility.style_reference" in await _error_of(client, page_png)
    await refused(await client.post(PLAIN, data=_form(page_png)), 422, "style_reference_invalid")


async def test_a_page_that_is_not_done_in_time_is_an_error_and_goes_on(
    start: StartMit, engine: FakeEngine, page_png: bytes
) -> None:
    engine.seconds_per_step = 60
    client = await start({"mit_wait_seconds": 0.2})

    assert "later" in await _error_of(client, page_png)
    await refused(await client.post(PLAIN, data=_form(page_png)), 503, "server_busy")
    (job,) = (await get_json(client, "/v1/jobs"))["jobs"]
    assert job["status"] in ("queued", "running")


async def test_a_form_without_a_page_is_refused(start: StartMit) -> None:
    client = await start()
    form = aiohttp.FormData()
    form.add_field("config", "{}", content_type="text/plain")
    form.add_field("picture", b"x", filename="x.png")

    await refused(await client.post(STREAM, data=form), 422, "invalid_request")


async def test_the_job_of_a_reader_who_left_goes_on(start: StartMit, engine: FakeEngine, page_png: bytes) -> None:
    engine.seconds_per_step = 0.1
    client = await start()
    reader, writer = await asyncio.open_connection("127.0.0.1", client.port)
    writer.write(comic_read_script(client, KEY, page_png))
    async with asyncio.timeout(10):
        await reader.readuntil(frame(Frame.WAITING))
    writer.close()
    await writer.wait_closed()
    (job,) = (await get_json(client, "/v1/jobs"))["jobs"]

    assert (await finished(client, job["job_id"]))["status"] == "completed"


WRONG_KEYS = ["wrong", KEY[:-1], f"{KEY}x", KEY.upper(), "%20", "\u00e9\u00e9"]


@pytest.mark.parametrize(("method", "path"), [("GET", f"{BASE}/"), ("POST", PLAIN), ("POST", STREAM)])
async def test_another_key_opens_nothing(start: StartMit, page_png: bytes, method: str, path: str) -> None:
    client = await start()

    for key in WRONG_KEYS:
        data = _form(page_png) if method == "POST" else None
        answer = await client.request(method, path.replace(KEY, key), data=data)
        await refused(answer, 401, "unauthorized")
    assert (await get_json(client, "/v1/jobs"))["jobs"] == []


async def test_the_addresses_are_off_by_default_and_say_what_turns_them_on(client: Client, page_png: bytes) -> None:
    for answer in (await client.get("/mit/any/"), await client.post(PLAIN, data=_form(page_png))):
        body = await refused(answer, 404, "not_found")
        assert "compatibility.mit_key" in body["message"]


async def test_without_a_key_set_an_empty_one_opens_nothing(client: Client, page_png: bytes) -> None:
    answer = await client.post(PLAIN.replace(KEY, ""), data=_form(page_png), headers=_from_page(SITE))

    await refused(answer, 403, "origin_not_allowed")


async def test_the_key_stands_for_the_token_here_and_nowhere_else(start: StartMit, page_png: bytes) -> None:
    client = await start(api_token=SecretStr("correct horse"))

    assert (await client.post(PLAIN, data=_form(page_png))).status == 200
    bearer = {"Authorization": f"Bearer {KEY}"}
    await refused(await client.post("/v1/jobs/two-pass", json={}, headers=bearer), 401, "unauthorized")
    await refused(await client.post("/v1/convert", data=_form(page_png), headers=bearer), 401, "unauthorized")


def _from(address: str) -> Middleware:
    @web.middleware
    async def pretend(request: web.Request, handler: Handler) -> web.StreamResponse:
        return await handler(request.clone(remote=address))

    return pretend


@pytest.mark.parametrize(
    ("address", "beyond", "status"),
    [
        ("127.0.0.1", False, 200),
        ("::1", False, 200),
        ("::ffff:127.0.0.1", False, 200),
        ("192.168.1.20", False, 401),
        ("::ffff:192.168.1.20", False, 401),
        ("", False, 401),
        ("192.168.1.20", True, 200),
    ],
)
async def test_other_machines_are_answered_only_where_the_settings_say_so(
    aiohttp_client: AiohttpClient,
    settings: Settings,
    engines: EngineRegistry,
    compatibility: CompatibilitySettings,
    address: str,
    beyond: bool,
    status: int,
) -> None:
    compatible = compatibility.model_copy(update={"mit_beyond_loopback": beyond})
    app = create_app(settings.model_copy(update={"compatibility": compatible}), engines)
    app.middlewares.insert(0, _from(address))
    client = await aiohttp_client(app)

    async with client.get(f"{BASE}/") as answer:
        assert answer.status == status


def _from_page(origin: str) -> dict[str, str]:
    return {"Origin": origin, "Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "cors"}


async def test_a_page_with_the_key_may_read_the_answer_and_one_without_may_not_call(
    start: StartMit, page_png: bytes
) -> None:
    client = await start()

    with_key = await client.post(PLAIN, data=_form(page_png), headers=_from_page(SITE))
    without = await client.post(PLAIN.replace(KEY, "guess"), data=_form(page_png), headers=_from_page(SITE))

    assert with_key.headers["Access-Control-Allow-Origin"] == SITE
    await refused(without, 403, "origin_not_allowed")
    assert "Access-Control-Allow-Origin" not in without.headers


async def test_the_key_lets_no_page_call_anything_else(start: StartMit) -> None:
    client = await start()

    answer = await client.post(f"/v1/assets?{BASE}/", data=b"x", headers=_from_page(SITE))

    await refused(answer, 403, "origin_not_allowed")


async def test_a_sandboxed_frame_may_not_call_even_with_the_key(start: StartMit, page_png: bytes) -> None:
    client = await start()

    answer = await client.post(PLAIN, data=_form(page_png), headers=_from_page("null"))

    await refused(answer, 403, "origin_not_allowed")


async def test_a_browser_that_asks_before_is_told_that_the_page_may(start: StartMit) -> None:
    client = await start()
    headers = {**_from_page(SITE), "Access-Control-Request-Method": "POST"}

    asked = await client.options(STREAM, headers=headers)
    guessed = await client.options(STREAM.replace(KEY, "guess"), headers=headers)

    assert (asked.status, asked.headers["Access-Control-Allow-Origin"]) == (204, SITE)
    assert guessed.status == 403


async def test_the_key_is_neither_in_the_log_nor_in_answers(
    start: StartMit,
    engine: FakeEngine,
    page_png: bytes,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    caplog.set_level(logging.DEBUG)
    client = await start()
    engine.fail_at_step = 1
    texts = [await (await client.post(path, data=_form(page_png))).text() for path in (PLAIN, STREAM)]
    texts += [await (await client.post(path, data=b"no form")).text() for path in (PLAIN, f"{BASE}/nothing")]
    monkeypatch.setattr(SinglePages, "queue", _break)
    texts.append(await (await client.post(PLAIN, data=_form(page_png))).text())
    texts.append(await (await client.get("/metrics")).text())

    assert "POST /mit/…/translate/with-form/image failed" in caplog.text
    assert KEY not in _lines_of_the_server(caplog)
    assert not [text for text in texts if KEY in text]


async def _break(*_: object) -> Json:
    raise RuntimeError("broken")


def _lines_of_the_server(caplog: pytest.LogCaptureFixture) -> str:
    """All but the access log of aiohttp, which only tests have."""
    ours = [record for record in caplog.records if record.name != "aiohttp.access"]
    return "\n".join(f"{record.getMessage()} {record.exc_text}" for record in ours)
