"""Runs one job in this process over pages of the command line, and exports each page as it ends."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from typing import Literal, get_args

from mangaflux.commands.batch_plan import BatchPlan, BatchTools
from mangaflux.commands.console import Terminal
from mangaflux.commands.interruption import run_interruptibly
from mangaflux.commands.job_view import open_job_view, reason_words
from mangaflux.commands.page_export import InputNames, export_page
from mangaflux.commands.result_folder import page_files
from mangaflux.errors import MangaFluxError
from mangaflux.events import Event, EventType
from mangaflux.image_sources import ImageSource
from mangaflux.jobs import Job
from mangaflux.parts import Parts, open_parts
from mangaflux.settings import Settings

#: Seconds of silence after which it is checked that the worker is alive.
SILENCE_SECONDS = 1.0


PageOutcome = Literal["completed", "kept", "skipped", "failed"]


@dataclass(frozen=True, slots=True)
class PageResult:
    """What became of one page."""

    page_num: int
    name: str
    status: PageOutcome
    #: Why it was skipped or failed.
    reason: str | None = None


class BatchRun:
    """One run; `results` can be read also after it was interrupted."""

    def __init__(self, plan: BatchPlan, terminal: Terminal) -> None:
        self._plan = plan
        self._terminal = terminal
        self._names = {page.page_num: page.name for page in plan.pages}
        self.results: dict[int, PageResult] = {}
        #: True where a thread did not come back.
        self.abandoned = False
        for page in plan.pages:
            if page.page_num in plan.kept:
                self._note_kept(page.page_num, plan.kept[page.page_num])
            elif page.problem is not None:
                self._note(page.page_num, "failed", page.problem)

    def run(self, settings: Settings, tools: BatchTools) -> None:
        """Runs the pages to do, on the parts of a server without HTTP.

        Raises:
            InterruptedByUserError: SIGINT or SIGTERM; exported pages stay.
            DataFolderError: the output cannot be written.
        """
        if self._plan.to_do:
            run_interruptibly(self._run(settings, tools))

    async def _run(self, settings: Settings, tools: BatchTools) -> None:
        worker = None
        try:
            async with open_parts(settings, tools.engines, tools.detectors) as parts:
                worker = parts.worker
                await self._follow(parts)
        finally:
            self.abandoned = worker is not None and worker.abandoned

    async def _follow(self, parts: Parts) -> None:
        job = await self._submit(parts)
        names = {page.page_num: page.name for page in self._plan.to_do}
        with open_job_view(self._terminal, names, last_pass=job.kind.passes[-1]) as view:
            async for event in follow_job(parts, job.job_id):
                await self._take(parts, event)
                view.show(event.type, event.data)

    async def _submit(self, parts: Parts) -> Job:
        plan = self._plan
        pages = [(page.page_num, page.source) for page in plan.to_do]
        if plan.engine is None:
            return await parts.submissions.submit_pass1(chapter_id=plan.chapter_id, pages=pages, params=plan.params)
        return await parts.submissions.submit_two_pass(
            chapter_id=plan.chapter_id,
            pages=pages,
            references=[ImageSource(reference.path.name, path=reference.path) for reference in plan.references],
            engine=plan.engine,
            params=plan.params,
        )

    async def _take(self, parts: Parts, event: Event) -> None:
        page_num = event.data.get("page_num")
        if not isinstance(page_num, int):
            return
        match event.type:
            case EventType.PAGE_PASS1_COMPLETED if self._plan.engine is None:
                await self._export(parts, event.job_id, page_num)
                self._note(page_num, "completed")
            case EventType.PAGE_PASS2_COMPLETED:
                await self._export(parts, event.job_id, page_num)
                self._note(page_num, "completed")
            case EventType.PAGE_SKIPPED:
                await self._export(parts, event.job_id, page_num)
                self._note(page_num, "skipped", reason_words(event.data.get("reason")))
            case EventType.PAGE_FAILED:
                self._note(page_num, "failed", str(event.data.get("message")))
            case _:
                return

    async def _export(self, parts: Parts, job_id: str, page_num: int) -> None:
        artifacts = await parts.artifacts.of_page(job_id, page_num)
        files = page_files(self._plan.output, page_num)
        names = InputNames(self._names[page_num], tuple(reference.path.name for reference in self._plan.references))
        # An overlay that stands there is kept in step with the rest.
        with_overlay = self._plan.engine is None or files.overlay.exists()
        await asyncio.get_running_loop().run_in_executor(
            parts.files,
            lambda: export_page(files, artifacts, parts.artifacts.files, names, with_overlay=with_overlay),
        )

    def _note_kept(self, page_num: int, skip_reason: str | None) -> None:
        if skip_reason is None:
            self._note(page_num, "kept")
        else:
            self._note(page_num, "skipped", reason_words(skip_reason))

    def _note(self, page_num: int, status: PageOutcome, reason: str | None = None) -> None:
        self.results[page_num] = PageResult(page_num, self._names[page_num], status, reason)


async def follow_job(parts: Parts, job_id: str) -> AsyncIterator[Event]:
    """Every durable event of a job from its first, once and in order, with progress between; ends with the job.

    Raises:
        MangaFluxError: the worker failed, so that the job will not end.
    """
    last_id = 0
    with parts.broker.subscribe(job_id) as subscription:
        while True:
            # Durable events are read from the table, so that none is missed; the subscription only says when to look.
            for event in await parts.events.after(last_id, job_id):
                last_id = event.id or last_id
                yield event
                if event.type.ends_job:
                    return
            _check_worker(parts)
            for event in await subscription.wait(SILENCE_SECONDS):
                if event.id is None:
                    yield event


def _check_worker(parts: Parts) -> None:
    if parts.worker_task.done():
        raise MangaFluxError("The worker failed; the log above says why. The same command goes on from here.")


def summarize(results: Mapping[int, PageResult]) -> dict[str, int]:
    """How many pages ended how, by status."""
    statuses = [result.status for result in results.values()]
    return {status: statuses.count(status) for status in get_args(PageOutcome)}
