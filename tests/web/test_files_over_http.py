"""Files: whole, in part, not again, or not yet."""

import hashlib
from dataclasses import dataclass

import pytest

from mangaflux.engine.fake import FakeEngine
from mangaflux.settings import Settings
from tests.web.driving import Client, accepted, finished, get_json, job_form, refused, submit

COLORIZED = "/v1/chapters/chapter_001/pages/1/colorized"


@dataclass(frozen=True)
class Page:
    """A coloured page on a server."""

    client: Client
    job_id: str
    data: bytes

    @property
    def etag(self) -> str:
        return f'"{hashlib.sha256(self.data).hexdigest()}"'


@pytest.fixture
async def page(client: Client, page_png: bytes, style_png: bytes) -> Page:
    job_id = await submit(client, [page_png], style_png)
    await finished(client, job_id)
    async with client.get(COLORIZED) as answer:
        return Page(client, job_id, await answer.read())


async def test_a_coloured_page_is_asked_for_again_and_not_sent_again(page: Page) -> None:
    answer = await page.client.get(COLORIZED, headers={"If-None-Match": page.etag})

    assert (answer.status, await answer.read()) == (304, b"")
    assert (answer.headers["ETag"], answer.headers["Cache-Control"]) == (page.etag, "no-cache")


async def test_another_copy_is_replaced(page: Page) -> None:
    answer = await page.client.get(COLORIZED, headers={"If-None-Match": '"another"'})

    assert (answer.status, answer.headers["ETag"], await answer.read()) == (200, page.etag, page.data)


async def test_a_part_of_a_page_is_sent(page: Page) -> None:
    answer = await page.client.get(COLORIZED, headers={"Range": "bytes=10-19"})

    assert (answer.status, await answer.read()) == (206, page.data[10:20])
    assert answer.headers["Content-Range"] == f"bytes 10-19/{len(page.data)}"
    assert answer.headers["ETag"] == page.etag


async def test_a_part_goes_on_from_the_same_file(page: Page) -> None:
    answer = await page.client.get(COLORIZED, headers={"Range": "bytes=10-", "If-Range": page.etag})

    assert (answer.status, await answer.read()) == (206, page.data[10:])


async def test_a_part_of_another_file_is_never_sent(page: Page) -> None:
    answer = await page.client.get(COLORIZED, headers={"Range": "bytes=10-", "If-Range": '"another"'})

    assert (answer.status, await answer.read()) == (200, page.data)


@pytest.mark.parametrize("range_header", ["lines=0-9", "bytes=abc", "bytes=5-2", "bytes=0-1,4-5", "bytes=-"])
async def test_a_range_that_is_none_is_ignored(page: Page, range_header: str) -> None:
    answer = await page.client.get(COLORIZED, headers={"Range": range_header})

    assert (answer.status, await answer.read()) == (200, page.data)


async def test_a_part_behind_the_end_is_refused(page: Page) -> None:
    answer = await page.client.get(COLORIZED, headers={"Range": f"bytes={len(page.data)}-"})

    assert (answer.status, answer.headers["Content-Range"]) == (416, f"bytes */{len(page.data)}")


async def test_if_match_is_judged_by_the_content(page: Page) -> None:
    same = await page.client.get(COLORIZED, headers={"If-Match": page.etag})
    other = await page.client.get(COLORIZED, headers={"If-Match": '"another"'})

    assert (same.status, other.status) == (200, 412)


async def test_the_head_of_a_page_says_how_large_it_is(page: Page) -> None:
    answer = await page.client.head(COLORIZED)

    assert (answer.status, answer.headers["Content-Length"]) == (200, str(len(page.data)))


async def test_every_artifact_is_what_its_sha256_says_and_cacheable_for_ever(page: Page, settings: Settings) -> None:
    listed = (await get_json(page.client, f"/v1/jobs/{page.job_id}/artifacts"))["artifacts"]

    assert {"colorized", "metadata", "runmeta_pass1", "runmeta_pass2"} <= {each["kind"] for each in listed}
    for each in listed:
        async with page.client.get(each["url"]) as answer:
            data = await answer.read()
        assert hashlib.sha256(data).hexdigest() == each["sha256"]
        assert (answer.content_type, len(data)) == (each["media_type"], each["size"])
        assert "immutable" in answer.headers["Cache-Control"]
        assert (settings.data_dir / each["path"]).read_bytes() == data


