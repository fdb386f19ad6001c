"""What the server survives, at length: kills, failing disks, stories of jobs, hours of clients, hostile ones too.

Run: .venv/bin/python -m benchmarks.faults kill [--loops 500] | disk [--pairs 300] | jobs [--stories 1000]
     | soak [--minutes 60] | readers [--clients 1000] | resume [--reconnects 2000] | images [--images 20000]
     | archives [--archives 3000] | fuzz [--examples 300]

Each run appends a dated row to benchmarks/results/faults.md; the short forms are `tests/acceptance/`. Exits with 1
where a promise broke.
"""

import argparse
import asyncio
import os
import platform
import statistics
import sys
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path

from hypothesis import settings
from hypothesis.stateful import run_state_machine_as_test

from tests.acceptance.api_fuzz import fuzz
from tests.acceptance.event_readers import deliver, resume
from tests.acceptance.hostile_uploads import Survival, send_archives, send_images
from tests.acceptance.job_machine import JobMachine
from tests.acceptance.kill_loop import kill_loop
from tests.acceptance.server_process import server
from tests.acceptance.soak import soak
from tests.acceptance.test_faults import compile_failing_disk, run_sweep

RESULTS = Path(__file__).parent / "results" / "faults.md"
HEAD = (
    "# What the server survives\n\nRows of `benchmarks/faults.py`, which says what each of them does.\n\n"
    "| when (UTC) | test | seed | seconds | what was seen | kept |\n|---|---|---|---|---|---|\n"
)
#: Stories of the long form are longer, too.
STORY_STEPS = 50
#: Memory is looked at after this, when caches are full.
WARM_SECONDS = 600
#: A server that was killed is ready again, and an event is with 99 of 100 readers, in less than so many seconds.
READY_SECONDS, EVENT_SECONDS = 3.0, 0.25
#: Readers that never read, beside those that do.
SILENT_READERS = 50
#: Kills of the server while a reader comes back and comes back.
RESTARTS = 5
#: What guarded servers ask for.
TOKEN = "correct horse battery staple"


def kill(folder: Path, arguments: argparse.Namespace) -> tuple[str, bool]:
    """Kill -9 at random moments."""
    report = asyncio.run(kill_loop(folder / "data", arguments.loops, arguments.seed))
    ready = sorted(report.ready_seconds)
    seen = (
        f"{report.loops} kills, {report.accepted_jobs} jobs of {report.pages} pages accepted; {len(report.lost)} lost; "
        f"{_whole(report.is_whole)}; {report.started_again / report.loops:.2f} passes begun again a kill; "
        f"ready after {statistics.median(ready):.1f} s (median), {ready[-1]:.1f} s (longest)"
    )
    is_quick = ready[-1] < READY_SECONDS and report.started_again <= report.loops
    return seen, not report.lost and report.is_whole and is_quick


def disk(folder: Path, arguments: argparse.Namespace) -> tuple[str, bool]:
    """Every operation on the disk fails in each of three ways, and pairs of them."""
    report = run_sweep(compile_failing_disk(folder), folder / "data", 24 * 3600, arguments.pairs)
    seen = (
        f"{report['operations']} operations a job, {report['jobs']} jobs, {arguments.pairs} pairs; "
        f"{report['refused']} refused and sent again; {len(report['lost'])} lost; "
        f"{_whole(report['is_whole'])}"
    )
    return seen, not report["lost"] and report["is_whole"]


def jobs(_folder: Path, arguments: argparse.Namespace) -> tuple[str, bool]:
    """Stories of jobs against a model; hypothesis prints the one that breaks."""
    stories = settings(max_examples=arguments.stories, stateful_step_count=STORY_STEPS, deadline=None, database=None)
    try:
        run_state_machine_as_test(JobMachine, settings=stories)
    except AssertionError as error:
        return f"a story broke: {error}".replace("\n", " "), False
    return f"{arguments.stories} stories of up to {STORY_STEPS} steps agree with the model", True


def soaked(folder: Path, arguments: argparse.Namespace) -> tuple[str, bool]:
    """Clients that come and go."""
    report = asyncio.run(soak(folder / "data", arguments.minutes * 60, sample_seconds=1))
    slope = report.slope_mib_per_hour(min(WARM_SECONDS, arguments.minutes * 30), 60)
    before, after = report.idle_descriptors
    seen = (
        f"{arguments.minutes} min, {report.jobs} jobs, {len(report.wrong)} wrong; memory {slope:+.1f} MiB/h; "
        f"descriptors {before} → {after}"
    )
    return seen, not report.wrong and abs(after - before) <= 5 and slope < 5


def readers(folder: Path, arguments: argparse.Namespace) -> tuple[str, bool]:
    """Many readers of one stream, beside fifty that never read."""

    async def run() -> tuple[str, bool]:
        async with server(folder / "data", script={}) as running:
            alone = await deliver(running, clients=arguments.clients, pages=10)
            beside = await deliver(running, clients=arguments.clients, pages=10, silent=SILENT_READERS)
        seen = (
            f"{arguments.clients} readers of {alone.events} events, {alone.incomplete} incomplete; "
            f"p50 {alone.p50_seconds * 1000:.0f} ms, p99 {alone.p99_seconds * 1000:.0f} ms; beside "
            f"{SILENT_READERS} that never read {beside.incomplete} incomplete, p99 {beside.p99_seconds * 1000:.0f} ms"
        )
        is_quick = max(alone.p99_seconds, beside.p99_seconds) < EVENT_SECONDS
        return seen, not alone.incomplete and not beside.incomplete and is_quick

    return asyncio.run(run())


