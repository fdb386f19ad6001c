"""`/metrics`: what was counted, and what is so now."""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator

from aiohttp import web
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from mangaflux import metrics
from mangaflux.parts import Parts
from mangaflux.web.keys import PARTS

#: Seconds between looks at whether the event loop wakes up in time.
LAG_INTERVAL_SECONDS = 0.5


async def read_metrics(request: web.Request) -> web.Response:
    """Everything that is measured, in the text format of Prometheus."""
    await _look_around(request.app[PARTS])
    return web.Response(
        body=generate_latest(metrics.REGISTRY),
        headers={"Content-Type": CONTENT_TYPE_LATEST, "Cache-Control": "no-store"},
    )


async def count_answer(request: web.Request, response: web.StreamResponse) -> None:
    """Counts an answer; a signal of aiohttp. Addresses that lead nowhere are one route, so that nobody makes more."""
    resource = request.match_info.route.resource
    route = resource.canonical if resource is not None else "none"
    metrics.REQUESTS.labels(request.method if resource else "none", route, str(response.status)).inc()


async def watch_loop(_app: web.Application) -> AsyncIterator[None]:
    """Measures how late the event loop wakes up, for as long as the server runs."""
    watching = asyncio.create_task(_watch_loop(), name="loop lag")
    yield
    watching.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await watching


async def _watch_loop() -> None:
    while True:
        wanted = time.monotonic() + LAG_INTERVAL_SECONDS
        await asyncio.sleep(LAG_INTERVAL_SECONDS)
        metrics.LOOP_LAG.observe(max(0.0, time.monotonic() - wanted))


async def _look_around(parts: Parts) -> None:
    metrics.QUEUE_DEPTH.clear()
    for (pass_num, status), pages in (await parts.queue.depths()).items():
        metrics.QUEUE_DEPTH.labels(str(pass_num), status).set(pages)
    metrics.SSE_CLIENTS.set(parts.broker.subscriber_count)
    metrics.DEVICE_PEAK_BYTES.set(parts.device.snapshot.peak_memory_bytes or 0)
    metrics.FREE_DISK_BYTES.set(await parts.admission.free_disk_bytes())
    metrics.READY.set(not (parts.worker.readiness() or await parts.admission.problems()))
