"""What only a server shows: how little the engine waits, how long a start takes, what lack of memory leaves behind."""

import asyncio
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Sequence

import aiohttp
import torch
from aiohttp import web

from flux_bench import ours
from flux_bench.device import GIB, Subject, clear
from flux_bench.device_use import watched_device
from flux_bench.inputs import Inputs, decode, request_of
from flux_bench.report import Report
from mangaflux.engine.base import ColorizeRequest, ColourLayer, EngineContext, SilentContext
from mangaflux.engine.flux.engine import FluxEngine
from mangaflux.engine.registry import EngineRegistry
from mangaflux.errors import PageFailedError
from mangaflux.models.store import ModelStore
from mangaflux.settings import Settings
from mangaflux.web.app import create_app

FORCED_OOMS = 20
#: Seconds after which a chapter is given up.
CHAPTER_LIMIT_SECONDS = 90
#: Seconds after which a thread hands the interpreter on: as the engine sets it, and as Python does.
OWN_INTERVAL_SECONDS, PYTHON_INTERVAL_SECONDS = 0.0005, 0.005
READY_TIMEOUT_SECONDS = 300


class Watched(FluxEngine):
    """Notes when it was called to colour a page, and when it had done so."""

    def __init__(self, settings: Settings) -> None:
        super().__init__(settings.flux, ModelStore(settings.models_folder))
        self.spans: list[tuple[float, float]] = []

    def colorize(self, request: ColorizeRequest, context: EngineContext) -> ColourLayer:
        """As the engine, with a span."""
        started = time.perf_counter()
        layer = super().colorize(request, context)
        self.spans.append((started, time.perf_counter()))
        return layer


def measure_server(report: Report, subject: Subject, inputs: Inputs, cores: Sequence[int]) -> None:
    """One chapter through the server: on so many cores each, 0 for all; and on all as Python is set by default."""
    report.open_section(
        # Random weights paint nothing that a repair would make better.
        f"{subject.folder.name}: a chapter of {len(inputs.pages)} pages through the server, repairs off",
        "cores",
        "interpreter handed on after, ms",
        # Of the time from the first call of `colorize` to the end of the last; what the device did meanwhile is read
        # from the device.
        "in colorize, %",
        "GPU busy by nvidia-smi, %",
        "first page, s",
        "last page, s",
        "s a page",
        "job",
    )
    available = sorted(os.sched_getaffinity(0))
    for count, interval in [*((count, OWN_INTERVAL_SECONDS) for count in cores), (0, PYTHON_INTERVAL_SECONDS)]:
        used = available[: count or None]
        with report.guarded(f"{len(used)} cores", CHAPTER_LIMIT_SECONDS):
            # Inherited by every thread that is started from here on.
            os.sched_setaffinity(0, used)
            try:
                told = asyncio.run(_serve_chapter(subject, inputs, len(used), interval))
            finally:
                os.sched_setaffinity(0, available)
            report.row(len(used), interval * 1000, *told)


async def _serve_chapter(subject: Subject, inputs: Inputs, cores: int, interval: float) -> tuple[object, ...]:
    flux = {
        "model": str(subject.folder),
        "cache_dir": str(subject.cache),
        "buckets": (f"{subject.page[0]}x{subject.page[1]}",),
    }
    if not torch.cuda.is_available():
        flux |= {"device": "cpu"}
    with tempfile.TemporaryDirectory() as data:
        settings = Settings.model_validate(
            {
                "data_dir": data,
                "engine": "flux",
                "flux": flux,
                "finishing": {"max_repairs": 0},
                "worker": {"cpu_threads": max(1, cores - 1)},
            }
        )
        engine = Watched(settings)
        runner = web.AppRunner(create_app(settings, EngineRegistry({"flux": engine}, {}, default="flux")))
        await runner.setup()
        try:
            await web.TCPSite(runner, "127.0.0.1", 0).start()
            return await _colour_over_http(f"http://127.0.0.1:{runner.addresses[0][1]}", inputs, engine, interval)
        finally:
            await runner.cleanup()
            clear()


async def _colour_over_http(url: str, inputs: Inputs, engine: Watched, interval: float) -> tuple[object, ...]:
    timeout = aiohttp.ClientTimeout(total=None)
    async with aiohttp.ClientSession(url, timeout=timeout) as client:
        while (await client.get("/readyz")).status != 200:
            await asyncio.sleep(0.1)
        # One page of another chapter, so that embeddings and kernels are there, as in a server that works.
        await _run_job(client, "warm", inputs.pages[-1:], inputs.style, seed=1)
        engine.spans.clear()
        sys.setswitchinterval(interval)
        with watched_device() as use:
            ends, status = await _run_job(client, "chapter", inputs.pages, inputs.style, seed=2)
    spans = sorted(engine.spans)
    first, last = spans[0][0], max(end for _, end in spans)
    called = sum(end - start for start, end in spans) / (last - first)
    return f"{called * 100:.1f}", use.mean(first, last), ends[0], ends[-1], ends[-1] / len(inputs.pages), status


