"""A real server as a child process on a free loopback port, and the few requests that the demo makes of it."""

import asyncio
import json
import os
import re
import sys
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import aiohttp

from mangaflux.errors import MangaFluxError
from mangaflux.settings import ENVIRONMENT_PREFIX

#: Seconds until the server listens; on a slow disk the imports alone take ten.
LISTEN_TIMEOUT_SECONDS = 60.0
#: Seconds from listening to `/readyz` 200: the engine loads.
READY_TIMEOUT_SECONDS = 60.0
READY_POLL_SECONDS = 0.1
#: Seconds without a byte on an event stream that pings every 15.
SILENCE_TIMEOUT_SECONDS = 60.0
#: Seconds that the server has to stop; it promises less than 10.
STOP_TIMEOUT_SECONDS = 12.0


@dataclass(frozen=True, slots=True)
class ServerProcess:
    """A server that was started and may not listen yet."""

    process: asyncio.subprocess.Process
    log: Path

    async def url(self) -> str:
        """Where it listens, as soon as it does.

        Raises:
            MangaFluxError: it does not.
        """
        try:
            async with asyncio.timeout(LISTEN_TIMEOUT_SECONDS):
                return await self._read_url()
        except TimeoutError as error:
            raise MangaFluxError(
                f"The demo's server did not start to listen within {LISTEN_TIMEOUT_SECONDS:.0f} s."
            ) from error

    async def _read_url(self) -> str:
        if self.process.stdout is not None:
            async for line in self.process.stdout:
                if match := re.search(rb"http://\S+", line):
                    return match.group().decode()
        raise MangaFluxError(f"The demo's server ended before it listened: {self.last_words()}")

    def last_words(self) -> str:
        """The last line of its log."""
        lines = self.log.read_text(encoding="utf-8", errors="replace").strip().splitlines()
        return lines[-1] if lines else "it said nothing"


@asynccontextmanager
async def running_server(folder: Path) -> AsyncIterator[ServerProcess]:
    """A server that keeps its data and log in `folder`, stopped at the end of the block."""
    log = folder / "server.log"
    with log.open("wb") as file:
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "mangaflux", "serve", "--port", "0"),
            *("--data-dir", str(folder / "data"), "--log-level", "warning"),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=file,
            # The operator's settings, a token say, are for another server.
            env={name: value for name, value in os.environ.items() if not name.startswith(ENVIRONMENT_PREFIX)},
        )
    try:
        yield ServerProcess(process, log)
    finally:
        await _stop(process)


async def _stop(process: asyncio.subprocess.Process) -> None:
    if process.returncode is None:
        process.terminate()
    try:
        async with asyncio.timeout(STOP_TIMEOUT_SECONDS):
            await process.wait()
    except TimeoutError:
        process.kill()
        await process.wait()


class ServerClient:
    """The requests of one demo. Every method raises MangaFluxError where the server answers something else."""

    def __init__(self, session: aiohttp.ClientSession) -> None:
        self._session = session

    async def wait_until_ready(self) -> None:
        """Returns when the server can take work."""
        deadline = time.monotonic() + READY_TIMEOUT_SECONDS
        while True:
            async with self._session.get("/readyz") as response:
                answer = await response.json()
                if response.status == 200:
                    return
            if time.monotonic() > deadline:
                raise MangaFluxError(f"The demo's server is not ready: {'; '.join(answer['reasons'])}.")
            await asyncio.sleep(READY_POLL_SECONDS)

    async def submit(self, chapter_id: str, pages: Sequence[bytes], style_reference: bytes) -> str:
        """Uploads pages and reference as PNG, and returns the id of the two-pass job that colours them."""
        form = aiohttp.FormData()
        form.add_field("request", json.dumps({"chapter_id": chapter_id}), content_type="application/json")
        for number, page in enumerate(pages, start=1):
            form.add_field("pages", page, filename=f"page_{number:03d}.png", content_type="image/png")
        form.add_field("style_reference", style_reference, filename="style_reference.png", content_type="image/png")
        async with self._session.post("/v1/jobs/two-pass", data=form) as response:
            return str((await _checked(response).json())["job_id"])

    async def events(self, job_id: str) -> AsyncIterator[tuple[str, Mapping[str, object]]]:
        """The events of a job, type and data, from the first to the last."""
        async with self._session.get(f"/v1/jobs/{job_id}/events") as response:
            event_type, data = "", ""
            async for raw in _checked(response).content:
                field, _, value = raw.decode().rstrip("\r\n").partition(": ")
                if field == "event":
                    event_type = value
                elif field == "data":
                    data += value
                elif not field and data:
                    yield event_type, json.loads(data)
                    event_type, data = "", ""

    async def colorized(self, job_id: str) -> dict[int, bytes]:
        """The coloured pages of a job as PNG, by page number."""
        async with self._session.get(f"/v1/jobs/{job_id}/artifacts") as response:
            artifacts = (await _checked(response).json())["artifacts"]
        coloured = [each for each in artifacts if each["kind"] == "colorized"]
        return {each["page_num"]: await self._download(each["url"]) for each in coloured}

    async def archive(self, job_id: str) -> bytes:
        """The finished pages of a job as CBZ."""
        return await self._download(f"/v1/jobs/{job_id}/archive.cbz")

    async def _download(self, path: str) -> bytes:
        async with self._session.get(path) as response:
            return await _checked(response).read()


@asynccontextmanager
async def open_client(url: str) -> AsyncIterator[ServerClient]:
    """A client of the server at `url`.

    Raises:
        MangaFluxError: the server stopped answering.
    """
    timeout = aiohttp.ClientTimeout(total=None, sock_read=SILENCE_TIMEOUT_SECONDS)
    try:
        async with aiohttp.ClientSession(url, timeout=timeout) as session:
            yield ServerClient(session)
    except (aiohttp.ClientError, TimeoutError) as error:
        raise MangaFluxError(f"The demo's server stopped answering: {str(error) or 'no byte for a minute'}.") from error


def _checked(response: aiohttp.ClientResponse) -> aiohttp.ClientResponse:
    if response.status >= 400:
        raise MangaFluxError(f"The demo's server answered {response.status} to {response.url.path}.")
    return response
