"""Every operation on the disk fails once, from a job's submission to its last page.

Runs with `failing_disk.c` preloaded: python -m tests.acceptance.fault_sweep LIBRARY DATA_DIR [PAIRS]. Each operation
fails in one of three ways, taken in turns; with PAIRS each fails in all of them, and so many pairs of operations do. A
submission that is refused is sent again, as a client would; nothing that was accepted may be lost. Prints a report as
JSON.
"""

import asyncio
import ctypes
import errno
import json
import random
import sys
from dataclasses import asdict, dataclass, field
from pathlib import Path

from mangaflux.commands.console import open_terminal
from mangaflux.commands.verify import verify
from mangaflux.engine.fake import FakeEngine
from mangaflux.engine.registry import EngineRegistry
from mangaflux.errors import StorageError
from mangaflux.image_sources import ImageSource
from mangaflux.jobs import Job, Params
from mangaflux.parts import Parts, open_parts
from mangaflux.settings import LimitSettings, Settings, WorkerSettings
from tests.small_pages import page_bytes, style_bytes

#: The ways to fail, by name; 0 writes only half.
ERRORS = {"ENOSPC": errno.ENOSPC, "EIO": errno.EIO, "short write": 0}
JOB_SECONDS = 30.0
#: How often a client sends a job that is refused: two operations may fail.
SUBMISSIONS = 3


@dataclass
class SweepReport:
    """What a sweep came to."""

    #: Of one job, from submission to result.
    operations: int = 0
    jobs: int = 0
    refused: int = 0
    #: Jobs that were accepted and did not complete, with the operation that failed.
    lost: list[str] = field(default_factory=list)
    is_whole: bool = False


class Disk:
    """The preloaded library."""

    def __init__(self, library: str, folder: Path) -> None:
        self._library = ctypes.CDLL(library)
        self._library.arm.argtypes = [ctypes.c_char_p, ctypes.c_long, ctypes.c_long, ctypes.c_int]
        self._library.operations.restype = ctypes.c_long
        self._folder = str(folder).encode()

    def fail(self, nth: int, way: str, other: int = 0) -> None:
        """Lets the nth operation from now on fail in this way, and another one; 0 is none."""
        self._library.arm(self._folder, nth, other, ERRORS[way])

    @property
    def operations(self) -> int:
        """Operations since the last call of `fail`."""
        return int(self._library.operations())


async def sweep(library: str, data_dir: Path, pairs: int = 0) -> SweepReport:
    """Lets each operation fail, on one server."""
    report, disk = SweepReport(), Disk(library, data_dir)
    settings = Settings(
        data_dir=data_dir,
        engine="fake",
        limits=LimitSettings(decode_in_child=False),
        worker=WorkerSettings(cpu_threads=1, disk_retry_seconds=0.05),
    )
    engines = EngineRegistry({"fake": FakeEngine()}, {}, default="fake")
    async with open_parts(settings, engines) as parts:
        for turn in range(len(ERRORS) if pairs else 1):
            await _sweep_once(parts, disk, turn, report)
        dice = random.Random(1)
        for _ in range(pairs):
            first, second = (dice.randint(1, report.operations) for _ in range(2))
            await _one_job(parts, disk, dice.choice(list(ERRORS)), first, second, report)
        disk.fail(0, "EIO")
    report.is_whole = verify(data_dir, open_terminal(as_json=True)) == 0
    return report


async def _sweep_once(parts: Parts, disk: Disk, turn: int, report: SweepReport) -> None:
    ways, nth = list(ERRORS), 0
    while disk.operations >= nth:
        nth += 1
        await _one_job(parts, disk, ways[(nth + turn) % len(ways)], nth, 0, report)
    report.operations = nth - 1


async def _one_job(parts: Parts, disk: Disk, way: str, nth: int, other: int, report: SweepReport) -> None:
    report.jobs += 1
    disk.fail(nth, way, other)
    job = await _submit(parts, report)
    try:
        async with asyncio.timeout(JOB_SECONDS):
            with parts.broker.subscribe(job.job_id) as subscription:
                while not (job := await parts.jobs.get(job.job_id)).status.is_terminal:
                    await subscription.wait(1.0)
    except TimeoutError:
        pass
    if job.status != "completed":
        report.lost.append(f"{way} at operation {nth} and {other}: {job.status}")


async def _submit(parts: Parts, report: SweepReport) -> Job:
    for _ in range(SUBMISSIONS):
        try:
            return await parts.submissions.submit_two_pass(
                chapter_id=f"chapter_{report.jobs}",
                pages=[(1, ImageSource("1.png", data=page_bytes(report.jobs)))],
                references=[ImageSource("style.png", data=style_bytes())],
                engine=None,
                params=Params(),
            )
        except StorageError:
            report.refused += 1
    raise AssertionError("a job was refused again and again")


if __name__ == "__main__":
    result = asyncio.run(sweep(sys.argv[1], Path(sys.argv[2]), int(sys.argv[3]) if sys.argv[3:] else 0))
    sys.stdout.write(json.dumps(asdict(result)))
