"""Sends what is malformed to a server, and looks at what it did."""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import aiohttp

from tests.acceptance.malformed import malformed_archives, malformed_images
from tests.acceptance.server_process import ServerProcess, submit_pages, until_ended
from tests.small_pages import page_bytes, style_bytes

#: Requests at once: more than the server has threads for them.
AT_ONCE = 6
DEADLINE_SECONDS = 120

Item = TypeVar("Item")


@dataclass(frozen=True)
class Survival:
    """How a server took what was malformed."""

    #: How many answers there were of each status.
    statuses: dict[int, int]
    #: Answers of 400 and more that were no problem body with a code.
    unexplained: int
    #: Files that appeared outside the data folder, and half-written ones inside it.
    stray_files: list[str]
    #: Whether a good page was coloured afterwards by the same process.
    works_afterwards: bool

    @property
    def server_errors(self) -> int:
        """Answers of 500 and more."""
        return sum(count for status, count in self.statuses.items() if status >= 500)


async def send_images(running: ServerProcess, root: Path, *, count: int, seed: int = 1) -> Survival:
    """Uploads malformed images; `root` holds the data folder."""

    async def send(client: aiohttp.ClientSession, image: bytes) -> tuple[int, bool]:
        async with client.post("/v1/assets", data=image, headers={"Content-Type": "image/png"}) as answer:
            return answer.status, await _is_explained(answer)

    return await _survive(running, root, malformed_images(count, seed), send)


async def send_archives(running: ServerProcess, root: Path, inputs: Path, *, count: int, seed: int = 1) -> Survival:
    """Submits malformed archives that lie in the input root `inputs`, and waits for the jobs that are accepted."""
    names = [f"{number}.cbz" for number in range(count)]
    for name, data in zip(names, malformed_archives(count, seed), strict=True):
        (inputs / name).write_bytes(data)

    async def send(client: aiohttp.ClientSession, name: str) -> tuple[int, bool]:
        request = {"chapter_id": name.replace(".", "_"), "input_dir": name}
        async with client.post("/v1/jobs/pass1", json=request) as answer:
            if answer.status == 202:
                await until_ended(running.url, (await answer.json())["job_id"], DEADLINE_SECONDS)
                return 202, True
            return answer.status, await _is_explained(answer)

    return await _survive(running, root, names, send)


async def _survive(
    running: ServerProcess,
    root: Path,
    items: Iterable[Item],
    send: Callable[[aiohttp.ClientSession, Item], Awaitable[tuple[int, bool]]],
) -> Survival:
    before, process = _files(root, running.data_dir), running.process
    turns = asyncio.Semaphore(AT_ONCE)

    async def send_in_turn(client: aiohttp.ClientSession, item: Item) -> tuple[int, bool]:
        async with turns, asyncio.timeout(DEADLINE_SECONDS):
            return await send(client, item)

    async with aiohttp.ClientSession(running.url) as client:
        answers = await asyncio.gather(*(send_in_turn(client, item) for item in items))
    half_written = [path.name for path in running.data_dir.rglob(".part-*")]
    return Survival(
        statuses=dict(Counter(status for status, _ in answers)),
        unexplained=sum(not explained for _, explained in answers),
        stray_files=sorted(_files(root, running.data_dir) - before) + half_written,
        works_afterwards=await _works(running) and running.process is process,
    )


async def _is_explained(answer: aiohttp.ClientResponse) -> bool:
    return answer.status < 400 or bool((await answer.json(content_type="application/problem+json"))["code"])


async def _works(running: ServerProcess) -> bool:
    job_id = await submit_pages(running.url, [page_bytes(1)], style_bytes(), "afterwards")
    job = await until_ended(running.url, job_id, DEADLINE_SECONDS)
    return bool(job["status"] == "completed")


def _files(root: Path, data_dir: Path) -> set[str]:
    return {str(path) for path in root.rglob("*") if not path.is_relative_to(data_dir)}
