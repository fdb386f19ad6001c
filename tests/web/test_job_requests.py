"""Requests that are refused, each with its reason."""

from pathlib import Path
from typing import Any

import pytest

from mangaflux.web.keys import PARTS
from tests.web.conftest import StartServer
from tests.web.driving import Client, job_form, refused, upload

UNKNOWN_ASSET = "asset:" + "0" * 64
#: A well-formed request whose images need not exist: what is wrong with it is found before.
WHOLE: dict[str, Any] = {"chapter_id": "c", "page_image": UNKNOWN_ASSET, "style_reference": UNKNOWN_ASSET}


async def _refused_json(client: Client, request: object, status: int = 422, code: str = "invalid_request") -> str:
    body = await refused(await client.post("/v1/jobs/two-pass", json=request), status, code)
    return str(body["message"])


async def test_a_missing_style_reference_is_refused_with_the_reason(client: Client, page_png: bytes) -> None:
    page = await upload(client, page_png)

    message = await _refused_json(client, {"chapter_id": "c", "page_image": page}, code="style_reference_invalid")

    assert "mandatory" in message


async def test_pass2_needs_a_style_reference_too(client: Client) -> None:
    answer = await client.post("/v1/jobs/pass2", json={"chapter_id": "c"})

    await refused(answer, 422, "style_reference_invalid")


async def test_an_uploaded_style_reference_that_is_no_image_is_refused(client: Client, page_png: bytes) -> None:
    form = job_form({"chapter_id": "c"}, {"1.png": page_png}, {"style.png": b"no image"})

    await refused(await client.post("/v1/jobs/two-pass", data=form), 422, "style_reference_invalid")


async def test_a_style_reference_that_was_never_uploaded_is_refused(client: Client, page_png: bytes) -> None:
    page = await upload(client, page_png)

    await _refused_json(client, WHOLE | {"page_image": page}, code="style_reference_invalid")


async def test_a_style_reference_that_is_not_under_the_roots_is_refused_as_one(
    start_server: StartServer, tmp_path: Path
) -> None:
    client = await start_server(input_roots=(tmp_path,))

    message = await _refused_json(client, WHOLE | {"style_reference": "absent.png"}, code="style_reference_invalid")

    assert "absent.png" in message


async def test_more_than_four_style_references_are_refused(client: Client) -> None:
    message = await _refused_json(client, WHOLE | {"style_reference": [UNKNOWN_ASSET] * 5})

    assert "style_reference" in message


async def test_an_unknown_option_is_told_which_are_known(client: Client) -> None:
    body = await refused(
        await client.post("/v1/jobs/two-pass", json=WHOLE | {"options": {"strenght": 1}}), 422, "invalid_request"
    )

    assert body["message"].startswith("options.strenght is not known; known here: ")
    assert "strength" in body["details"]["known"]
    assert "reading_direction" in body["details"]["known"]


async def test_an_unknown_field_is_told_which_are_known(client: Client) -> None:
    message = await _refused_json(client, WHOLE | {"chapter": "c"})

    assert "chapter_id" in message


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"chapter_id": "../escape"}, "chapter_id"),
        ({"chapter_id": ""}, "chapter_id"),
        ({"chapter_id": "x" * 65}, "chapter_id"),
        ({"options": {"strength": 1.5}}, "options.strength"),
        ({"options": {"quality": "good"}}, "options.quality"),
        ({"options": {"palette": ["red"]}}, "options.palette[0]"),
        ({"options": {"hints": [{"x": -1, "y": 0, "color": "#ffffff"}]}}, "options.hints[0].x"),
        ({"options": {"seed_mode": "fixed"}}, "options: seed_mode fixed needs a seed"),
        ({"options": {"seed": 1}}, "options.seed"),
        ({"priority": 11}, "priority"),
        ({"engine": "magic"}, "engine"),
        ({"page_num": 0}, "page_num"),
        ({"input_mode": "batch"}, "page_image"),
        ({"input_dir": "somewhere"}, "page_image and input_dir"),
        ({"page_image": "asset:latest"}, "page_image"),
    ],
)
async def test_a_wrong_value_is_refused_by_the_name_of_its_field(
    client: Client, changes: dict[str, Any], field: str
) -> None:
    message = await _refused_json(client, WHOLE | changes)

    assert message.startswith(field)


async def test_a_missing_chapter_is_named(client: Client) -> None:
    assert await _refused_json(client, {"page_image": UNKNOWN_ASSET}) == "chapter_id is missing."


async def test_a_batch_has_no_page_number(client: Client) -> None:
    request = {"chapter_id": "c", "pages": [UNKNOWN_ASSET], "page_num": 3, "style_reference": UNKNOWN_ASSET}

    assert "page_num" in await _refused_json(client, request)


async def test_a_request_without_pages_is_told_how_to_send_them(client: Client, style_png: bytes) -> None:
    style = await upload(client, style_png)

    assert "input_dir" in await _refused_json(client, {"chapter_id": "c", "style_reference": style})


async def test_a_body_that_is_not_json_is_refused(client: Client) -> None:
    answer = await client.post("/v1/jobs/pass1", data=b"{", headers={"Content-Type": "application/json"})

    assert "not valid JSON" in (await refused(answer, 422, "invalid_request"))["message"]


async def test_a_path_is_forbidden_without_input_roots(client: Client) -> None:
    message = await _refused_json(client, WHOLE | {"page_image": "pages/1.png"}, 403, "path_forbidden")

    assert "--input-root" in message


async def test_a_url_is_not_fetched_by_this_version(client: Client) -> None:
    message = await _refused_json(client, WHOLE | {"page_image": "https://example.org/1.png"})

    assert "upload the image" in message


async def test_a_page_that_was_never_uploaded_is_not_found(client: Client, style_png: bytes) -> None:
    style = await upload(client, style_png)

    await _refused_json(client, WHOLE | {"style_reference": style}, 404, "not_found")


async def test_an_engine_that_cannot_run_is_refused_with_what_mends_it(
    client: Client, page_png: bytes, style_png: bytes
) -> None:
    form = job_form({"chapter_id": "c", "engine": "flux"}, {"1.png": page_png}, {"style.png": style_png})

    body = await refused(await client.post("/v1/jobs/two-pass", data=form), 409, "engine_unavailable")

    assert "pip install mangaflux[flux]" in body["details"]["fix"]


async def test_pass2_without_pass1_names_the_pages(client: Client, style_png: bytes) -> None:
    style = await upload(client, style_png)

    answer = await client.post(
        "/v1/jobs/pass2", json={"chapter_id": "c", "page_nums": [4, 2], "style_reference": style}
    )

    assert (await refused(answer, 409, "pass1_missing"))["details"]["page_nums"] == [2, 4]


async def test_a_stopping_server_takes_no_work(client: Client, page_png: bytes, style_png: bytes) -> None:
    assert client.app is not None
    client.app[PARTS].worker.stop()

    form = job_form({"chapter_id": "c"}, {"1.png": page_png}, {"style.png": style_png})
    answer = await client.post("/v1/jobs/two-pass", data=form)

    await refused(answer, 503, "server_busy")
    assert int(answer.headers["Retry-After"]) > 0
