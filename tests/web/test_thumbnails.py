"""Small pictures of what is stored."""

import io

import numpy as np
import pytest
from PIL import Image

from mangaflux.engine.imaging import encode_png
from mangaflux.web.thumbnails import KEPT_BYTES, Thumbnails, make_thumbnail
from tests.small_pages import HEIGHT, WIDTH
from tests.web.driving import Client, finished, get_json, refused, submit, upload


def _sha256(asset_id: str) -> str:
    return asset_id.removeprefix("asset:")


async def _picture(client: Client, path: str) -> Image.Image:
    async with client.get(path) as answer:
        assert (answer.status, answer.content_type) == (200, "image/webp")
        assert "immutable" in answer.headers["Cache-Control"]
        return Image.open(io.BytesIO(await answer.read()))


async def test_an_image_is_shown_no_wider_than_asked_for_and_never_larger_than_it_is(client: Client) -> None:
    sha256 = _sha256(await upload(client, encode_png(np.full((600, 400, 3), 90, np.uint8))))

    assert (await _picture(client, f"/v1/thumbnails/{sha256}?width=160")).size == (160, 240)
    assert (await _picture(client, f"/v1/thumbnails/{sha256}")).size == (320, 480)
    assert (await _picture(client, f"/v1/thumbnails/{sha256}?width=2560")).size == (400, 600)


async def test_a_coloured_page_has_one_too(client: Client, page_png: bytes, style_png: bytes) -> None:
    job_id = await submit(client, [page_png], style_png)
    await finished(client, job_id)
    [page] = (await get_json(client, f"/v1/jobs/{job_id}"))["pages"]

    assert (await _picture(client, f"/v1/thumbnails/{page['colorized_sha256']}?width=160")).size == (WIDTH, HEIGHT)


async def test_a_known_one_is_not_sent_again(client: Client, page_png: bytes) -> None:
    sha256 = _sha256(await upload(client, page_png))
    async with client.get(f"/v1/thumbnails/{sha256}") as answer:
        etag = answer.headers["ETag"]

    async with client.get(f"/v1/thumbnails/{sha256}", headers={"If-None-Match": etag}) as again:
        assert again.status == 304


@pytest.mark.parametrize("width", ["7", "-160", "wide"])
async def test_another_width_is_refused(client: Client, page_png: bytes, width: str) -> None:
    sha256 = _sha256(await upload(client, page_png))

    await refused(await client.get(f"/v1/thumbnails/{sha256}?width={width}"), 422, "invalid_request")


async def test_what_is_not_stored_has_none(client: Client) -> None:
    await refused(await client.get(f"/v1/thumbnails/{'0' * 64}"), 404, "not_found")


def test_a_long_strip_becomes_a_picture_that_webp_can_hold() -> None:
    strip = np.full((30_000, 300, 3), 255, np.uint8)

    assert Image.open(io.BytesIO(make_thumbnail(strip, 2560))).height <= 16_383


def test_what_is_kept_is_bounded_and_the_least_used_goes_first() -> None:
    thumbnails = Thumbnails()
    piece = bytes(KEPT_BYTES // 4)
    for name in ("a", "b", "c", "d"):
        thumbnails.keep(name, 320, piece)
    thumbnails.get("a", 320)

    thumbnails.keep("e", 320, piece)

    assert [thumbnails.get(name, 320) is not None for name in "abcde"] == [True, False, True, True, True]
