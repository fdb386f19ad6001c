"""The finished pages of a job as one file that comic readers open."""

import io
import zipfile
from typing import Any
from xml.etree import ElementTree

import pytest

from mangaflux.engine.fake import FakeEngine
from tests.web.driving import Client, finished, refused, submit


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