async def _run_job(
    client: aiohttp.ClientSession, chapter: str, pages: tuple[bytes, ...], style: bytes, seed: int
) -> tuple[list[float], str]:
    """Seconds from the POST to each finished page, and how the job ended."""
    form = aiohttp.FormData()
    request = {"chapter_id": chapter, "input_mode": "batch", "options": {"seed_mode": "fixed", "seed": seed}}
    form.add_field("request", json.dumps(request), content_type="application/json")
    for number, page in enumerate(pages):
        form.add_field("pages", page, filename=f"{number:03d}.png", content_type="image/png")
    form.add_field("style_reference", style, filename="style.png", content_type="image/png")
    started = time.perf_counter()
    async with client.post("/v1/jobs/two-pass", data=form) as answer:
        job = await answer.json()
        if answer.status != 202:
            raise RuntimeError(f"the server refused the job: {job}")
    ends: list[float] = []
    async with client.get(f"/v1/jobs/{job['job_id']}/events") as answer:
        async for line in answer.content:
            if line.startswith(b"event: page.pass2.completed"):
                ends.append(time.perf_counter() - started)
    async with client.get(f"/v1/jobs/{job['job_id']}") as answer:
        ended = await answer.json()
    if not ends:
        raise RuntimeError(f"no page was coloured: {ended}")
    return ends, f"{ended['status']}, {len(ends)} pages"


def measure_start(report: Report, subject: Subject, starts: int) -> None:
    """`mangaflux serve` from its start to `/readyz` 200; from the second time on everything is compiled before."""
    report.open_section(f"{subject.folder.name}: server start → ready, two buckets", "compile cache", "s")
    for number in range(starts):
        report.row("warm" if number else "as the runs before left it", _start_seconds(subject))


def _start_seconds(subject: Subject) -> float:
    with tempfile.TemporaryDirectory() as data:
        environment = os.environ | {
            "MANGA_FLUX_FLUX__MODEL": str(subject.folder),
            "MANGA_FLUX_FLUX__CACHE_DIR": str(subject.cache),
            "MANGA_FLUX_FLUX__MEMORY_PROFILE": "embeddings_only" if torch.cuda.is_available() else "auto",
            "MANGA_FLUX_FLUX__DEVICE": "auto" if torch.cuda.is_available() else "cpu",
        }
        command = [sys.executable, "-m", "mangaflux", "serve", "--engine", "flux", "--port", "8799", "--data-dir", data]
        started = time.perf_counter()
        server = subprocess.Popen(command, env=environment)
        try:
            while not _is_ready("http://127.0.0.1:8799/readyz"):
                if server.poll() is not None or time.perf_counter() - started > READY_TIMEOUT_SECONDS:
                    raise RuntimeError("the server did not get ready")
                time.sleep(0.05)
            return time.perf_counter() - started
        finally:
            server.send_signal(signal.SIGTERM)
            server.wait(timeout=30)


def _is_ready(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=5) as answer:
            return bool(answer.status == 200)
    except (urllib.error.URLError, OSError):
        return False


def measure_ooms(report: Report, subject: Subject, inputs: Inputs) -> None:
    """Pages that find no memory, in a row, then a good one."""
    report.open_section(
        f"{subject.folder.name}: {FORCED_OOMS} forced out-of-memory errors, then a good page", "what", "result"
    )
    page, style = decode(inputs.pages[0]), decode(inputs.style)
    with ours.loaded(subject, memory_profile="resident") as model:
        before_picture = ours.paint(model.engine, page, (style,))
        clear()
        total = torch.cuda.get_device_properties(0).total_memory
        torch.cuda.set_per_process_memory_fraction((torch.cuda.memory_allocated() + 0.3 * GIB) / total)
        tight = model.engine.colorize(request_of(page, (style,)), SilentContext())
        torch.cuda.set_per_process_memory_fraction(1.0)
        # Back in the usual profile, but without the text encoder, as after every error: like is compared with like.
        ours.paint(model.engine, page, (style,))
        clear()
        before = torch.cuda.memory_allocated()
        failed, message = 0, "nothing"
        # Less than any profile needs, so that the second try fails like the first.
        torch.cuda.set_per_process_memory_fraction(0.5 * GIB / total)
        for _ in range(FORCED_OOMS):
            clear()
            try:
                ours.paint(model.engine, page, (style,))
            except PageFailedError as error:
                failed, message = failed + 1, error.message
        torch.cuda.set_per_process_memory_fraction(1.0)
        good = ours.paint(model.engine, page, (style,))
        clear()
        kept = (torch.cuda.memory_allocated() - before) / 1024**2
        report.row("a page that found 0.3 GiB more than the weights", f"came out in {tight.recipe['memory_profile']}")
        report.row("pages that failed with PageFailedError", f"{failed} of {FORCED_OOMS}")
        report.row("what the last one was told", message)
        report.row("the good page has the bytes it had before", bool((good == before_picture).all()))
        report.row("memory beside what it was before, MiB", kept)
