"""Many large uploads at once go to disk, not to memory."""

import asyncio
import contextlib
import random
from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import psutil

from tests.acceptance.server_process import server

MIB = 1024 * 1024
CLIENTS = 16
UPLOAD_MIB = 60
#: What the server itself may take: buffers of connections.
ALLOWED_RISE = 100 * MIB
#: What it may take with the two children that decode, each of which reads an upload whole and copies it a few times.
ALLOWED_RISE_WITH_CHILDREN = 1024 * MIB


async def _noise(seed: int) -> AsyncIterator[bytes]:
    yield b"\x89PNG\r\n\x1a\n"
    block = random.Random(seed).randbytes(MIB)
    for _ in range(UPLOAD_MIB):
        yield block


async def _watch(process: psutil.Process, sizes: list[tuple[int, int]]) -> None:
    """Appends the resident sizes of a server, alone and with its children, again and again."""
    while True:
        size = process.memory_info().rss
        children = 0
        for child in process.children():
            with contextlib.suppress(psutil.NoSuchProcess):
                children += child.memory_info().rss
        sizes.append((size, size + children))
        await asyncio.sleep(0.05)


async def test_sixteen_clients_of_sixty_mebibytes_do_not_fill_the_memory(tmp_path: Path) -> None:
    async with server(tmp_path / "data", script={}) as running, aiohttp.ClientSession(running.url) as client:
        assert running.process is not None

        async def upload(seed: int) -> int:
            async with client.post("/v1/assets", data=_noise(seed), headers={"Content-Type": "image/png"}) as answer:
                return answer.status

        sizes: list[tuple[int, int]] = []
        watching = asyncio.create_task(_watch(psutil.Process(running.process.pid), sizes))
        async with asyncio.timeout(110):
            statuses = await asyncio.gather(*(upload(seed) for seed in range(CLIENTS)))
        watching.cancel()

    assert statuses == [422] * CLIENTS
    alone, together = zip(*sizes, strict=True)
    assert max(alone) - alone[0] < ALLOWED_RISE
    assert max(together) - together[0] < ALLOWED_RISE_WITH_CHILDREN
    assert list((tmp_path / "data").rglob(".part-*")) == []
