"""Throwing away, trying again, and looking at what is kept."""

import hashlib

import pytest

from mangaflux.web.keys import PARTS
from tests.web.driving import Client, accepted, events_of, finished, get_json, job_form, refused, submit


async def test_a_deleted_job_is_gone_and_an_unknown_one_was_never_there(
    client: Client, page_png: bytes, style_png: bytes
) -> None:
    job_id = await submit(client, [page_png], style_png)
    await finished(client, job_id)
    artifact = (await get_json(client, f"/v1/jobs/{job_id}/artifacts"))["artifacts"][0]

    async with client.delete(f"/v1/jobs/{job_id}") as answer:
        assert (answer.status, await answer.read()) == (204, b"")

    for path in ("", "/artifacts", "/logs", "/events", "/archive.cbz"):
        await refused(await client.get(f"/v1/jobs/{job_id}{path}"), 410, "gone")
    await refused(await client.delete(f"/v1/jobs/{job_id}"), 410, "gone")
    await refused(await client.delete("/v1/jobs/job_0"), 404, "not_found")
    await refused(await client.get(artifact["url"]), 404, "not_found")
    await refused(await client.get("/v1/chapters/chapter_001/pages/1/colorized"), 404, "not_found")


async def test_a_deleted_chapter_is_gone_with_its_jobs(client: Client, page_png: bytes, style_png: bytes) -> None:
    job_id = await submit(client, [page_png], style_png)
    await finished(client, job_id)

    async with client.delete("/v1/chapters/chapter_001") as answer:
        assert answer.status == 204

    assert (await get_json(client, "/v1/chapters"))["chapters"] == []
    await refused(await client.get(f"/v1/jobs/{job_id}"), 410, "gone")
    await refused(await client.delete("/v1/chapters/chapter_001"), 404, "not_found")


async def test_a_deleted_page_leaves_the_rest_of_its_chapter(client: Client, page_png: bytes, style_png: bytes) -> None:
    job_id = await submit(client, [page_png, page_png], style_png)
    await finished(client, job_id)

    async with client.delete("/v1/chapters/chapter_001/pages/1") as answer:
        assert answer.status == 204

    job = await get_json(client, f"/v1/jobs/{job_id}")
    assert (job["progress"]["total_pages"], [page["page_num"] for page in job["pages"]]) == (1, [2])
    await refused(await client.delete("/v1/chapters/chapter_001/pages/1"), 404, "not_found")


async def _colorized(client: Client) -> str:
    async with client.get("/v1/chapters/chapter_001/pages/1/colorized") as answer:
        return hashlib.sha256(await answer.read()).hexdigest()


async def test_a_reroll_is_the_page_again_with_another_seed(client: Client, page_png: bytes, style_png: bytes) -> None:
    first = await finished(client, await submit(client, [page_png, page_png], style_png, options={"strength": 0.5}))
    before = await _colorized(client)

    again = await finished(client, await accepted(await client.post("/v1/chapters/chapter_001/pages/1/reroll")))

    assert [page["page_num"] for page in again["pages"]] == [1]
    assert again["pages"][0]["seed"] != first["pages"][0]["seed"]
    assert (again["options"]["strength"], again["style_reference"]) == (0.5, first["style_reference"])
    assert await _colorized(client) != before


async def test_a_reroll_takes_the_seed_it_is_given(client: Client, page_png: bytes, style_png: bytes) -> None:
    await finished(client, await submit(client, [page_png], style_png))

    answer = await client.post("/v1/chapters/chapter_001/pages/1/reroll", json={"seed": 7})
    job = await finished(client, await accepted(answer))

    assert job["pages"][0]["seed"] == 7


@pytest.mark.parametrize("body", [{"seed": -1}, {"sed": 1}])
async def test_a_reroll_that_does_not_fit_is_refused(client: Client, body: dict[str, int]) -> None:
    await refused(await client.post("/v1/chapters/c/pages/1/reroll", json=body), 422, "invalid_request")


async def test_a_page_that_no_job_coloured_cannot_be_rerolled(client: Client, page_png: bytes) -> None:
    form = job_form({"chapter_id": "c"}, {"1.png": page_png})
    await finished(client, await accepted(await client.post("/v1/jobs/pass1", data=form)))

    await refused(await client.post("/v1/chapters/c/pages/1/reroll"), 409, "conflict")


async def test_references_are_listed_with_how_often_they_were_used(
    client: Client, page_png: bytes, style_png: bytes, colour_png: bytes
) -> None:
    for style in (style_png, colour_png, style_png):
        await finished(client, await submit(client, [page_png], style))

    references = (await get_json(client, "/v1/references"))["references"]

    names = [f"asset:{hashlib.sha256(style).hexdigest()}" for style in (style_png, colour_png)]
    assert [(each["asset_id"], each["jobs"]) for each in references] == [(names[0], 2), (names[1], 1)]


async def test_storage_tells_what_is_used_and_the_limits(client: Client, page_png: bytes, style_png: bytes) -> None:
    job_id = await submit(client, [page_png], style_png)
    await finished(client, job_id)
    artifacts = (await get_json(client, f"/v1/jobs/{job_id}/artifacts"))["artifacts"]

    storage = await get_json(client, "/v1/storage")

    assert storage["assets"] == {"files": 2, "bytes": len(page_png) + len(style_png)}
    assert storage["artifacts"]["bytes"] == sum({each["sha256"]: each["size"] for each in artifacts}.values())
    assert storage["waiting_pages"] == 0
    assert storage["limits"]["max_age_days"] == 90


async def test_an_archive_whose_file_went_is_built_again(client: Client, page_png: bytes, style_png: bytes) -> None:
    job_id = await submit(client, [page_png], style_png)
    await finished(client, job_id)
    first = await (await client.get(f"/v1/jobs/{job_id}/archive.cbz")).read()
    assert client.app is not None
    for path in client.app[PARTS].artifacts.files.folder.rglob("*.cbz"):
        path.unlink()

    assert await (await client.get(f"/v1/jobs/{job_id}/archive.cbz")).read() == first
    assert [event.name for event in await events_of(client, f"/v1/jobs/{job_id}/events")][-1] == "job.completed"
