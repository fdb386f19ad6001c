"""kill -9 at random moments, again and again, then an audit: nothing that was accepted is lost, nothing is torn."""

import asyncio
import contextlib
import random
import time
from dataclasses import dataclass, field
from pathlib import Path

import aiohttp

from mangaflux.commands.console import open_terminal
from mangaflux.commands.verify import verify
from tests.acceptance.server_process import ServerProcess, get_json, submit_pages, until_ended
from tests.small_pages import page_bytes, style_bytes

#: A page takes a moment, so that many are killed in their middle.
SCRIPT = {"seconds_per_step": 0.02}
#: The same page may be unlucky many times.
SETTINGS = {
    "worker.max_attempts": 1000,
    "queue.max_waiting_pages": 100_000,
    "queue.max_waiting_jobs": 100_000,
    # Not what is looked at here, and a process more for each start.
    "limits.decode_in_child": False,
}
#: Seconds that a server works before it is killed, at most, once it listens.
LONGEST_WORK_SECONDS = 1.5
#: Share of servers that are killed before they are ready.
SHARE_OF_YOUNG_DEATHS = 0.2
#: And share of those that are killed before they have work, these included.
SHARE_OF_EARLY_DEATHS = 0.5
#: Seconds between two jobs.
SUBMIT_SECONDS = 0.3
LAST_START_SECONDS = 600.0


@dataclass
class KillReport:
    """What a series of kills came to."""

    loops: int
    accepted_jobs: int = 0
    pages: int = 0
    #: Jobs that were accepted and did not complete.
    lost: list[str] = field(default_factory=list)
    #: False where `mangaflux verify` found something.
    is_whole: bool = False
    #: Passes of pages that were started more than once, counted by their further starts.
    started_again: int = 0
    #: From the start of the process to `/readyz` 200, in seconds, of those that lived so long.
    ready_seconds: list[float] = field(default_factory=list)


async def kill_loop(data_dir: Path, loops: int, seed: int) -> KillReport:
    """Kills a server so often, starts it a last time, waits for every job and looks at what there is."""
    report, dice = KillReport(loops), random.Random(seed)
    running = ServerProcess(data_dir, script=SCRIPT, settings=SETTINGS)
    accepted: list[str] = []
    try:
        for _ in range(loops):
            await _live_and_die(running, dice, accepted, report)
        await running.start()
        await _count(running, accepted, report)
    finally:
        await running.kill()
    report.is_whole = verify(data_dir, open_terminal()) == 0
    return report


async def _live_and_die(running: ServerProcess, dice: random.Random, accepted: list[str], report: KillReport) -> None:
    ready, has_work = asyncio.Event(), asyncio.Event()
    living = asyncio.ensure_future(_live(running, dice, accepted, report, ready, has_work))
    fate = dice.random()
    if report.ready_seconds and fate < SHARE_OF_YOUNG_DEATHS:
        # Recovery and migrations have their moments, too.
        await asyncio.wait({living}, timeout=dice.uniform(0.3, 1.0) * report.ready_seconds[-1])
    else:
        # The others die over their first submission, or over their pages.
        waiting = asyncio.ensure_future((ready if fate < SHARE_OF_EARLY_DEATHS else has_work).wait())
        await asyncio.wait({living, waiting}, return_when=asyncio.FIRST_COMPLETED)
        waiting.cancel()
        await asyncio.wait({living}, timeout=dice.uniform(0.0, LONGEST_WORK_SECONDS))
    if running.process is not None:
        await running.kill()
    living.cancel()
    # Whatever the client was told when the server died, it is not what is looked at here.
    with contextlib.suppress(asyncio.CancelledError, aiohttp.ClientError, AssertionError, OSError):
        await living


async def _live(
    running: ServerProcess,
    dice: random.Random,
    accepted: list[str],
    report: KillReport,
    ready: asyncio.Event,
    has_work: asyncio.Event,
) -> None:
    """Sends jobs until the server dies."""
    started = time.monotonic()
    await running.start()
    report.ready_seconds.append(time.monotonic() - started)
    ready.set()
    while True:
        pages = [page_bytes(dice.randrange(10**6)) for _ in range(dice.randint(1, 3))]
        chapter_id = f"chapter_{report.loops}_{len(accepted)}"
        accepted.append(await submit_pages(running.url, pages, style_bytes(), chapter_id))
        has_work.set()
        await asyncio.sleep(SUBMIT_SECONDS)


async def _count(running: ServerProcess, accepted: list[str], report: KillReport) -> None:
    report.accepted_jobs = len(accepted)
    deadline = time.monotonic() + LAST_START_SECONDS
    for job_id in accepted:
        job = await until_ended(running.url, job_id, max(1.0, deadline - time.monotonic()))
        if job["status"] != "completed":
            report.lost.append(job_id)
        passes = [page[name] for page in job["pages"] for name in ("pass1", "pass2")]
        report.pages += len(job["pages"])
        report.started_again += sum(each["attempt"] - 1 for each in passes)
        await get_json(running.url, f"/v1/jobs/{job_id}/artifacts")
