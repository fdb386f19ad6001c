"""Jobs from the request to the coloured page, whichever way the pages come."""

import io
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from mangaflux.engine.analysis.metadata import page_seed
from mangaflux.engine.fake import FakeEngine
from tests.small_pages import HEIGHT, WIDTH
from tests.web.conftest import StartServer
from tests.web.driving import (
    Client,
    accepted,
    events_of,
    finished,
    get_json,
    job_form,
    refused,
    submit,
    upload,
)


async def _pixels(client: Client, path: str) -> Any:
    async with client.get(path) as answer:
        assert answer.status == 200
        assert answer.content_type == "image/png"
        return np.asarray(Image.open(io.BytesIO(await answer.read())))


async def test_uploaded_pages_come_back_coloured(client: Client, page_png: bytes, style_png: bytes) -> None:
    job_id = await submit(client, [page_png, page_png], style_png)

    job = await finished(client, job_id)

    assert job["status"] == "completed"
    assert job["progress"] == {
        "total_pages": 2,
        "pass1_done": 2,
        "pass2_done": 2,
        "failed": 0,
        "skipped": 0,
        "cached": job["progress"]["cached"],
    }
    page = await _pixels(client, "/v1/chapters/chapter_001/pages/2/colorized")
    assert page.shape == (HEIGHT, WIDTH, 3)


async def test_the_answer_to_a_job_says_where_everything_is(client: Client, page_png: bytes, style_png: bytes) -> None:
    form = job_form({"chapter_id": "c"}, {"1.png": page_png}, {"style.png": style_png})

    async with client.post("/v1/jobs/two-pass", data=form) as answer:
        body = await answer.json()

    assert set(body) == {"job_id", "status", "created_at", "links"}
    assert body["created_at"].endswith("Z")
    await finished(client, body["job_id"])
    for name in ("self", "artifacts", "logs", "archive", "events"):
        async with client.get(body["links"][name]) as linked:
            assert linked.status == 200


async def test_pages_are_numbered_by_file_name(client: Client, page_png: bytes, style_png: bytes) -> None:
    uploads = {"page_10.png": page_png, "page_9.png": page_png}
    form = job_form({"chapter_id": "c"}, uploads, {"style.png": style_png})

    job = await finished(client, await accepted(await client.post("/v1/jobs/two-pass", data=form)))

    assert [(page["page_num"], page["name"]) for page in job["pages"]] == [(1, "page_9.png"), (2, "page_10.png")]


async def test_assets_are_coloured_in_the_order_of_their_list(
    client: Client, page_png: bytes, style_png: bytes
) -> None:
    pages = [await upload(client, style_png), await upload(client, page_png)]
    request = {"chapter_id": "c", "pages": pages, "style_reference": await upload(client, style_png)}

    job = await finished(client, await accepted(await client.post("/v1/jobs/two-pass", json=request)))

    assert [page["page_image"] for page in job["pages"]] == pages
    assert job["style_reference"] == [request["style_reference"]]


async def test_a_single_page_keeps_the_number_it_was_given(client: Client, page_png: bytes, style_png: bytes) -> None:
    request = {
        "chapter_id": "c",
        "input_mode": "single",
        "page_image": await upload(client, page_png),
        "page_num": 7,
        "style_reference": [await upload(client, style_png)],
    }

    job = await finished(client, await accepted(await client.post("/v1/jobs/two-pass", json=request)))

    assert [(page["page_num"], page["seed"]) for page in job["pages"]] == [(7, page_seed("c", 7))]


async def test_a_folder_under_an_input_root_is_a_chapter(
    start_server: StartServer, tmp_path: Path, page_png: bytes, style_png: bytes
) -> None:
    (tmp_path / "in" / "pages").mkdir(parents=True)
    for name in ("p2.png", "p10.png", "p1.png"):
        (tmp_path / "in" / "pages" / name).write_bytes(page_png)
    (tmp_path / "in" / "style.png").write_bytes(style_png)
    client = await start_server(input_roots=(tmp_path / "in",))
    request = {"chapter_id": "c", "input_mode": "batch", "input_dir": "pages", "style_reference": "style.png"}

    job = await finished(client, await accepted(await client.post("/v1/jobs/two-pass", json=request)))

    assert job["status"] == "completed"
    assert [page["name"] for page in job["pages"]] == ["p1.png", "p2.png", "p10.png"]