def resumed(folder: Path, arguments: argparse.Namespace) -> tuple[str, bool]:
    """A reader that is cut off again and again, with kills of the server in between."""

    async def run() -> tuple[str, bool]:
        async with server(folder / "data", script={}) as running:
            report = await resume(running, reconnects=arguments.reconnects, restarts=RESTARTS, seed=arguments.seed)
        kept = report.seen == report.stored
        order = "each once and in order" if kept else "NOT each once and in order"
        return f"{report.reconnects} cuts, {RESTARTS} restarts, {len(report.stored)} events, {order}", kept

    return asyncio.run(run())


def images(folder: Path, arguments: argparse.Namespace) -> tuple[str, bool]:
    """Malformed images, as uploads."""

    async def run() -> Survival:
        async with server(folder / "data", script={}) as running:
            return await send_images(running, folder, count=arguments.images, seed=arguments.seed)

    return _survived(asyncio.run(run()))


def archives(folder: Path, arguments: argparse.Namespace) -> tuple[str, bool]:
    """Malformed archives, under an input root."""
    inputs = folder / "inputs"
    inputs.mkdir()

    async def run() -> Survival:
        async with server(folder / "data", script={}, settings={"input_roots": [str(inputs)]}) as running:
            return await send_archives(running, folder, inputs, count=arguments.archives, seed=arguments.seed)

    return _survived(asyncio.run(run()))


def fuzzed(folder: Path, arguments: argparse.Namespace) -> tuple[str, bool]:
    """Schemathesis with every phase, with and without the token."""

    async def run(token: str) -> tuple[str, bool]:
        settings = {"api_token": TOKEN, "server.token_for_reads": True, "limits.body_patience_seconds": 5}
        name = "with" if token else "without"
        async with server(folder / name, script={}, settings=settings, token=TOKEN) as running:
            report = await fuzz(
                running,
                folder / f"fuzz {name}",
                token=token,
                examples=arguments.examples,
                phases="examples,coverage,fuzzing,stateful",
                seed=arguments.seed,
                seconds=24 * 3600,
            )
        print(report.text)
        broken = sum(count for status, count in report.statuses.items() if status >= 500 and status != 507)
        leaked = [] if token else report.answered
        kept = not broken and not leaked and (report.passed or not token)
        found = "nothing found" if report.passed else "breaches found" if token else "refused"
        return f"{name} the token {report.cases} requests, {broken} of 5xx, {len(leaked)} let in, {found}", kept

    seen_with, kept_with = asyncio.run(run(TOKEN))
    seen_without, kept_without = asyncio.run(run(""))
    return f"{seen_with}; {seen_without}", kept_with and kept_without


def _survived(survival: Survival) -> tuple[str, bool]:
    statuses = ", ".join(f"{count} × {status}" for status, count in sorted(survival.statuses.items()))
    seen = (
        f"{statuses}; {survival.unexplained} without a code, {len(survival.stray_files)} stray files, "
        f"{'works' if survival.works_afterwards else 'DOES NOT WORK'} afterwards"
    )
    kept = not (survival.server_errors or survival.unexplained or survival.stray_files) and survival.works_afterwards
    return seen, kept


def _whole(is_whole: bool) -> str:
    return "whole" if is_whole else "TORN"


TESTS = {
    "kill": kill,
    "disk": disk,
    "jobs": jobs,
    "soak": soaked,
    "readers": readers,
    "resume": resumed,
    "images": images,
    "archives": archives,
    "fuzz": fuzzed,
}


def main() -> int:
    """Runs one test and writes its row."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("test", choices=TESTS)
    parser.add_argument("--loops", type=int, default=500)
    parser.add_argument("--pairs", type=int, default=300)
    parser.add_argument("--stories", type=int, default=1000)
    parser.add_argument("--minutes", type=float, default=60)
    parser.add_argument("--clients", type=int, default=1000)
    parser.add_argument("--reconnects", type=int, default=2000)
    parser.add_argument("--images", type=int, default=20_000)
    parser.add_argument("--archives", type=int, default=3000)
    parser.add_argument("--examples", type=int, default=300)
    parser.add_argument("--seed", type=int, default=int(time.time()))
    arguments = parser.parse_args()
    started = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        seen, kept = TESTS[arguments.test](Path(folder), arguments)
    machine = f"{os.cpu_count()} cores, Python {platform.python_version()}"
    when = datetime.now(UTC).strftime("%Y-%m-%d %H:%M")
    seconds = time.monotonic() - started
    cells = (when, arguments.test, arguments.seed, f"{seconds:.0f}", f"{seen} ({machine})", "yes" if kept else "NO")
    row = f"| {' | '.join(map(str, cells))} |"
    print(row)
    if not RESULTS.exists():
        RESULTS.write_text(HEAD, encoding="utf-8")
    with RESULTS.open("a", encoding="utf-8") as file:
        file.write(row + "\n")
    return 0 if kept else 1


if __name__ == "__main__":
    sys.exit(main())
