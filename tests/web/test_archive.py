"""The finished pages of a job as one file that comic readers open."""

import io
import zipfile
from typing import Any
from xml.etree import ElementTree

import pytest

from mangaflux.engine.fake import FakeEngine
from tests.small_pages import page_bytes
from tests.web.driving import Client, accepted, finished, refused, submit, upload


async def _archive(client: Client, job_id: str) -> tuple[bytes, zipfile.ZipFile]:
    async with client.get(f"/v1/jobs/{job_id}/archive.cbz") as answer:
        assert (answer.status, answer.content_type) == (200, "application/vnd.comicbook+zip")
        data = await answer.read()
    return data, zipfile.ZipFile(io.BytesIO(data))


async def test_an_archive_holds_coloured_pages_and_skipped_ones_as_they_came(
    client: Client, page_png: bytes, colour_png: bytes, style_png: bytes
) -> None:
    job_id = await submit(client, [page_png, colour_png], style_png)
    await finished(client, job_id)

    data, archive = await _archive(client, job_id)

    assert archive.namelist() == ["ComicInfo.xml", "page_1.png", "page_2.png"]
    assert archive.read("page_2.png") == colour_png
    async with client.get("/v1/chapters/chapter_001/pages/1/colorized") as answer:
        assert archive.read("page_1.png") == await answer.read()
    assert (await _archive(client, job_id))[0] == data


@pytest.mark.parametrize(("direction", "manga"), [("rtl", "YesAndRightToLeft"), ("ltr", "Yes")])
async def test_an_archive_says_in_which_direction_it_is_read(
    client: Client, page_png: bytes, style_png: bytes, direction: str, manga: str
) -> None:
    options: dict[str, Any] = {"reading_direction": direction}
    job_id = await submit(client, [page_png], style_png, options=options)
    await finished(client, job_id)

    _, archive = await _archive(client, job_id)

    info = ElementTree.fromstring(archive.read("ComicInfo.xml"))
    assert (info.findtext("Manga"), info.findtext("PageCount")) == (manga, "1")


async def test_an_archive_is_resumed_in_the_middle(client: Client, page_png: bytes, style_png: bytes) -> None:
    job_id = await submit(client, [page_png], style_png)
    await finished(client, job_id)
    data, _ = await _archive(client, job_id)

    answer = await client.get(f"/v1/jobs/{job_id}/archive.cbz", headers={"Range": "bytes=100-"})

    assert (answer.status, await answer.read()) == (206, data[100:])


async def test_an_archive_of_a_running_job_is_not_ready(
    client: Client, engine: FakeEngine, page_png: bytes, style_png: bytes
) -> None:
    engine.seconds_per_step = 60
    job_id = await submit(client, [page_png], style_png)

    await refused(await client.get(f"/v1/jobs/{job_id}/archive.cbz"), 404, "not_ready")


async def test_a_job_without_a_finished_page_has_no_archive(
    client: Client, engine: FakeEngine, page_png: bytes, style_png: bytes
) -> None:
    engine.fail_at_step = 1
    job_id = await submit(client, [page_png], style_png)
    await finished(client, job_id)

    await refused(await client.get(f"/v1/jobs/{job_id}/archive.cbz"), 404, "not_ready")


async def test_an_archive_of_a_chapter_holds_the_latest_of_every_page(
    client: Client, page_png: bytes, style_png: bytes, colour_png: bytes
) -> None:
    job_id = await submit(client, [page_png, colour_png], style_png)
    await finished(client, job_id)
    async with client.post("/v1/chapters/chapter_001/pages/1/reroll", json={"seed": 3}) as answer:
        again = (await answer.json())["job_id"]
    await finished(client, again)

    async with client.get("/v1/chapters/chapter_001/archive.cbz") as answer:
        assert answer.headers["Content-Disposition"] == 'attachment; filename="chapter_001.cbz"'
        archive = zipfile.ZipFile(io.BytesIO(await answer.read()))

    assert archive.namelist() == ["ComicInfo.xml", "page_1.png", "page_2.png"]
    async with client.get("/v1/chapters/chapter_001/pages/1/colorized") as answer:
        assert archive.read("page_1.png") == await answer.read()
    assert archive.read("page_2.png") == colour_png


async def test_an_archive_of_a_chapter_holds_its_pages_in_the_order_that_is_asked_for(
    client: Client, style_png: bytes
) -> None:
    pages = [page_bytes(seed) for seed in (1, 2, 3, 4)]
    await finished(client, await submit(client, pages, style_png))

    async with client.get("/v1/chapters/chapter_001/archive.cbz?order=3,1,3,9,2") as answer:
        archive = zipfile.ZipFile(io.BytesIO(await answer.read()))

    _, *names = archive.namelist()
    assert names == ["page_001.png", "page_002.png", "page_003.png", "page_004.png"]
    for name, number in zip(names, (3, 1, 2, 4), strict=True):
        async with client.get(f"/v1/chapters/chapter_001/pages/{number}/colorized") as answer:
            assert archive.read(name) == await answer.read()


async def test_an_order_that_is_no_list_of_page_numbers_is_refused(client: Client) -> None:
    answer = await client.get("/v1/chapters/chapter_001/archive.cbz?order=1;2")

    await refused(answer, 422, "invalid_request")


async def test_an_archive_of_a_chapter_without_colours_is_not_ready_and_of_none_is_not_there(
    client: Client, engine: FakeEngine, page_png: bytes, style_png: bytes
) -> None:
    engine.fail_at_step = 1
    await finished(client, await submit(client, [page_png], style_png))

    await refused(await client.get("/v1/chapters/chapter_001/archive.cbz"), 404, "not_ready")
    await refused(await client.get("/v1/chapters/nowhere/archive.cbz"), 404, "not_found")


async def _archive_of_named_pages(client: Client, page: bytes, style: bytes, names: list[str]) -> list[str]:
    asset, reference = await upload(client, page), await upload(client, style)
    request = {"chapter_id": "named", "pages": [asset] * len(names), "page_names": names, "style_reference": reference}
    async with client.post("/v1/jobs/two-pass", json=request) as answer:
        job_id = await accepted(answer)
    await finished(client, job_id)
    return (await _archive(client, job_id))[1].namelist()[1:]


async def test_names_of_pages_are_those_of_the_archive_where_they_keep_the_order(
    client: Client, page_png: bytes, style_png: bytes
) -> None:
    names = ["scan 2.jpg", "folder/scan 10.jpg"]

    assert await _archive_of_named_pages(client, page_png, style_png, names) == ["scan 2.png", "scan 10.png"]


@pytest.mark.parametrize("names", [["b.png", "a.png"], ["a.png", "a.jpg"]], ids=["out of order", "twice"])
async def test_names_that_would_lose_the_order_or_a_page_give_way_to_numbers(
    client: Client, page_png: bytes, style_png: bytes, names: list[str]
) -> None:
    assert await _archive_of_named_pages(client, page_png, style_png, names) == ["page_001.png", "page_002.png"]


async def test_names_without_as_many_pages_are_refused(client: Client, page_png: bytes, style_png: bytes) -> None:
    asset, reference = await upload(client, page_png), await upload(client, style_png)
    request = {"chapter_id": "named", "pages": [asset], "page_names": ["a", "b"], "style_reference": reference}

    body = await refused(await client.post("/v1/jobs/two-pass", json=request), 422, "invalid_request")

    assert "page_names" in body["message"]
