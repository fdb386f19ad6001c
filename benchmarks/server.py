"""What the server does under a job of twenty pages: pages a second, loop lag, latencies, memory.

Run: .venv/bin/python benchmarks/server.py [--pages 20] [--engine lite] [--width 1200] [--height 1700]

The server runs in this process, so that its event loop can be watched; the client runs in another, as clients do.
"""

import argparse
import asyncio
import contextlib
import io
import json
import multiprocessing
import os
import platform
import statistics
import sys
import tempfile
import time
from collections.abc import AsyncIterator
from datetime import datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

import aiohttp
import psutil
from aiohttp import web
from PIL import Image

from mangaflux.cli import build_engines
from mangaflux.samples.chapter import draw_chapter, draw_reference
from mangaflux.settings import Settings
from mangaflux.web.app import create_app

#: How often the loop is asked whether it still ticks.
LAG_INTERVAL_SECONDS = 0.01


async def watch_lag(lags: list[float]) -> None:
    """Appends by how many seconds each wake-up came late."""
    while True:
        wanted = time.perf_counter() + LAG_INTERVAL_SECONDS
        await asyncio.sleep(LAG_INTERVAL_SECONDS)
        lags.append(time.perf_counter() - wanted)


async def watch_memory(sizes: list[int]) -> None:
    """Appends the resident size of this process, in bytes, ten times a second."""
    process = psutil.Process()
    while True:
        sizes.append(process.memory_info().rss)
        await asyncio.sleep(0.1)


def draw_pages(folder: Path, pages: int, width: int, height: int) -> None:
    """Draws the chapter and its reference as PNG files."""
    for page in draw_chapter(5, pages, width=width, height=height):
        Image.fromarray(page.ink).save(folder / f"page_{page.page_num:03d}.png")
    Image.fromarray(draw_reference(5)).save(folder / "style.png")


async def submit(client: aiohttp.ClientSession, folder: Path, engine: str) -> tuple[str, float, float]:
    """POSTs the job; returns its id, the seconds of the whole POST, and the seconds of a small POST before it."""
    pages = sorted(folder.glob("page_*.png"))
    started = time.perf_counter()
    async with client.post("/v1/assets", data=pages[0].read_bytes()) as answer:
        await answer.read()
    small = time.perf_counter() - started
    form = aiohttp.FormData()
    request = {"chapter_id": "benchmark", "input_mode": "batch", "engine": engine}
    form.add_field("request", json.dumps(request), content_type="application/json")
    for page in pages:
        form.add_field("pages", page.read_bytes(), filename=page.name, content_type="image/png")
    form.add_field("style_reference", (folder / "style.png").read_bytes(), filename="style.png")
    started = time.perf_counter()
    async with client.post("/v1/jobs/two-pass", data=form) as answer:
        body = await answer.json()
        if answer.status != 202:
            raise SystemExit(f"the server refused the job: {body}")
    return str(body["job_id"]), time.perf_counter() - started, small


async def follow(client: aiohttp.ClientSession, job_id: str) -> list[float]:
    """Reads the job's events to their end; returns how many seconds each came after it was stored."""
    delays: list[float] = []
    timeout = aiohttp.ClientTimeout(total=None)
    async with client.get(f"/v1/jobs/{job_id}/events", timeout=timeout) as answer:
        durable = False
        async for raw in answer.content:
            line = raw.decode().rstrip("\n")
            durable = True if line.startswith("id: ") else durable
            if line.startswith("data: ") and durable:
                created_at = json.loads(line[6:]).get("created_at")
                if created_at:
                    delays.append(time.time() - datetime.fromisoformat(created_at).timestamp())
            durable = durable and bool(line)
    return delays


async def run_client(url: str, folder: Path, engine: str) -> dict[str, Any]:
    """One client from submission to the last event; returns what it measured."""
    async with aiohttp.ClientSession(url) as client:
        while (await client.get("/readyz")).status != 200:
            await asyncio.sleep(0.05)
        started = time.perf_counter()
        job_id, submit_seconds, small_seconds = await submit(client, folder, engine)
        delays = await follow(client, job_id)
        seconds = time.perf_counter() - started
        job = await (await client.get(f"/v1/jobs/{job_id}")).json()
        runmetas = await read_runmetas(client, job_id)
    return {
        "job": job,
        "seconds": seconds,
        "submit_seconds": submit_seconds,
        "small_seconds": small_seconds,
        "delays": delays,
        "runmetas": runmetas,
    }


async def read_runmetas(client: aiohttp.ClientSession, job_id: str) -> list[dict[str, Any]]:
    """Every runmeta of the job."""
    listed = (await (await client.get(f"/v1/jobs/{job_id}/artifacts")).json())["artifacts"]
    kinds = ("runmeta_pass1", "runmeta_pass2")
    return [await (await client.get(each["url"])).json() for each in listed if each["kind"] in kinds]


def client_process(url: str, folder: Path, engine: str, answer: "multiprocessing.Queue[dict[str, Any]]") -> None:
    answer.put(asyncio.run(run_client(url, folder, engine)))


