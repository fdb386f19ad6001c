"""A real server in a process of its own, to be killed and started again."""

import asyncio
import os
import re
import signal
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp

START_SECONDS = 60
PROJECT = Path(__file__).parent.parent.parent


class ServerProcess:
    """One data folder, and the server that runs on it at the moment."""

    #: What is run, before the arguments.
    command: tuple[str, ...] = ("-m", "mangaflux", "serve")
    #: Where it listens; 0: wherever it is free.
    port = 0

    def __init__(self, data_dir: Path, *arguments: str, token: str = "") -> None:
        self.data_dir = data_dir
        self.arguments = arguments
        #: Where there is one, the server asks for it from everyone.
        self.token = token
        self.url = ""
        self.process: Process | None = None
        self._drain: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Starts the server and waits until it is ready for work."""
        environment = {name: value for name, value in os.environ.items() if not name.startswith("MANGA_FLUX_")}
        if self.token:
            environment |= {"MANGA_FLUX_API_TOKEN": self.token, "MANGA_FLUX_SERVER__TOKEN_FOR_READS": "true"}
        self.process = await asyncio.create_subprocess_exec(
            sys.executable,
            *(*self.command, "--port", str(self.port), "--data-dir", str(self.data_dir), *self.arguments),
            stdout=PIPE,
            stderr=asyncio.subprocess.STDOUT,
            cwd=PROJECT,
            env=environment,
        )
        async with asyncio.timeout(START_SECONDS):
            self.url = await self._read_url()
            self._drain = asyncio.ensure_future(self._read_rest())
            await self._until_ready()

    async def kill(self) -> None:
        """kill -9: no handler runs."""
        await self._end(signal.SIGKILL)

    async def stop(self) -> int:
        """SIGTERM, and the exit code."""
        return await self._end(signal.SIGTERM)

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
        lines: list[str] = []
        async for line in self.process.stdout:
            lines.append(line.decode())
            if found := re.search(r"http://127\.0\.0\.1:\d+", lines[-1]):
                return found[0]
        raise AssertionError("the server ended before it listened:\n" + "".join(lines))

    async def _read_rest(self) -> None:
        assert self.process is not None
        assert self.process.stdout is not None
        async for _ in self.process.stdout:
            pass

    async def _until_ready(self) -> None:
        headers = {"Authorization": f"Bearer {self.token}"} if self.token else {}
        async with aiohttp.ClientSession(self.url, headers=headers) as client:
            while True:
                async with client.get("/readyz") as answer:
                    if answer.status == 200:
                        return
                await asyncio.sleep(0.05)


@asynccontextmanager
async def server(data_dir: Path, *arguments: str) -> AsyncIterator[ServerProcess]:
    """A running server for the length of the block; whatever runs at its end is killed."""
    running = ServerProcess(data_dir, *arguments)
    await running.start()
    try:
        yield running
    finally:
        await running.kill()


async def submit(url: str, folder: Path, style: Path, chapter_id: str = "chapter_001") -> str:
    """POSTs a two-pass job with every page of a folder; returns its id."""
    form = aiohttp.FormData()
    form.add_field(
        "request", f'{{"chapter_id": "{chapter_id}", "input_mode": "batch"}}', content_type="application/json"
    )
    for page in sorted(folder.iterdir()):
        form.add_field("pages", page.read_bytes(), filename=page.name, content_type="image/png")
    form.add_field("style_reference", style.read_bytes(), filename=style.name, content_type="image/png")
    async with aiohttp.ClientSession(url) as client, client.post("/v1/jobs/two-pass", data=form) as answer:
        body = await answer.json()
        assert answer.status == 202, body
        return str(body["job_id"])


async def get_json(url: str, path: str) -> dict[str, Any]:
    """The JSON of one GET."""
    async with aiohttp.ClientSession(url) as client, client.get(path) as answer:
        assert answer.status == 200, await answer.text()
        body: dict[str, Any] = await answer.json()
        return body


async def until_ended(url: str, job_id: str, deadline_seconds: float) -> dict[str, Any]:
    """Polls a job as a script would, until it has ended."""
    async with asyncio.timeout(deadline_seconds):
        while True:
            job = await get_json(url, f"/v1/jobs/{job_id}")
            if job["status"] not in ("queued", "running"):
                return job
            await asyncio.sleep(0.1)
