"""Uploads: what they are numbered by, and what is refused."""

import io
import struct
import zlib

import aiohttp
import pytest

from mangaflux.image_sources import ImageSource
from mangaflux.settings import LimitSettings
from mangaflux.web.uploads import file_name, numbered_by_name
from tests.web.conftest import StartServer
from tests.web.driving import Client, job_form, refused


def _named(*names: str) -> list[ImageSource]:
    return [ImageSource(name, asset_sha256=str(number)) for number, name in enumerate(names)]


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def _huge_png() -> bytes:
    """A PNG whose head promises 60000 × 60000 pixels."""
    head = _chunk(b"IHDR", struct.pack(">IIBBBBB", 60_000, 60_000, 8, 0, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + head + _chunk(b"IDAT", zlib.compress(b"\0")) + _chunk(b"IEND", b"")


def test_uploads_are_numbered_in_natural_file_name_order() -> None:
    ordered = numbered_by_name(_named("page_10.png", "page_2.png", "Page_1.png"))

    assert [page.name for page in ordered] == ["Page_1.png", "page_2.png", "page_10.png"]


def test_uploads_keep_their_order_where_one_has_no_name() -> None:
    ordered = numbered_by_name(_named("b.png", "", "a.png"))

    assert [page.name for page in ordered] == ["b.png", "upload 2", "a.png"]


@pytest.mark.parametrize("name", ["²1.png", "9" * 5000 + ".png"])
def test_any_file_name_can_be_put_in_order(name: str) -> None:
    assert {page.name for page in numbered_by_name(_named(name, "page_2.png"))} == {name, "page_2.png"}


@pytest.mark.parametrize("sent", ["../../page.png", "C:\\manga\\page.png", "/etc/page.png", " page.png "])
def test_a_file_name_keeps_no_folder(sent: str) -> None:
    assert file_name(sent) == "page.png"


async def test_an_upload_that_is_no_image_refuses_the_job_by_name(client: Client, style_png: bytes) -> None:
    form = job_form({"chapter_id": "c"}, {"notes.txt": b"no image"}, {"style.png": style_png})

    body = await refused(await client.post("/v1/jobs/two-pass", data=form), 422, "unreadable_image")

    assert "pages notes.txt" in body["message"]


async def test_an_upload_that_ends_too_early_is_refused(client: Client, page_png: bytes, style_png: bytes) -> None:
    form = job_form({"chapter_id": "c"}, {"1.png": page_png[:-60]}, {"style.png": style_png})

    await refused(await client.post("/v1/jobs/two-pass", data=form), 422, "unreadable_image")


async def test_too_many_bytes_are_refused_by_the_name_of_the_limit(
    start_server: StartServer, page_png: bytes, style_png: bytes
) -> None:
    client = await start_server(limits=LimitSettings(decode_in_child=False, max_upload_bytes=100))

    form = job_form({"chapter_id": "c"}, {"1.png": page_png}, {"style.png": style_png})
    body = await refused(await client.post("/v1/jobs/two-pass", data=form), 413, "too_large")

    assert body["details"] == {"max_upload_bytes": 100}


async def test_too_many_pixels_are_refused_before_they_are_decoded(client: Client, style_png: bytes) -> None:
    form = job_form({"chapter_id": "c"}, {"1.png": _huge_png()}, {"style.png": style_png})

    body = await refused(await client.post("/v1/jobs/two-pass", data=form), 413, "too_large")

    assert "max_pixels" in body["details"]


async def test_too_many_pages_are_refused_by_the_name_of_the_limit(
    start_server: StartServer, page_png: bytes, style_png: bytes
) -> None:
    client = await start_server(limits=LimitSettings(decode_in_child=False, max_pages=1))

    form = job_form({"chapter_id": "c"}, {"1.png": page_png, "2.png": page_png}, {"style.png": style_png})
    body = await refused(await client.post("/v1/jobs/two-pass", data=form), 413, "too_large")

    assert body["details"] == {"max_pages": 1}


async def test_a_json_body_has_a_limit(client: Client) -> None:
    body = io.BytesIO(b'{"chapter_id": "' + b"x" * 2_000_000 + b'"}')

    answer = await client.post("/v1/jobs/pass1", data=body, headers={"Content-Type": "application/json"})

    await refused(answer, 413, "too_large")


async def test_a_part_of_an_unknown_name_is_told_which_are_known(client: Client, page_png: bytes) -> None:
    form = job_form({"chapter_id": "c"})
    form.add_field("page", page_png, filename="1.png")

    body = await refused(await client.post("/v1/jobs/pass1", data=form), 422, "invalid_request")

    assert body["details"]["known"] == ["request", "pages"]


async def test_a_form_without_a_request_is_refused(client: Client, page_png: bytes) -> None:
    form = aiohttp.FormData()
    form.add_field("pages", page_png, filename="1.png")

    body = await refused(await client.post("/v1/jobs/pass1", data=form), 422, "invalid_request")

    assert "no part request" in body["message"]


@pytest.mark.parametrize("body", [b"", b"garbage", b"--b\r\n", b"--b\r\n\r\nno end"])
async def test_a_form_that_is_malformed_is_refused(client: Client, body: bytes) -> None:
    headers = {"Content-Type": "multipart/form-data; boundary=b"}

    answer = await client.post("/v1/jobs/pass1", data=body, headers=headers)

    await refused(answer, 422, "invalid_request")


async def test_a_form_without_a_boundary_is_refused(client: Client) -> None:
    answer = await client.post("/v1/jobs/pass1", data=b"x", headers={"Content-Type": "multipart/form-data"})

    await refused(answer, 422, "invalid_request")


async def test_another_media_type_is_told_which_are_taken(client: Client) -> None:
    answer = await client.post("/v1/jobs/pass1", data=b"x", headers={"Content-Type": "text/plain"})

    body = await refused(answer, 415, "unsupported_media_type")
    assert "application/json, multipart/form-data" in body["message"]


async def test_an_encoded_body_is_refused(client: Client) -> None:
    headers = {"Content-Type": "application/json", "Content-Encoding": "gzip"}

    answer = await client.post("/v1/jobs/pass1", data=zlib.compress(b"{}"), headers=headers)

    await refused(answer, 415, "unsupported_media_type")


async def test_pages_are_sent_one_way_only(client: Client, page_png: bytes) -> None:
    form = job_form({"chapter_id": "c", "pages": ["asset:" + "0" * 64]}, {"1.png": page_png})

    body = await refused(await client.post("/v1/jobs/pass1", data=form), 422, "invalid_request")

    assert "one way only" in body["message"]


async def test_a_single_page_is_one_page(client: Client, page_png: bytes) -> None:
    form = job_form({"chapter_id": "c", "input_mode": "single"}, {"1.png": page_png, "2.png": page_png})

    body = await refused(await client.post("/v1/jobs/pass1", data=form), 422, "invalid_request")

    assert "this request has 2" in body["message"]
