"""A disk that fails at every moment, and one that is full: nothing accepted is lost, and it works again afterwards."""

import asyncio
import json
import os
import resource
import subprocess
import sys
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from mangaflux.commands.console import open_terminal
from mangaflux.commands.verify import verify
from tests.acceptance.server_process import PROJECT, get_json, server, submit_pages, until_ended
from tests.small_pages import page_bytes, style_bytes

SWEEP_SECONDS = 900
DEADLINE_SECONDS = 120


def compile_failing_disk(folder: Path) -> Path:
    """The library of `failing_disk.c`."""
    library = folder / "failing_disk.so"
    source = Path(__file__).with_name("failing_disk.c")
    subprocess.run(["gcc", "-shared", "-fPIC", "-O1", "-o", library, source, "-ldl"], check=True, timeout=60)
    return library


def run_sweep(library: Path, data_dir: Path, timeout_seconds: float, pairs: int = 0) -> dict[str, Any]:
    """The report of `fault_sweep`, from a process of its own."""
    ran = subprocess.run(
        [sys.executable, "-m", "tests.acceptance.fault_sweep", library, data_dir, str(pairs)],
        env={**os.environ, "LD_PRELOAD": str(library)},
        cwd=PROJECT,
        capture_output=True,
        text=True,
        timeout=timeout_seconds,
        check=False,
    )
    assert ran.returncode == 0, ran.stderr
    report: dict[str, Any] = json.loads(ran.stdout)
    return report


@pytest.mark.timeout(SWEEP_SECONDS + 30)
def test_every_operation_on_the_disk_may_fail_once(tmp_path: Path) -> None:
    report = run_sweep(compile_failing_disk(tmp_path), tmp_path / "data", SWEEP_SECONDS)

    assert report["lost"] == []
    assert report["is_whole"]
    # A job writes some twenty files and commits some ten times.
    assert report["operations"] > 60
    assert report["refused"] > 0


@pytest.mark.timeout(3 * DEADLINE_SECONDS)
async def test_a_full_disk_stops_nothing_for_good(tmp_path: Path) -> None:
    async with server(tmp_path / "data", script={"seconds_per_step": 0.05}) as running:
        job_id = await submit_pages(running.url, [page_bytes(number) for number in range(8)], style_bytes())
        async with asyncio.timeout(DEADLINE_SECONDS):
            while (await get_json(running.url, f"/v1/jobs/{job_id}"))["progress"]["pass2_done"] == 0:
                await asyncio.sleep(0.02)
        assert running.process is not None
        pid = running.process.pid
        limits = resource.prlimit(pid, resource.RLIMIT_FSIZE)

        # No file may grow any more: what a process sees of a disk that is full, but for the number of the error.
        resource.prlimit(pid, resource.RLIMIT_FSIZE, (0, limits[1]))
        async with asyncio.timeout(DEADLINE_SECONDS), aiohttp.ClientSession(running.url) as client:
            headers = {"Content-Type": "image/png"}
            async with client.post("/v1/assets", data=page_bytes(1000), headers=headers) as answer:
                assert answer.status == 507, await answer.text()
            while (await client.get("/readyz")).status != 503:
                await asyncio.sleep(0.05)
        assert (await get_json(running.url, f"/v1/jobs/{job_id}"))["status"] == "running"
        resource.prlimit(pid, resource.RLIMIT_FSIZE, limits)

        job = await until_ended(running.url, job_id, DEADLINE_SECONDS)
        assert (job["status"], job["progress"]["failed"]) == ("completed", 0)
        async with asyncio.timeout(DEADLINE_SECONDS):
            await running.until_ready()
    assert verify(tmp_path / "data", open_terminal()) == 0