@contextlib.asynccontextmanager
async def serving(data_dir: Path, engine: str) -> AsyncIterator[str]:
    """The real application on a free loopback port; yields its URL."""
    settings = Settings.model_validate({"data_dir": data_dir, "engine": engine})
    runner = web.AppRunner(create_app(settings, build_engines(settings)), auto_decompress=False)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    try:
        host, port = runner.addresses[0][:2]
        yield f"http://{host}:{port}"
    finally:
        await runner.cleanup()


async def measure(options: argparse.Namespace) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        draw_pages(folder, options.pages, options.width, options.height)
        async with serving(folder / "data", options.engine) as url:
            lags: list[float] = []
            sizes: list[int] = []
            watchers = [asyncio.ensure_future(watch_lag(lags)), asyncio.ensure_future(watch_memory(sizes))]
            context = multiprocessing.get_context("spawn")
            answers: multiprocessing.Queue[dict[str, Any]] = context.Queue()
            client = context.Process(target=client_process, args=(url, folder, options.engine, answers))
            client.start()
            measured = await asyncio.get_running_loop().run_in_executor(None, answers.get)
            for watcher in watchers:
                watcher.cancel()
            client.join()
    print_table(options, measured, lags, sizes)


def overlap(runmetas: list[dict[str, Any]]) -> tuple[int, int]:
    """How many of Pass 1's pages ran while an earlier page was in Pass 2, and of how many."""
    spans: dict[int, list[tuple[int, datetime, datetime]]] = {1: [], 2: []}
    for meta in runmetas:
        started, finished = (datetime.fromisoformat(meta[name]) for name in ("started_at", "finished_at"))
        spans[meta["pass"]].append((meta["page_num"], started, finished))
    later = [span for span in spans[1] if span[0] > 1]
    overlapping = [
        page
        for page, started, finished in later
        if any(other < page and begun < finished and started < ended for other, begun, ended in spans[2])
    ]
    return len(overlapping), len(later)


def milliseconds(seconds: list[float], share: float) -> str:
    """A percentile, in milliseconds."""
    if not seconds:
        return "—"
    return f"{sorted(seconds)[min(len(seconds) - 1, int(share * len(seconds)))] * 1000:.1f} ms"


def stage_rows(runmetas: list[dict[str, Any]]) -> list[tuple[str, str]]:
    """Mean milliseconds a page for each stage of both passes."""
    stages: dict[str, list[float]] = {}
    for meta in sorted(runmetas, key=lambda each: (each["pass"], each["page_num"])):
        for stage, spent in meta["timings_ms"].items():
            stages.setdefault(f"Pass {meta['pass']} {stage}", []).append(spent)
    return [(name, f"{statistics.mean(spent):.0f} ms") for name, spent in stages.items()]


def print_table(options: argparse.Namespace, measured: dict[str, Any], lags: list[float], sizes: list[int]) -> None:
    job, seconds = measured["job"], measured["seconds"]
    overlapping, later = overlap(measured["runmetas"])
    rows = [
        ("job", f"{job['status']}, {job['progress']['pass2_done']} of {options.pages} pages"),
        ("pages", f"{options.width}×{options.height}, engine {options.engine}"),
        ("submit, whole job", f"{measured['submit_seconds'] * 1000:.0f} ms"),
        ("submit, one image", f"{measured['small_seconds'] * 1000:.0f} ms"),
        ("submit → last event", f"{seconds:.1f} s"),
        ("seconds a page", f"{seconds / options.pages:.2f}"),
        ("pages a second", f"{options.pages / seconds:.2f}"),
        ("Pass 1 pages that overlapped an earlier page's Pass 2", f"{overlapping} of {later}"),
        (
            "loop lag p50 / p99 / max",
            " / ".join([milliseconds(lags, 0.5), milliseconds(lags, 0.99), milliseconds(lags, 1)]),
        ),
        (
            "SSE latency p50 / p99 / max",
            " / ".join(milliseconds(measured["delays"], share) for share in (0.5, 0.99, 1)),
        ),
        ("RSS start / peak", f"{sizes[0] / 2**20:.0f} / {max(sizes) / 2**20:.0f} MiB"),
        *stage_rows(measured["runmetas"]),
    ]
    text = io.StringIO()
    text.write(f"command: {' '.join(['python', *sys.argv])}\n")
    packages = " ".join(f"{name} {version(name)}" for name in ("aiohttp", "numpy", "opencv-python-headless", "scipy"))
    text.write(
        f"machine: {os.cpu_count()} cores {platform.machine()}, Python {platform.python_version()}, {packages}\n\n"
    )
    text.write("| what | measured |\n|---|---|\n")
    for name, value in rows:
        text.write(f"| {name} | {value} |\n")
    print(text.getvalue())


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pages", type=int, default=20)
    parser.add_argument("--engine", default="lite", choices=("lite", "fake"))
    parser.add_argument("--width", type=int, default=1200)
    parser.add_argument("--height", type=int, default=1700)
    asyncio.run(measure(parser.parse_args()))


if __name__ == "__main__":
    main()
