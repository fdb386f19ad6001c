"""Pages that kill or hang the process, in real processes: they end, and their neighbours complete."""

import asyncio
from pathlib import Path

import aiohttp
import pytest

from mangaflux.commands.console import open_terminal
from mangaflux.commands.verify import verify
from mangaflux.engine.analysis.metadata import page_seed
from tests.acceptance.server_process import ServerProcess, get_json, server, submit_pages, until_ended
from tests.small_pages import page_bytes, style_bytes

DEADLINE_SECONDS = 240

#: Several waits with that deadline, each.
pytestmark = pytest.mark.timeout(3 * DEADLINE_SECONDS)
PAGES = 5
POISON = 3


async def _run_until_ended(running: ServerProcess, job_id: str) -> tuple[dict[str, object], list[int]]:
    """Starts the server again as often as it ends by itself; the ended job, and the exit codes on the way."""
    codes: list[int] = []
    async with asyncio.timeout(DEADLINE_SECONDS):
        while True:
            ended = asyncio.ensure_future(running.ended())
            looking = asyncio.ensure_future(until_ended(running.url, job_id, DEADLINE_SECONDS))
            await asyncio.wait({ended, looking}, return_when=asyncio.FIRST_COMPLETED)
            if not ended.done() and looking.exception() is None:
                ended.cancel()
                return looking.result(), codes
            codes.append(await ended)
            looking.cancel()
            await asyncio.wait({looking})
            await running.start(until_ready=False)


def _statuses(job: dict[str, object]) -> list[tuple[str, str | None]]:
    pages = job["pages"]
    assert isinstance(pages, list)
    return [(page["pass2"]["status"], (page["pass2"]["error"] or {}).get("code")) for page in pages]


async def test_a_page_that_always_kills_the_process_fails_and_its_neighbours_complete(tmp_path: Path) -> None:
    script = {"die_seeds": [page_seed("chapter_001", POISON)]}
    async with server(tmp_path / "data", script=script, settings={"worker.max_attempts": 2}) as running:
        job_id = await submit_pages(running.url, [page_bytes(number) for number in range(PAGES)], style_bytes())

        job, codes = await _run_until_ended(running, job_id)

        wanted: list[tuple[str, str | None]] = [("completed", None)] * PAGES
        wanted[POISON - 1] = ("failed", "crash_loop")
        assert _statuses(job) == wanted
        # Once beside others, which blames nobody, and twice alone.
        assert codes == [-9, -9, -9]
        assert (await get_json(running.url, "/readyz"))["ready"]
    assert verify(tmp_path / "data", open_terminal()) == 0


async def test_a_page_that_hangs_ends_the_process_with_75_and_its_neighbours_complete(tmp_path: Path) -> None:
    script = {"hang_seeds": [page_seed("chapter_001", POISON)]}
    settings = {"worker.max_attempts": 1, "worker.hang_seconds": 0.5, "worker.drain_timeout_seconds": 0.5}
    async with server(tmp_path / "data", script=script, settings=settings) as running:
        job_id = await submit_pages(running.url, [page_bytes(number) for number in range(PAGES)], style_bytes())

        job, codes = await _run_until_ended(running, job_id)

        assert _statuses(job)[POISON - 1] == ("failed", "crash_loop")
        assert [status for status, _ in _statuses(job)].count("completed") == PAGES - 1
        assert codes == [75, 75]


async def test_a_second_signal_does_not_wait(tmp_path: Path) -> None:
    script = {"hang_seeds": [page_seed("chapter_001", 1)]}
    async with server(tmp_path / "data", script=script) as running:
        job_id = await submit_pages(running.url, [page_bytes(1)], style_bytes())
        async with asyncio.timeout(DEADLINE_SECONDS), aiohttp.ClientSession(running.url) as client:
            while (await (await client.get("/readyz")).json())["device"]["state"] != "busy":
                await asyncio.sleep(0.05)
        assert running.process is not None
        running.process.terminate()
        await asyncio.sleep(0.2)

        async with asyncio.timeout(2):
            assert await running.stop() == 75

        running.command = ("mangaflux", "serve", "--port", "0", "--data-dir", str(running.data_dir), "--engine", "fake")
        await running.start()
        assert (await until_ended(running.url, job_id, DEADLINE_SECONDS))["status"] == "completed"