async def test_an_unreadable_file_in_an_archive_fails_as_a_page_and_harms_no_other(
    start_server: StartServer, tmp_path: Path, page_png: bytes, style_png: bytes
) -> None:
    with zipfile.ZipFile(tmp_path / "chapter.cbz", "w") as archive:
        archive.writestr("1.png", page_png)
        archive.writestr("2.png", b"no image")
    (tmp_path / "style.png").write_bytes(style_png)
    client = await start_server(input_roots=(tmp_path,))
    request = {"chapter_id": "c", "input_dir": "chapter.cbz", "style_reference": "style.png"}

    job = await finished(client, await accepted(await client.post("/v1/jobs/two-pass", json=request)))

    assert job["status"] == "failed"
    assert job["summary"]["failed_pages"] == [2]
    assert job["pages"][0]["pass2"]["status"] == "completed"
    assert job["pages"][1]["pass1"]["error"]["code"] == "unreadable_image"
    log = await get_json(client, f"/v1/jobs/{job['job_id']}/logs")
    assert [(error["page_num"], error["pass"]) for error in log["errors"]] == [(2, 1)]


async def test_pass2_colours_what_pass1_left_behind(client: Client, page_png: bytes, style_png: bytes) -> None:
    form = job_form({"chapter_id": "c"}, {"1.png": page_png, "2.png": page_png})
    pass1 = await finished(client, await accepted(await client.post("/v1/jobs/pass1", data=form)))
    form = job_form({"chapter_id": "c", "page_nums": [2]}, None, {"style.png": style_png})

    pass2 = await finished(client, await accepted(await client.post("/v1/jobs/pass2", data=form)))

    assert (pass1["engine"], pass1["pages"][0]["pass2"]) == (None, None)
    assert [page["page_num"] for page in pass2["pages"]] == [2]
    assert pass2["pages"][0]["pass1"] is None
    assert (await _pixels(client, "/v1/chapters/c/pages/2/colorized")).shape == (HEIGHT, WIDTH, 3)


async def test_jobs_are_listed_newest_first_a_page_at_a_time(client: Client, page_png: bytes, style_png: bytes) -> None:
    job_ids = [await submit(client, [page_png], style_png, chapter_id=f"c{number}") for number in range(3)]

    first = await get_json(client, "/v1/jobs?limit=2")
    second = await get_json(client, f"/v1/jobs?limit=2&cursor={first['next_cursor']}")

    assert [job["job_id"] for job in first["jobs"] + second["jobs"]] == job_ids[::-1]
    assert second["next_cursor"] is None
    assert len((await get_json(client, "/v1/jobs?chapter_id=c1"))["jobs"]) == 1


async def test_an_unknown_status_to_list_is_refused(client: Client) -> None:
    body = await refused(await client.get("/v1/jobs?status=done"), 422, "invalid_request")

    assert body["message"].startswith("status")


@pytest.mark.parametrize("path", ["", "/artifacts", "/logs", "/events", "/archive.cbz"])
async def test_an_unknown_job_is_not_found(client: Client, path: str) -> None:
    await refused(await client.get(f"/v1/jobs/job_0{path}"), 404, "not_found")


async def test_cancelling_ends_a_running_job_and_may_be_repeated(
    client: Client, engine: FakeEngine, page_png: bytes, style_png: bytes
) -> None:
    engine.seconds_per_step = 60
    job_id = await submit(client, [page_png], style_png)

    async with client.post(f"/v1/jobs/{job_id}/cancel") as answer:
        assert (answer.status, (await answer.json())["status"]) == (200, "cancelled")
    async with client.post(f"/v1/jobs/{job_id}/cancel") as answer:
        assert (answer.status, (await answer.json())["status"]) == (200, "cancelled")
    assert (await events_of(client, f"/v1/jobs/{job_id}/events"))[-1].name == "job.cancelled"


async def test_a_job_that_has_not_ended_cannot_be_retried(
    client: Client, engine: FakeEngine, page_png: bytes, style_png: bytes
) -> None:
    engine.seconds_per_step = 60
    job_id = await submit(client, [page_png], style_png)

    await refused(await client.post(f"/v1/jobs/{job_id}/retry"), 409, "conflict")


async def test_retrying_does_the_failed_pages_again(
    client: Client, engine: FakeEngine, page_png: bytes, style_png: bytes
) -> None:
    engine.fail_at_step = 1
    job_id = await submit(client, [page_png], style_png)
    failed = await finished(client, job_id)
    engine.fail_at_step = None

    assert await accepted(await client.post(f"/v1/jobs/{job_id}/retry")) == job_id
    done = await finished(client, job_id)

    assert (failed["status"], done["status"], done["attempt"]) == ("failed", "completed", 2)
