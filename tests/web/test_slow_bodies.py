"""Bodies that stall are refused; bodies that are only slow are not."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from mangaflux.errors import ImageTooLargeError, SlowBodyError
from mangaflux.settings import LimitSettings
from mangaflux.web.bodies import BodyWatch
from mangaflux.web.keys import SETTINGS
from tests.web.conftest import StartServer
from tests.web.driving import job_form, refused

IMPATIENT = LimitSettings(decode_in_child=False, body_patience_seconds=0.3, body_bytes_per_second=1000)


async def _stalling(*pieces: bytes) -> AsyncIterator[bytes]:
    for piece in pieces:
        yield piece
    await asyncio.sleep(20)


@pytest.mark.parametrize(
    ("path", "media_type"),
    [
        ("/v1/jobs/pass1", "application/json"),
        ("/v1/jobs/pass1", "multipart/form-data; boundary=b"),
        ("/v1/assets", "image/png"),
        ("/v1/assets", "multipart/form-data; boundary=b"),
    ],
)
@pytest.mark.parametrize("begun", [b"", b"--b\r\n", b'--b\r\nContent-Disposition: form-data; name="pages"\r\n\r\nabc'])
async def test_a_body_that_stalls_is_refused(
    start_server: StartServer, path: str, media_type: str, begun: bytes
) -> None:
    client = await start_server(limits=IMPATIENT)

    async with asyncio.timeout(10):
        answer = await client.post(path, data=_stalling(begun), headers={"Content-Type": media_type})

    await refused(answer, 408, "slow_body")


async def test_nothing_is_left_of_an_upload_that_stalled(start_server: StartServer) -> None:
    client = await start_server(limits=IMPATIENT)
    await client.post("/v1/assets", data=_stalling(b"abc"), headers={"Content-Type": "image/png"})

    data_dir = client.app[SETTINGS].data_dir
    assert [path for path in data_dir.rglob("*") if path.name.startswith(".part-")] == []


async def test_a_body_that_is_only_slow_is_taken() -> None:
    watch = BodyWatch(IMPATIENT)
    for _ in range(4):
        await watch.wait(asyncio.sleep(0.2))
        watch.count(1000)


async def test_what_came_fast_earns_no_long_stall() -> None:
    watch = BodyWatch(IMPATIENT)
    watch.count(1_000_000)

    with pytest.raises(SlowBodyError):
        await watch.wait(asyncio.sleep(5))


async def test_a_drop_now_and_then_is_a_stall() -> None:
    watch = BodyWatch(IMPATIENT)

    async def drip() -> None:
        for _ in range(100):
            await watch.wait(asyncio.sleep(0.1))
            watch.count(1)

    with pytest.raises(SlowBodyError):
        await drip()


async def test_a_request_that_is_too_large_in_all_is_refused(start_server: StartServer, page_png: bytes) -> None:
    limits = LimitSettings(decode_in_child=False, max_request_bytes=len(page_png) * 2)
    client = await start_server(limits=limits)

    form = job_form({"chapter_id": "c"}, {f"{number}.png": page_png for number in range(3)})
    body = await refused(await client.post("/v1/jobs/pass1", data=form), 413, "too_large")

    assert body["details"] == {"max_request_bytes": len(page_png) * 2}


def test_bytes_are_counted_over_all_parts() -> None:
    watch = BodyWatch(LimitSettings(max_request_bytes=10))
    watch.count(6)

    with pytest.raises(ImageTooLargeError):
        watch.count(5)
