"""`mangaflux jobs`, as a process of its own, against a server in this one."""

import asyncio
import json
import os
import signal
import sys
from asyncio.subprocess import PIPE, Process
from dataclasses import dataclass

import pytest
from pytest_aiohttp import AiohttpClient

from mangaflux.engine.fake import FakeEngine
from mangaflux.engine.registry import EngineRegistry
from mangaflux.settings import Settings
from mangaflux.web.app import create_app
from tests.web.driving import Client, finished, get_json, submit

DEADLINE_SECONDS = 60


@dataclass(frozen=True)
class Ran:
    """What a command came to."""

    code: int
    out: str
    err: str


@pytest.fixture
def engine() -> FakeEngine:
    return FakeEngine()


@pytest.fixture
async def client(aiohttp_client: AiohttpClient, settings: Settings, engine: FakeEngine) -> Client:
    return await aiohttp_client(create_app(settings, EngineRegistry({"fake": engine}, {}, default="fake")))


async def _start(client: Client, *arguments: str) -> Process:
    return await _start_at(str(client.make_url("")), *arguments)


async def _start_at(url: str, *arguments: str) -> Process:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("MANGA_FLUX_")}
    command = ("-m", "mangaflux", "jobs", *arguments, "--url", url)
    return await asyncio.create_subprocess_exec(sys.executable, *command, stdout=PIPE, stderr=PIPE, env=environment)


async def _end(process: Process) -> Ran:
    async with asyncio.timeout(DEADLINE_SECONDS):
        out, err = await process.communicate()
    return Ran(process.returncode or 0, out.decode(), err.decode())


async def _run(client: Client, *arguments: str) -> Ran:
    return await _end(await _start(client, *arguments))


async def test_jobs_are_listed_newest_first(client: Client, page_png: bytes, style_png: bytes) -> None:
    first = await submit(client, [page_png, page_png], style_png)
    second = await submit(client, [page_png], style_png)
    await finished(client, second)
    await finished(client, first)

    lines = (await _run(client, "list")).out.splitlines()
    listed = json.loads((await _run(client, "list", "--json", "--limit", "1")).out)

    assert [line.split() for line in lines] == [
        [second, "completed", "1/1", "chapter_001", "fake"],
        [first, "completed", "2/2", "chapter_001", "fake"],
    ]
    assert [job["job_id"] for job in listed] == [second]


async def test_where_nothing_is_listed_it_is_said(client: Client) -> None:
    assert (await _run(client, "list", "--status", "failed")).out == "There are no failed jobs.\n"


async def test_a_job_is_cancelled_and_tried_again(
    client: Client, engine: FakeEngine, page_png: bytes, style_png: bytes
) -> None:
    engine.seconds_per_step = 60
    job_id = await submit(client, [page_png], style_png)

    cancelled = await _run(client, "cancel", job_id)
    assert (cancelled.code, cancelled.out) == (0, f"{job_id} is cancelled: 0 of 1 pages done.\n")
    engine.seconds_per_step = 0
    assert (await _run(client, "retry", job_id)).code == 0
    assert (await finished(client, job_id))["status"] == "completed"


async def test_a_job_is_watched_from_its_first_page_to_its_end(
    client: Client, engine: FakeEngine, page_png: bytes, style_png: bytes
) -> None:
    job_id = await submit(client, [page_png, page_png], style_png)
    await finished(client, job_id)

    watched = await _run(client, "watch", job_id)

    assert watched.code == 0
    assert watched.out.splitlines() == [
        f"{job_id}, chapter_001, 2 pages",
        "[1/2] page 1 (page_1.png): coloured",
        "[2/2] page 2 (page_2.png): coloured",
        f"{job_id} is completed: 2 of 2 pages done.",
    ]


async def test_watching_a_job_that_fails_ends_with_1(
    client: Client, engine: FakeEngine, page_png: bytes, style_png: bytes
) -> None:
    engine.fail_at_step = 1
    job_id = await submit(client, [page_png], style_png)

    watched = await _run(client, "watch", job_id)

    assert watched.code == 1
    assert "failed: The fake engine was told to fail" in watched.out


async def test_whoever_stops_watching_leaves_the_job_running(
    client: Client, engine: FakeEngine, page_png: bytes, style_png: bytes
) -> None:
    engine.seconds_per_step = 60
    job_id = await submit(client, [page_png], style_png)
    watching = await _start(client, "watch")
    assert watching.stdout is not None
    async with asyncio.timeout(DEADLINE_SECONDS):
        await watching.stdout.readline()

    watching.send_signal(signal.SIGTERM)

    assert (await _end(watching)).code == 130
    assert (await get_json(client, f"/v1/jobs/{job_id}"))["status"] == "running"


@pytest.mark.parametrize("command", ["watch", "cancel", "retry"])
async def test_what_the_server_refuses_is_one_line(client: Client, command: str) -> None:
    refused = await _run(client, command, "job_0")

    assert (refused.code, refused.err) == (2, "mangaflux: There is no job job_0.\n")


async def test_a_server_that_is_not_there_is_told_with_what_to_do(client: Client) -> None:
    url = str(client.make_url(""))
    await client.close()

    refused = await _end(await _start_at(url, "list"))

    assert refused.code == 1
    assert "mangaflux serve" in refused.err
    assert len(refused.err.splitlines()) == 1
