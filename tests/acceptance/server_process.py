"""A real server in a process of its own, to be killed and started again."""

import asyncio
import json
import os
import re
import signal
import socket
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp

START_SECONDS = 60
PROJECT = Path(__file__).parent.parent.parent


def free_port() -> int:
    """A port of this machine at which nothing listens now."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        return int(free.getsockname()[1])


class ServerProcess:
    """One data folder, and the server that runs on it at the moment.

    With a script it is a server with a fake engine that misbehaves as the script says; `settings` are by dotted name.
    `token` is what it asks for.
    """

    def __init__(
        self,
        data_dir: Path,
        *arguments: str,
        script: Mapping[str, object] | None = None,
        settings: Mapping[str, object] | None = None,
        token: str = "",
    ) -> None:
        self.token = token
        self.data_dir = data_dir
        self.command = ("mangaflux", "serve", "--port", "0", "--data-dir", str(data_dir), *arguments)
        if script is not None:
            values = (json.dumps(script), json.dumps(settings or {}))
            self.command = ("tests.acceptance.scripted_server", str(data_dir), *values)
        #: What the process that runs, or ran last, has written.
        self.output: list[str] = []
        self.url = ""
        self.process: Process | None = None
        self._drain: asyncio.Task[None] | None = None

    async def start(self, *, until_ready: bool = True) -> None:
        """Starts the server and waits until it is ready for work, or only until it listens."""
        environment = {name: value for name, value in os.environ.items() if not name.startswith("MANGA_FLUX_")}
        if self.token:
            environment |= {"MANGA_FLUX_API_TOKEN": self.token, "MANGA_FLUX_SERVER__TOKEN_FOR_READS": "true"}
        self.process = await asyncio.create_subprocess_exec(
            sys.executable,
            *("-m", *self.command),
            stdout=PIPE,
            stderr=asyncio.subprocess.STDOUT,
            cwd=PROJECT,
            env=environment,
        )
        async with asyncio.timeout(START_SECONDS):
            self.url = await self._read_url()
            self._drain = asyncio.ensure_future(self._read_rest())
            if until_ready:
                await self.until_ready()

    async def kill(self) -> None:
        """kill -9: no handler runs."""
        await self._end(signal.SIGKILL)

    async def stop(self) -> int:
        """SIGTERM, and the exit code."""
        return await self._end(signal.SIGTERM)

    async def ended(self) -> int:
        """The exit code of the process, once it has ended by itself."""
        assert self.process is not None
        return await self.process.wait()

    async def _end(self, number: signal.Signals) -> int:
        if self.process is None:
            return 0
        if self.process.returncode is None:
            self.process.send_signal(number)
        async with asyncio.timeout(30):
            code = await self.process.wait()
            if self._drain is not None:
                await self._drain
        self.process = None
        return code

    async def _read_url(self) -> str:
        assert self.process is not None
        assert self.process.stdout is not None
        self.output = []
        async for line in self.process.stdout:
            self.output.append(line.decode())
            if found := re.search(r"http://127\.0\.0\.1:\d+", self.output[-1]):
                return found[0]
        raise AssertionError("the server ended before it listened:\n" + "".join(self.output))

    async def _read_rest(self) -> None:
        assert self.process is not None
        assert self.process.stdout is not None
        async for line in self.process.stdout:
            self.output.append(line.decode())

    async def until_ready(self) -> None:
        async with aiohttp.ClientSession(self.url, headers=_bearer(self.token)) as client:
            while True:
                async with client.get("/readyz") as answer:
                    if answer.status == 200:
                        return
                await asyncio.sleep(0.05)


@asynccontextmanager
async def server(
    data_dir: Path,
    *arguments: str,
    script: Mapping[str, object] | None = None,
    settings: Mapping[str, object] | None = None,
    token: str = "",
) -> AsyncIterator[ServerProcess]:
    """A running server for the length of the block; whatever runs at its end is killed."""
    running = ServerProcess(data_dir, *arguments, script=script, settings=settings, token=token)
    await running.start()
    try:
        yield running
    finally:
        await running.kill()


async def submit(url: str, folder: Path, style: Path, chapter_id: str = "chapter_001") -> str:
    """POSTs a two-pass job with every page of a folder; returns its id."""
    return await submit_pages(
        url, [page.read_bytes() for page in sorted(folder.iterdir())], style.read_bytes(), chapter_id
    )


async def submit_pages(
    url: str, pages: Sequence[bytes], style: bytes, chapter_id: str = "chapter_001", *, token: str = ""
) -> str:
    """POSTs a two-pass job with these pages, in this order; returns its id."""
    form = aiohttp.FormData()
    form.add_field(
        "request", f'{{"chapter_id": "{chapter_id}", "input_mode": "batch"}}', content_type="application/json"
    )
    for number, page in enumerate(pages, start=1):
        form.add_field("pages", page, filename=f"page_{number:03d}.png", content_type="image/png")
    form.add_field("style_reference", style, filename="style.png", content_type="image/png")
    async with (
        aiohttp.ClientSession(url, headers=_bearer(token)) as client,
        client.post("/v1/jobs/two-pass", data=form) as answer,
    ):
        body = await answer.json()
        assert answer.status == 202, body
        return str(body["job_id"])


async def get_json(url: str, path: str, *, token: str = "") -> dict[str, Any]:
    """The JSON of one GET."""
    body: dict[str, Any] = json.loads(await get_bytes(url, path, token=token))
    return body


async def get_bytes(url: str, path: str, *, token: str = "") -> bytes:
    """The body of one GET."""
    async with aiohttp.ClientSession(url, headers=_bearer(token)) as client, client.get(path) as answer:
        assert answer.status == 200, await answer.text()
        return await answer.read()


async def until_ended(url: str, job_id: str, deadline_seconds: float, *, token: str = "") -> dict[str, Any]:
    """Polls a job as a script would, until it has ended."""
    async with asyncio.timeout(deadline_seconds):
        while True:
            job = await get_json(url, f"/v1/jobs/{job_id}", token=token)
            if job["status"] not in ("queued", "running"):
                return job
            await asyncio.sleep(0.1)


def _bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"} if token else {}
