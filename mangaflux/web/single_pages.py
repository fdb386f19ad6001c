"""Pages that readers send one by one, without a chapter: taken in, coloured through the queue, waited for."""

import asyncio
import time
from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import dataclass
from datetime import UTC
from functools import partial
from pathlib import Path

from aiohttp import web

from mangaflux.errors import StyleReferenceError
from mangaflux.events import Event
from mangaflux.image_sources import ImageSource
from mangaflux.jobs import ArtifactKind, Job, Params, Sender, Status
from mangaflux.parts import Parts
from mangaflux.settings import CompatibilitySettings
from mangaflux.storage import clock
from mangaflux.storage.asset_store import Asset
from mangaflux.storage.content_files import ContentFiles, StoredFile
from mangaflux.storage.page_places import PagePlaces
from mangaflux.submission import Unkept
from mangaflux.web.keys import PARTS
from mangaflux.web.page_form import read_page_form
from mangaflux.web.senders import client_name

ASSET_PREFIX = "asset:"
#: Says what the picture in an answer is: `coloured`, or `passthrough; reason=…`.
RESULT = "X-MangaFlux-Result"


@dataclass(frozen=True, slots=True)
class SentPage:
    """A page that is stored."""

    asset: Asset
    #: File name for people.
    name: str


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a page until now."""

    #: None: it has no colours, or not yet.
    coloured: StoredFile | None
    #: Why not: a code, and a sentence.
    reason: str = ""
    message: str = ""
    #: True where there was nothing to colour.
    is_skipped: bool = False
    #: True where the job goes on.
    is_open: bool = False


class SinglePages:
    """Queues pages as `[compatibility]` says. Belongs to the event loop."""

    def __init__(self, settings: CompatibilitySettings) -> None:
        self._settings = settings
        #: Two pages at once would get one number, and one page two jobs.
        self._placing = asyncio.Lock()
        #: SHA-256 of the style reference, once it is stored.
        self._reference: str | None = None

    async def queue(self, request: web.Request, page: SentPage) -> Job:
        """The job that colours a page: the one that is at it already, else a new one, quickly done where the same page
        was coloured before.

        Raises:
            StyleReferenceError: none is set, or it cannot be read.
            EngineUnavailableError, ServerBusyError, DiskFullError, QueueFullError: as `submit_two_pass`.
        """
        parts = request.app[PARTS]
        async with self._placing:
            reference, sha256 = await self._style_reference(parts), page.asset.file.sha256
            places = PagePlaces(parts.database)
            for job in await places.open_jobs(sha256, self._prefix):
                if job.references == (reference,):
                    return job
            chapter_id, page_num = await self._place(places, sha256)
            return await parts.submissions.submit_two_pass(
                chapter_id=chapter_id,
                pages=[(page_num, ImageSource(page.name, asset_sha256=sha256))],
                references=[ImageSource("the style reference", asset_sha256=reference)],
                engine=None,
                params=Params(),
                sender=Sender(client=client_name(request)),
            )

    @property
    def _prefix(self) -> str:
        return f"{self._settings.chapter_name}-"

    async def _place(self, places: PagePlaces, sha256: str) -> tuple[str, int]:
        if (known := await places.of(sha256, self._prefix)) is not None:
            return known
        today = f"{self._prefix}{clock.now().astimezone(UTC):%Y-%m-%d}"
        return today, await places.next_in(today)

    async def _style_reference(self, parts: Parts) -> str:
        """SHA-256 of the style reference; stored the first time, and again where it was let go since."""
        if self._reference is None or await parts.assets.use(self._reference) is None:
            self._reference = await parts.submissions.store_reference(_named(self._settings.style_reference))
        return self._reference


#: The one of an application.
SINGLE_PAGES: web.AppKey[SinglePages] = web.AppKey("single_pages", SinglePages)


async def receive_page(request: web.Request) -> SentPage | Unkept:
    """The page of a form, stored; as it came where it is no image or cannot be taken at the moment.

    Raises:
        InvalidRequestError, ImageTooLargeError, SlowBodyError: there is no page in the body, or not all of it.
        StorageError: the disk is so full, or fails so, that nothing can be given back.
    """
    name, stored = await read_page_form(request, request.app[PARTS].submissions.store_page)
    return SentPage(stored, name) if isinstance(stored, Asset) else stored


async def outcome_in_time(parts: Parts, job: Job, seconds: float) -> Outcome:
    """What became of the page of a job when it ended, when the time is over, or when the server stops."""
    async with aclosing(follow(parts, job, seconds, every=seconds)) as batches:
        async for _ in batches:
            pass
    return await outcome_of(parts, job.job_id)


async def follow(parts: Parts, job: Job, seconds: float, *, every: float) -> AsyncGenerator[list[Event]]:
    """The events of a job until it ends, the time is over or the server stops; an empty list where `every` seconds
    brought none.
    """
    deadline = time.monotonic() + seconds
    with parts.broker.subscribe(job.job_id) as subscription:
        ended = (await parts.jobs.get(job.job_id)).status.is_terminal
        while not (ended or subscription.closed) and (left := deadline - time.monotonic()) > 0:
            events = await subscription.wait(min(left, every))
            ended = any(event.type.ends_job for event in events)
            yield events


async def outcome_of(parts: Parts, job_id: str) -> Outcome:
    """What became of the one page of a job until now."""
    job = await parts.jobs.get(job_id)
    if not job.status.is_terminal:
        return _unfinished(parts)
    for artifact in await parts.artifacts.of_job(job_id):
        if artifact.kind is ArtifactKind.COLORIZED:
            return Outcome(StoredFile(artifact.sha256, artifact.media_type, artifact.size))
    passes = await parts.jobs.pages(job_id)
    for page in passes:
        if page.status is Status.SKIPPED:
            return Outcome(None, page.reason or page.status, "There is nothing to colour.", is_skipped=True)
        if page.error_code is not None:
            return Outcome(None, page.error_code, page.error_message or "The page could not be coloured.")
    return Outcome(None, job.status, f"The job was {job.status}.")


async def read_stored(parts: Parts, files: ContentFiles, stored: StoredFile) -> bytes:
    """The bytes of a stored file.

    Raises:
        NotFoundError: it is gone.
    """
    read = partial(files.read, stored.sha256, stored.media_type)
    return await asyncio.get_running_loop().run_in_executor(parts.files, read)


def picture_answer(data: bytes, media_type: str, outcome: Outcome) -> web.Response:
    """A picture in place of a page, which is the page as it came where the outcome has no colours."""
    result = "coloured" if outcome.coloured is not None else f"passthrough; reason={outcome.reason}"
    return web.Response(body=data, content_type=media_type, headers={RESULT: result, "Cache-Control": "no-store"})


def _named(name: str) -> ImageSource:
    if not name:
        raise StyleReferenceError(
            "There are no colours to take: set compatibility.style_reference to the path of a coloured image."
        )
    if name.startswith(ASSET_PREFIX):
        return ImageSource("the style reference", asset_sha256=name.removeprefix(ASSET_PREFIX))
    path = Path(name).expanduser()
    return ImageSource(path.name, path=path)


def _unfinished(parts: Parts) -> Outcome:
    if parts.worker.is_stopping:
        message = "The server is stopping; the page is coloured after its next start."
        return Outcome(None, "stopping", message, is_open=True)
    return Outcome(None, "timeout", "The page is not done yet; ask again later.", is_open=True)
