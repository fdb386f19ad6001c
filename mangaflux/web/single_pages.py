"""Pages that readers send one by one, without a chapter: taken in, coloured through the queue, waited for."""

import asyncio
import logging
import time
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing
from dataclasses import dataclass
from datetime import UTC
from functools import partial
from pathlib import Path

from aiohttp import web

from mangaflux.errors import MangaFluxError, StyleReferenceError
from mangaflux.events import Event
from mangaflux.image_sources import ImageSource
from mangaflux.jobs import ArtifactKind, Job, Params, Sender, Status
from mangaflux.parts import Parts
from mangaflux.settings import CompatibilitySettings
from mangaflux.storage import clock
from mangaflux.storage.asset_store import Asset
from mangaflux.storage.content_files import ContentFiles, StoredFile
from mangaflux.storage.page_places import PagePlaces
from mangaflux.web.keys import PARTS
from mangaflux.web.page_form import PageForm, read_page_form
from mangaflux.web.senders import client_name

logger = logging.getLogger(__name__)

#: Pages that are received and checked at once. They are in memory meanwhile, as nothing else could be given back of
#: what cannot be stored.
MAX_RECEIVED_AT_ONCE = 4

ASSET_PREFIX = "asset:"


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


@dataclass(frozen=True, slots=True)
class UnkeptPage:
    """A page that arrived and was not stored: no image, or nothing can be taken at the moment."""

    data: bytes
    refusal: MangaFluxError


class SinglePages:
    """Takes in what `[compatibility]` asks for. Belongs to the event loop."""

    def __init__(self, settings: CompatibilitySettings) -> None:
        self._settings = settings
        self._receiving = asyncio.Semaphore(MAX_RECEIVED_AT_ONCE)
        #: Two pages at once would get one number.
        self._placing = asyncio.Lock()
        #: SHA-256 of the style reference, once it is stored.
        self._reference: str | None = None

    async def receive(self, request: web.Request) -> SentPage | UnkeptPage:
        """Reads the page out of a form and stores it.

        Raises:
            InvalidRequestError, ImageTooLargeError, SlowBodyError: there is no page in the body, or not all of it.
        """
        async with self._receiving:
            form = await read_page_form(request)
            try:
                return SentPage(await _store(request.app[PARTS], form), form.name)
            except MangaFluxError as error:
                return UnkeptPage(form.data, error)

    async def queue(self, request: web.Request, page: SentPage) -> Job:
        """The job that colours a page: the one that is at it already, else a new one, quickly done where the same page
        was coloured before.

        Raises:
            StyleReferenceError: none is set, or it cannot be read.
            EngineUnavailableError, ServerBusyError, DiskFullError, QueueFullError: as `submit_two_pass`.
        """
        parts = request.app[PARTS]
        async with self._placing:
            reference = await self._style_reference(parts)
            chapter_id, page_num = await self._place(parts, page.asset.file.sha256)
            before = await parts.jobs.last_coloured(chapter_id, page_num)
            if before is not None and not before.status.is_terminal and before.references == (reference,):
                return before
            return await parts.submissions.submit_two_pass(
                chapter_id=chapter_id,
                pages=[(page_num, ImageSource(page.name, asset_sha256=page.asset.file.sha256))],
                references=[ImageSource("the style reference", asset_sha256=reference)],
                engine=None,
                params=Params(),
                sender=Sender(client=client_name(request)),
            )

    async def _place(self, parts: Parts, sha256: str) -> tuple[str, int]:
        places, name = PagePlaces(parts.database), self._settings.chapter_name
        if (known := await places.of(sha256, f"{name}-")) is not None:
            return known
        today = f"{name}-{clock.now().astimezone(UTC):%Y-%m-%d}"
        return today, await places.next_in(today)

    async def _style_reference(self, parts: Parts) -> str:
        """SHA-256 of the style reference; stored the first time, and again where it was let go since."""
        if self._reference is None or await parts.assets.use(self._reference) is None:
            self._reference = await parts.submissions.store_reference(_named(self._settings.style_reference))
        return self._reference


#: The one of an application.
SINGLE_PAGES: web.AppKey[SinglePages] = web.AppKey("single_pages", SinglePages)


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


async def _store(parts: Parts, form: PageForm) -> Asset:
    async def pieces() -> AsyncIterator[bytes]:
        yield form.data

    await parts.admission.check_job()
    asset, _ = await parts.submissions.store(pieces())
    return asset


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
        return Outcome(None, "stopping", "The server is stopping; the page is coloured after its next start.")
    return Outcome(None, "timeout", "The page is not done yet; ask again later.")