async def test_an_unknown_artifact_is_not_found(client: Client) -> None:
    await refused(await client.get("/v1/artifacts/" + "0" * 64), 404, "not_found")


async def test_a_file_that_was_removed_by_hand_is_not_found(page: Page, settings: Settings) -> None:
    listed = (await get_json(page.client, f"/v1/jobs/{page.job_id}/artifacts"))["artifacts"][0]
    (settings.data_dir / listed["path"]).unlink()

    await refused(await page.client.get(listed["url"]), 404, "not_found")


@pytest.mark.parametrize(
    ("path", "content_type"),
    [
        ("metadata", "application/json"),
        ("runmeta/pass1", "application/json"),
        ("runmeta/pass2", "application/json"),
        ("mask", "image/png"),
        ("mask?kind=balloons", "image/png"),
        ("mask?kind=panels", "image/png"),
    ],
)
async def test_a_page_has_what_both_passes_left_behind(page: Page, path: str, content_type: str) -> None:
    answer = await page.client.get(f"/v1/chapters/chapter_001/pages/1/{path}")

    assert (answer.status, answer.content_type) == (200, content_type)


async def test_a_mask_of_an_unknown_kind_is_refused(page: Page) -> None:
    body = await refused(
        await page.client.get("/v1/chapters/chapter_001/pages/1/mask?kind=hair"), 422, "invalid_request"
    )

    assert "lettering" in body["message"]


@pytest.mark.parametrize("path", ["/v1/chapters/absent/pages", "/v1/chapters/absent/pages/1/colorized"])
async def test_an_unknown_chapter_is_not_found(client: Client, path: str) -> None:
    await refused(await client.get(path), 404, "not_found")


async def test_an_unknown_page_is_not_found(page: Page) -> None:
    await refused(await page.client.get("/v1/chapters/chapter_001/pages/2/colorized"), 404, "not_found")


async def test_a_page_that_waits_is_not_ready(
    client: Client, engine: FakeEngine, page_png: bytes, style_png: bytes
) -> None:
    engine.seconds_per_step = 60
    await submit(client, [page_png], style_png)

    body = await refused(await client.get(COLORIZED), 404, "not_ready")

    assert body["details"]["status"] in ("queued", "running")


async def test_a_page_that_failed_is_not_ready_and_says_why(
    client: Client, engine: FakeEngine, page_png: bytes, style_png: bytes
) -> None:
    engine.fail_at_step = 1
    await finished(client, await submit(client, [page_png], style_png))

    body = await refused(await client.get(COLORIZED), 404, "not_ready")

    assert (body["details"]["status"], body["details"]["error"]["code"]) == ("failed", "page_failed")


async def test_a_page_that_is_in_colour_already_is_skipped_with_its_reason(
    client: Client, colour_png: bytes, style_png: bytes
) -> None:
    job = await finished(client, await submit(client, [colour_png], style_png))

    body = await refused(await client.get(COLORIZED), 404, "not_ready")

    assert (job["status"], job["summary"]["skipped_pages"]) == ("completed", [1])
    assert body["details"]["status"] == "skipped"
    assert body["details"]["reason"]


async def test_a_page_that_nobody_asked_to_colour_is_not_ready(client: Client, page_png: bytes) -> None:
    form = job_form({"chapter_id": "chapter_001"}, {"1.png": page_png})
    await finished(client, await accepted(await client.post("/v1/jobs/pass1", data=form)))

    body = await refused(await client.get(COLORIZED), 404, "not_ready")

    assert body["details"]["status"] is None


async def test_a_chapter_lists_which_files_there_are(client: Client, page_png: bytes) -> None:
    form = job_form({"chapter_id": "c"}, {"1.png": page_png})
    await finished(client, await accepted(await client.post("/v1/jobs/pass1", data=form)))

    files = (await get_json(client, "/v1/chapters/c/pages"))["pages"][0]["artifacts"]

    assert files["colorized"] == {"exists": False, "path": None, "url": None}
    assert files["metadata"]["exists"]
    assert files["metadata"]["url"].startswith("/v1/artifacts/")
    assert files["metadata"]["path"].startswith("artifacts/")


async def test_chapters_are_listed_with_how_much_of_them_is_coloured(page: Page) -> None:
    chapters = (await get_json(page.client, "/v1/chapters"))["chapters"]

    assert [(each["chapter_id"], each["pages"], each["colorized"]) for each in chapters] == [("chapter_001", 1, 1)]
