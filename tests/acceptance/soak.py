"""A server under clients that come and go, watched from outside: its memory, its descriptors, its answers."""

import asyncio
import random
import time
from dataclasses import dataclass, field
from pathlib import Path

import aiohttp
import numpy as np
import psutil

from tests.acceptance.server_process import ServerProcess, server, submit_pages, until_ended
from tests.acceptance.sse_client import read_events
from tests.small_pages import page_bytes, style_bytes

CLIENTS = 4
#: Different pages that clients send: what was done before is answered from what is stored.
DIFFERENT_PAGES = 12
JOB_SECONDS = 120.0
MIB = 1024 * 1024


@dataclass
class SoakReport:
    """What was seen."""

    jobs: int = 0
    #: Jobs that ended otherwise than they should have.
    wrong: list[str] = field(default_factory=list)
    #: Seconds since the start, resident bytes, descriptors.
    samples: list[tuple[float, int, int]] = field(default_factory=list)
    #: Descriptors while nobody asks for anything: after the first jobs, and at the end.
    idle_descriptors: tuple[int, int] = (0, 0)

    def slope_mib_per_hour(self, after_seconds: float, window_seconds: float) -> float:
        """How fast the memory grows, by a line through the smallest size of each window."""
        smallest: dict[int, int] = {}
        for seconds, size, _ in self.samples:
            if seconds >= after_seconds:
                window = int(seconds // window_seconds)
                smallest[window] = min(size, smallest.get(window, size))
        if len(smallest) < 2:
            return 0.0
        slope, _ = np.polyfit(np.array(list(smallest)) * window_seconds, np.array(list(smallest.values())), 1)
        return float(slope) * 3600 / MIB


async def soak(data_dir: Path, seconds: float, sample_seconds: float) -> SoakReport:
    """Runs a server and its clients for so long."""
    report = SoakReport()
    async with server(data_dir, script={}) as running:
        assert running.process is not None
        process = psutil.Process(running.process.pid)
        started = time.monotonic()
        async with asyncio.TaskGroup() as warming:
            for number in range(CLIENTS):
                warming.create_task(_client(running, random.Random(number), started + seconds / 4, report))
        before = await _idle_descriptors(process)
        async with asyncio.TaskGroup() as tasks:
            watching = tasks.create_task(_watch(process, started, sample_seconds, report))
            clients = [
                tasks.create_task(_client(running, random.Random(100 + number), started + seconds, report))
                for number in range(CLIENTS)
            ]
            await asyncio.wait(clients)
            watching.cancel()
        report.idle_descriptors = (before, await _idle_descriptors(process))
    return report


async def _client(running: ServerProcess, dice: random.Random, until: float, report: SoakReport) -> None:
    """One client after another: each sends a job, and looks at it in its own way."""
    while time.monotonic() < until:
        pages = [page_bytes(dice.randrange(DIFFERENT_PAGES)) for _ in range(dice.randint(1, 3))]
        job_id = await submit_pages(running.url, pages, style_bytes(), f"chapter_{dice.randrange(5)}")
        report.jobs += 1
        wanted = await dice.choice([_poll, _listen, _leave_early, _cancel, _throw_away])(running.url, job_id)
        job = await until_ended(running.url, job_id, JOB_SECONDS) if wanted else None
        if job is not None and job["status"] not in wanted:
            report.wrong.append(f"{job_id}: {job['status']}")


async def _poll(_url: str, _job_id: str) -> tuple[str, ...]:
    return ("completed",)


async def _listen(url: str, job_id: str) -> tuple[str, ...]:
    async with asyncio.timeout(JOB_SECONDS), aiohttp.ClientSession(url) as client:
        async for _ in read_events(client, f"/v1/jobs/{job_id}/events"):
            pass
    return ("completed",)


async def _leave_early(url: str, job_id: str) -> tuple[str, ...]:
    async with asyncio.timeout(JOB_SECONDS), aiohttp.ClientSession(url) as client:
        stream = read_events(client, f"/v1/jobs/{job_id}/events")
        await anext(stream)
        await stream.aclose()
    return ("completed",)


async def _cancel(url: str, job_id: str) -> tuple[str, ...]:
    async with aiohttp.ClientSession(url) as client, client.post(f"/v1/jobs/{job_id}/cancel") as answer:
        assert answer.status == 200
    return ("completed", "cancelled")


async def _throw_away(url: str, job_id: str) -> tuple[str, ...]:
    """Nothing is left to look at."""
    await until_ended(url, job_id, JOB_SECONDS)
    async with aiohttp.ClientSession(url) as client, client.delete(f"/v1/jobs/{job_id}") as answer:
        assert answer.status == 204
    return ()


async def _watch(process: psutil.Process, started: float, sample_seconds: float, report: SoakReport) -> None:
    while True:
        report.samples.append((time.monotonic() - started, process.memory_info().rss, process.num_fds()))
        await asyncio.sleep(sample_seconds)


async def _idle_descriptors(process: psutil.Process) -> int:
    """The fewest of a few looks: connections take a moment to be closed."""
    counts: list[int] = []
    for _ in range(10):
        await asyncio.sleep(0.1)
        counts.append(process.num_fds())
    return min(counts)
