"""`mangaflux jobs`: looking at the jobs of a running server, and steering them."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence

import aiohttp

from mangaflux.commands.console import Terminal
from mangaflux.commands.interruption import EXIT_INTERRUPTED, InterruptedByUserError, run_interruptibly
from mangaflux.commands.job_view import JobView, counted_pages, open_job_view
from mangaflux.commands.server_api import Json, ServerApi, open_server
from mangaflux.errors import InvalidRequestError
from mangaflux.events import EventType
from mangaflux.jobs import JobKind

#: Seconds between tries to reach a server that went away while it was watched: it may be starting again.
RECONNECT_SECONDS = 2.0
#: Tries in a row, after which it is given up.
RECONNECTS = 30

_ENDS = frozenset({EventType.JOB_COMPLETED, EventType.JOB_FAILED, EventType.JOB_CANCELLED})


class Jobs:
    """The commands, on one server. Each returns the exit code."""

    def __init__(self, url: str, token: str, terminal: Terminal) -> None:
        self._url = url
        self._token = token
        self._terminal = terminal

    def list(self, limit: int, status: str | None, *, as_json: bool) -> int:
        """Lists jobs, newest first."""

        async def work(server: ServerApi) -> int:
            jobs = await server.jobs(limit=limit, status=status)
            if as_json:
                self._terminal.answer(jobs)
                return 0
            if not jobs:
                self._terminal.say("There are no jobs." if status is None else f"There are no {status} jobs.")
            for line in _table([_line(job) for job in jobs]):
                self._terminal.say(line)
            return 0

        return self._run(work)

    def cancel(self, job_id: str) -> int:
        """Cancels what of a job has not ended."""

        async def work(server: ServerApi) -> int:
            self._terminal.say(_sentence(await server.cancel(job_id)))
            return 0

        return self._run(work)

    def retry(self, job_id: str) -> int:
        """Queues the failed and cancelled pages of a job again."""

        async def work(server: ServerApi) -> int:
            await server.retry(job_id)
            self._terminal.say(f"{job_id} is queued again; `mangaflux jobs watch {job_id}` shows it.")
            return 0

        return self._run(work)

    def watch(self, job_id: str | None) -> int:
        """Shows a job until it ends: 0 where it completed, else 1. None takes the newest that has not ended."""

        async def work(server: ServerApi) -> int:
            job = await server.job(job_id or await _newest(server))
            names = {page["page_num"]: page["name"] for page in job["pages"]}
            self._terminal.say(f"{job['job_id']}, {job['chapter_id']}, {counted_pages(len(names))}")
            with open_job_view(self._terminal, names, last_pass=JobKind(job["kind"]).passes[-1]) as view:
                await _follow(server, job["job_id"], view)
            ended = await server.job(job["job_id"])
            self._terminal.say(_sentence(ended))
            return 0 if ended["status"] == "completed" else 1

        return self._run(work)

    def _run(self, work: Callable[[ServerApi], Awaitable[int]]) -> int:
        async def asked() -> int:
            async with open_server(self._url, self._token) as server:
                return await work(server)

        try:
            return run_interruptibly(asked())
        except InterruptedByUserError:
            # Whoever looks at a job does not own it: it goes on.
            return EXIT_INTERRUPTED


async def _newest(server: ServerApi) -> str:
    for status in ("running", "queued"):
        if jobs := await server.jobs(limit=1, status=status):
            return str(jobs[0]["job_id"])
    raise InvalidRequestError("No job runs or waits; name one of `mangaflux jobs list`.")


async def _follow(server: ServerApi, job_id: str, view: JobView) -> None:
    """Feeds a view with every event of a job, once, also through restarts of the server."""
    last, failures = 0, 0
    while True:
        try:
            async for number, event_type, data in server.events(job_id, last):
                failures = 0
                last = number or last
                view.show(event_type, data)
                if event_type in _ENDS and number is not None:
                    return
        except (aiohttp.ClientError, TimeoutError):
            failures += 1
            if failures > RECONNECTS:
                raise
            await asyncio.sleep(RECONNECT_SECONDS)
        else:
            # The server ended the stream: it stops, or there is nothing more to tell.
            if (await server.job(job_id))["status"] not in ("queued", "running"):
                return


def _line(job: Json) -> tuple[str, ...]:
    progress = job["progress"]
    done = progress["pass1_done"] if job["kind"] == JobKind.PASS1 else progress["pass2_done"]
    failed = f"{progress['failed']} failed" if progress["failed"] else ""
    total = progress["total_pages"]
    return job["job_id"], job["status"], f"{done}/{total}", job["chapter_id"], job["engine"] or "", failed


def _table(rows: Sequence[tuple[str, ...]]) -> list[str]:
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]


def _sentence(job: Json) -> str:
    return f"{job['job_id']} is {job['summary']['message']}"
