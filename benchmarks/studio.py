"""How quick the studio is: first paint, and frames a second with 200 tiles while events arrive.

Run: .venv/bin/python benchmarks/studio.py [--tiles 200] [--seconds 8]
     .venv/bin/python benchmarks/studio.py --screenshots DIR [--engine lite] [--device phone] [--scheme dark]

The second writes pictures of every view instead, for looking at. Both need Chromium.
"""

import argparse
import asyncio
import os
import platform
import statistics
import sys
import tempfile
from itertools import pairwise
from pathlib import Path

import aiohttp
import numpy as np
from playwright.async_api import Browser
from studio_bench.scene import browser, draw_style, serving, submit, until_ready
from studio_bench.screenshots import DEVICES, take_screenshots

from mangaflux.engine.imaging import encode_png
from mangaflux.web.studio import static_files

#: How often the first paint is measured, each time in a fresh profile.
PAINTS = 5
#: Small pages, so that events come as quickly as they can: up to ten progress ticks a second, and every page's own.
WIDTH, HEIGHT = 160, 224

_FIRST_PAINT = """() => new Promise((resolve) => {
  const found = () => performance.getEntriesByName("first-contentful-paint")[0];
  const wait = () => (found() ? resolve(found().startTime) : setTimeout(wait, 20));
  wait();
})"""

_FRAMES = """(milliseconds) => new Promise((resolve) => {
  const times = [];
  let events = 0;
  const count = () => { events += 1; };
  import("/static/js/live.js").then(({ live }) => live.addEventListener("happened", count));
  const started = performance.now();
  const step = (now) => {
    times.push(now);
    if (now - started < milliseconds) requestAnimationFrame(step);
    else resolve({ times, events });
  };
  requestAnimationFrame(step);
})"""


async def first_paints(running: Browser, url: str) -> tuple[list[float], list[float]]:
    """Milliseconds to the first contentful paint, and to the view being usable, of fresh profiles."""
    paints, usable = [], []
    for _ in range(PAINTS):
        context = await running.new_context()
        page = await context.new_page()
        await page.goto(url)
        await page.wait_for_selector("mf-create h1")
        usable.append(await page.evaluate("performance.now()"))
        paints.append(await page.evaluate(_FIRST_PAINT))
        await context.close()
    return paints, usable


async def frames(running: Browser, url: str, job_id: str, seconds: float) -> tuple[list[float], int]:
    """Milliseconds between frames while a job with many tiles is watched, and how many events came meanwhile."""
    page = await running.new_page(viewport={"width": 1440, "height": 900})
    page.set_default_timeout(120_000)
    await page.goto(f"{url}/#/job/{job_id}")
    await page.wait_for_selector("mf-page-tile[data-state='done']")
    measured = await page.evaluate(_FRAMES, seconds * 1000)
    times = measured["times"]
    return [after - before for before, after in pairwise(times)], measured["events"]


def tiny_pages(count: int) -> list[bytes]:
    """Pages with a frame and a few strokes, each with strokes of its own."""
    drawn = []
    for number in range(count):
        pixels = np.full((HEIGHT, WIDTH, 3), 255, np.uint8)
        pixels[8:-8, 8:-8] = 0
        pixels[10:-10, 10:-10] = 255
        pixels[20 : HEIGHT - 20 : 6 + number % 7, 20 : WIDTH - 20] = 0
        pixels[12, 12 + number % 130] = 0
        drawn.append(encode_png(pixels))
    return drawn


async def measure(options: argparse.Namespace) -> None:
    with tempfile.TemporaryDirectory() as name, serving(Path(name) / "data", "fake", 0.02) as url:
        async with aiohttp.ClientSession(url) as client, browser() as running:
            await until_ready(client)
            paints, usable = await first_paints(running, url)
            job_id = await submit(client, "benchmark", tiny_pages(options.tiles), draw_style(5))
            gaps, events = await frames(running, url, job_id, options.seconds)
            await client.post(f"/v1/jobs/{job_id}/cancel")
    print_table(options, paints, usable, gaps, events)


def print_table(
    options: argparse.Namespace, paints: list[float], usable: list[float], gaps: list[float], events: int
) -> None:
    size = sum(len(file.body) for file in static_files().values())
    rows = [
        ("assets", f"{len(static_files())} files, {size / 1000:.0f} kB"),
        ("first contentful paint, median / worst of 5", f"{statistics.median(paints):.0f} / {max(paints):.0f} ms"),
        ("usable, median / worst of 5", f"{statistics.median(usable):.0f} / {max(usable):.0f} ms"),
        (f"frames a second, {options.tiles} tiles", f"{1000 / statistics.mean(gaps):.1f}"),
        ("gap between frames p50 / p99 / max", " / ".join(f"{_share(gaps, share):.1f}" for share in (0.5, 0.99, 1))),
        ("events a second meanwhile", f"{events / options.seconds:.1f}"),
        ("load average while it ran", f"{os.getloadavg()[0]:.1f}"),
    ]
    print(f"command: {' '.join(['python', *sys.argv])}")
    print(f"machine: {os.cpu_count()} cores {platform.machine()}, Python {platform.python_version()}\n")
    print("| what | measured |\n|---|---|")
    for name, value in rows:
        print(f"| {name} | {value} |")


def _share(gaps: list[float], share: float) -> float:
    return sorted(gaps)[min(len(gaps) - 1, int(share * len(gaps)))]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tiles", type=int, default=200)
    parser.add_argument("--seconds", type=float, default=8)
    parser.add_argument("--screenshots", type=Path, metavar="DIR")
    parser.add_argument("--engine", default="lite", choices=("lite", "fake"))
    parser.add_argument("--device", choices=sorted(DEVICES))
    parser.add_argument("--scheme", choices=("light", "dark"))
    options = parser.parse_args()
    if options.screenshots is None:
        asyncio.run(measure(options))
        return
    devices = [options.device] if options.device else list(DEVICES)
    schemes = [options.scheme] if options.scheme else ["light", "dark"]
    asyncio.run(take_screenshots(options.screenshots, options.engine, devices, schemes))


if __name__ == "__main__":
    main()
