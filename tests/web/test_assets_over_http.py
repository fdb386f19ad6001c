"""Images that clients store before they ask for anything."""

import hashlib

import aiohttp

from mangaflux.settings import LimitSettings
from tests.small_pages import HEIGHT, WIDTH
from tests.web.conftest import StartServer
from tests.web.driving import Client, refused

PNG = {"Content-Type": "image/png"}


async def test_an_image_is_stored_under_its_sha256(client: Client, page_png: bytes) -> None:
    sha256 = hashlib.sha256(page_png).hexdigest()

    async with client.post("/v1/assets", data=page_png, headers=PNG) as answer:
        body = await answer.json()

    assert answer.status == 201
    assert body == {
        "asset_id": f"asset:{sha256}",
        "sha256": sha256,
        "media_type": "image/png",
        "width": WIDTH,
        "height": HEIGHT,
        "size": len(page_png),
    }


async def test_storing_the_same_image_again_changes_nothing(client: Client, page_png: bytes) -> None:
    first = await client.post("/v1/assets", data=page_png, headers=PNG)
    again = await client.post("/v1/assets", data=page_png, headers=PNG)

    assert (first.status, again.status) == (201, 200)
    assert await first.json() == await again.json()


async def test_an_image_may_come_as_a_form(client: Client, page_png: bytes) -> None:
    form = aiohttp.FormData()
    form.add_field("anything", page_png, filename="page.png")

    answer = await client.post("/v1/assets", data=form)

    assert (answer.status, (await answer.json())["sha256"]) == (201, hashlib.sha256(page_png).hexdigest())


async def test_a_form_with_two_images_is_refused(client: Client, page_png: bytes) -> None:
    form = aiohttp.FormData()
    form.add_field("one", page_png, filename="1.png")
    form.add_field("two", page_png, filename="2.png")

    await refused(await client.post("/v1/assets", data=form), 422, "invalid_request")


async def test_one_may_ask_before_uploading(client: Client, page_png: bytes) -> None:
    path = f"/v1/assets/{hashlib.sha256(page_png).hexdigest()}"
    before = await client.head(path)

    await client.post("/v1/assets", data=page_png, headers=PNG)

    assert (before.status, (await client.head(path)).status) == (404, 200)


async def test_what_is_no_image_is_not_stored(client: Client) -> None:
    answer = await client.post("/v1/assets", data=b"no image", headers=PNG)

    await refused(answer, 422, "unreadable_image")


async def test_a_body_with_too_many_bytes_is_refused(start_server: StartServer, page_png: bytes) -> None:
    client = await start_server(limits=LimitSettings(max_upload_bytes=len(page_png) - 1))

    answer = await client.post("/v1/assets", data=page_png, headers=PNG)

    assert "max_upload_bytes" in (await refused(answer, 413, "too_large"))["details"]


async def test_an_image_with_too_many_pixels_is_refused(start_server: StartServer, page_png: bytes) -> None:
    client = await start_server(limits=LimitSettings(max_pixels=WIDTH * HEIGHT - 1))

    answer = await client.post("/v1/assets", data=page_png, headers=PNG)

    assert (await refused(answer, 413, "too_large"))["details"] == {"max_pixels": WIDTH * HEIGHT - 1}


async def test_a_body_that_is_declared_as_something_else_is_refused(client: Client, page_png: bytes) -> None:
    answer = await client.post("/v1/assets", data=page_png, headers={"Content-Type": "application/json"})

    await refused(answer, 415, "unsupported_media_type")
