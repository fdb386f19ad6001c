"""From a request to a queued job: every page is checked and stored before anybody is told it was accepted."""

import asyncio
import logging
import random
from collections.abc import AsyncIterable, AsyncIterator, Callable, Sequence
from concurrent.futures import Executor
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TypeVar

from mangaflux.admission import Admission
from mangaflux.engine.analysis.metadata import page_seed
from mangaflux.engine.registry import EngineRegistry
from mangaflux.errors import (
    ImageTooLargeError,
    InvalidRequestError,
    MangaFluxError,
    MissingPass1Error,
    NotFoundError,
    StyleReferenceError,
    UnreadableImageError,
)
from mangaflux.image_decoder import ImageDecoder
from mangaflux.image_sources import ImageSource, list_images, source_chunks
from mangaflux.jobs import (
    SEED_LIMIT,
    Artifact,
    ArtifactKind,
    Job,
    JobKind,
    NewJob,
    NewPage,
    Params,
    Sender,
    new_job_id,
)
from mangaflux.settings import LimitSettings
from mangaflux.storage import clock
from mangaflux.storage.artifact_store import ArtifactStore, ChapterPage
from mangaflux.storage.asset_store import Asset, AssetStore
from mangaflux.storage.content_files import IncomingFile
from mangaflux.storage.job_store import JobStore

logger = logging.getLogger(__name__)

Result = TypeVar("Result")

#: Who sends jobs from within this process.
LOCAL = Sender()

#: What of Pass 1 a job of Pass 2 takes over from the chapter.
_PASS1_KINDS = frozenset(ArtifactKind) - {ArtifactKind.COLORIZED, ArtifactKind.PALETTE, ArtifactKind.RUNMETA_PASS2}


@dataclass(frozen=True, slots=True)
class SubmissionParts:
    """What submissions work with; they own none of it."""

    limits: LimitSettings
    assets: AssetStore
    artifacts: ArtifactStore
    jobs: JobStore
    engines: EngineRegistry
    #: Threads for blocking file work.
    files: Executor
    #: Reads images that strangers made.
    decoder: ImageDecoder
    #: Threads that wait for the decoder; a hostile image may hold one of them for a while.
    decoding: Executor
    #: Wakes the worker.
    notify: Callable[[], None]
    admission: Admission


@dataclass(frozen=True, slots=True)
class Unkept:
    """An image that arrived and was not stored."""

    data: bytes
    refusal: MangaFluxError


class Submissions:
    """Takes work in. When a method returns, what it took survives a power cut."""

    def __init__(self, parts: SubmissionParts) -> None:
        self._parts = parts

    async def store(self, chunks: AsyncIterable[bytes]) -> tuple[Asset, bool]:
        """Receives an image piece by piece, checks and stores it; True where it was new.

        It goes to disk as it arrives: no number of clients fills the memory.

        Raises:
            UnreadableImageError: not an image, damaged or incomplete.
            ImageTooLargeError: more pixels than the limits allow.
        """
        async with self._receiving() as incoming:
            async for chunk in chunks:
                await self._on_files(partial(incoming.write, chunk))
            asset = await self._keep(incoming, whole=True)
        return asset, bool(await self._parts.assets.add([asset]))

    async def store_page(self, chunks: AsyncIterable[bytes]) -> Asset | Unkept:
        """Stores a page for a job that is about to be sent; gives it back as it came where it is no image that can be
        read, or where no job can be taken at the moment.

        Raises:
            StorageError: the disk is so full, or fails so, that nothing can be given back.
        """
        async with self._receiving() as incoming:
            async for chunk in chunks:
                await self._on_files(partial(incoming.write, chunk))
            try:
                await self._parts.admission.check_job()
                asset = await self._keep(incoming, whole=True)
                await self._parts.assets.add([asset])
            except MangaFluxError as error:
                return Unkept(await self._on_files(incoming.content), error)
        return asset

    async def store_reference(self, source: ImageSource) -> str:
        """Stores a style reference; its SHA-256.

        Raises:
            StyleReferenceError: it is unreadable, or no such asset is stored.
        """
        (sha256,) = await self._store_references([source])
        return sha256

    async def list_images(self, path: Path) -> list[ImageSource]:
        """The images of a folder or archive, in natural file-name order.

        Raises:
            InvalidRequestError: there are none, or too many.
        """
        return await self._on_files(lambda: list_images(path, max_pages=self._parts.limits.max_pages))

    async def submit_two_pass(
        self,
        *,
        chapter_id: str,
        pages: Sequence[tuple[int, ImageSource]],
        references: Sequence[ImageSource],
        engine: str | None,
        params: Params,
        priority: int = 0,
        sender: Sender = LOCAL,
    ) -> Job:
        """Queues both passes of the pages, given as (page_num, source).

        Raises:
            EngineUnavailableError: the engine cannot run here.
            StyleReferenceError: a reference is missing or unreadable.
            InvalidRequestError: no page can be read, or a strict source is broken.
            ServerBusyError, DiskFullError, QueueFullError: nothing can be taken at the moment.
        """
        await self._parts.admission.check_job()
        resolved = self._parts.engines.resolve(engine)
        new = NewJob(
            job_id=new_job_id(clock.now()),
            kind=JobKind.TWO_PASS,
            chapter_id=chapter_id,
            priority=priority,
            sender=sender,
            engine=resolved,
            params=params,
            references=await self._store_references(references),
            pages=await self._store_pages(chapter_id, pages, params),
        )
        return await self._add(new)

    async def submit_pass1(
        self,
        *,
        chapter_id: str,
        pages: Sequence[tuple[int, ImageSource]],
        params: Params,
        priority: int = 0,
        sender: Sender = LOCAL,
    ) -> Job:
        """Queues Pass 1 of the pages. Raises as `submit_two_pass`, except for engine and references."""
        await self._parts.admission.check_job()
        new = NewJob(
            job_id=new_job_id(clock.now()),
            kind=JobKind.PASS1,
            chapter_id=chapter_id,
            priority=priority,
            sender=sender,
            engine=None,
            params=params,
            references=(),
            pages=await self._store_pages(chapter_id, pages, params),
        )
        return await self._add(new)

    async def submit_pass2(
        self,
        *,
        chapter_id: str,
        page_nums: Sequence[int] | None,
        references: Sequence[ImageSource],
        engine: str | None,
        params: Params,
        priority: int = 0,
        sender: Sender = LOCAL,
    ) -> Job:
        """Queues Pass 2 of pages that Pass 1 has seen; None takes all of them.

        Raises:
            MissingPass1Error: pages without Pass 1; `details` name them.
            EngineUnavailableError, StyleReferenceError, ServerBusyError, DiskFullError, QueueFullError: as
                `submit_two_pass`.
        """
        await self._parts.admission.check_job()
        resolved = self._parts.engines.resolve(engine)
        pages = _analysed(await self._parts.artifacts.chapter_pages(chapter_id), chapter_id, page_nums)
        new = NewJob(
            job_id=new_job_id(clock.now()),
            kind=JobKind.PASS2,
            chapter_id=chapter_id,
            priority=priority,
            sender=sender,
            engine=resolved,
            params=params,
            references=await self._store_references(references),
            pages=tuple(
                NewPage(
                    page_num=page.page_num,
                    name=page.name,
                    asset_sha256=page.asset_sha256,
                    seed=_seed(params, chapter_id, page.page_num),
                )
                for page in pages
            ),
        )
        return await self._add(new, {page.page_num: _of_pass1(page) for page in pages})

    async def _add(self, new: NewJob, pass1: dict[int, list[Artifact]] | None = None) -> Job:
        admission = self._parts.admission
        job = await self._parts.jobs.add(new, pass1, lambda waiting: admission.check_queue(waiting, len(new.pages)))
        logger.info("accepted %s: %s, %d pages, engine %s", new.job_id, new.kind, len(new.pages), new.engine)
        self._parts.notify()
        return job

    async def _store_references(self, references: Sequence[ImageSource]) -> tuple[str, ...]:
        if not references:
            raise StyleReferenceError("style_reference is missing: Pass 2 takes its colours from it.")
        try:
            assets = [await self._resolve(source) for source in references]
        except (UnreadableImageError, NotFoundError) as error:
            raise StyleReferenceError(f"style_reference: {error.message}", details=error.details) from error
        await self._parts.assets.add(assets)
        return tuple(asset.file.sha256 for asset in assets)

    async def _store_pages(
        self, chapter_id: str, pages: Sequence[tuple[int, ImageSource]], params: Params
    ) -> tuple[NewPage, ...]:
        assets: list[Asset] = []
        new_pages: list[NewPage] = []
        for page_num, source in pages:
            seed = _seed(params, chapter_id, page_num)
            try:
                asset = await self._resolve(source)
            except (UnreadableImageError, ImageTooLargeError) as error:
                if source.strict:
                    raise
                new_pages.append(_unreadable(page_num, source, seed, error))
                continue
            assets.append(asset)
            new_pages.append(NewPage(page_num=page_num, name=source.name, asset_sha256=asset.file.sha256, seed=seed))
        if not assets:
            first = next((page.error_message for page in new_pages), "there are none")
            raise InvalidRequestError(f"No page of this request can be read; the first: {first}")
        await self._parts.assets.add(assets)
        return tuple(new_pages)

    async def _resolve(self, source: ImageSource) -> Asset:
        if source.asset_sha256 is None:
            return await self._copy(source)
        asset = await self._parts.assets.use(source.asset_sha256)
        if asset is None:
            raise NotFoundError(
                f"There is no asset:{source.asset_sha256}; upload it with POST /v1/assets first.",
                details={"asset_id": f"asset:{source.asset_sha256}"},
            )
        return asset

    async def _copy(self, source: ImageSource) -> Asset:
        """Strict sources are decoded to their last pixel, others by their header only: a folder of 500 pages is
        accepted in seconds, and what is damaged inside fails as a page.
        """

        def copy_to(incoming: IncomingFile) -> None:
            for chunk in source_chunks(source, max_bytes=self._parts.limits.max_upload_bytes):
                incoming.write(chunk)

        async with self._receiving() as incoming:
            await self._on_files(lambda: copy_to(incoming))
            return await self._keep(incoming, whole=source.strict)

    @asynccontextmanager
    async def _receiving(self) -> AsyncIterator[IncomingFile]:
        incoming = await self._on_files(self._parts.assets.files.receive)
        try:
            yield incoming
        finally:
            await self._on_files(incoming.discard)

    async def _keep(self, incoming: IncomingFile, *, whole: bool) -> Asset:
        await self._on_files(incoming.flush)
        header = await asyncio.get_running_loop().run_in_executor(
            self._parts.decoding, lambda: self._parts.decoder.header(incoming.path, whole=whole)
        )
        file = await self._on_files(lambda: incoming.keep(header.media_type))
        return Asset(file, header.width, header.height)

    async def _on_files(self, call: Callable[[], Result]) -> Result:
        return await asyncio.get_running_loop().run_in_executor(self._parts.files, call)


def _unreadable(
    page_num: int, source: ImageSource, seed: int, error: UnreadableImageError | ImageTooLargeError
) -> NewPage:
    return NewPage(
        page_num=page_num,
        name=source.name,
        asset_sha256=None,
        seed=seed,
        error_code=error.code,
        error_message=error.message,
    )


def _seed(params: Params, chapter_id: str, page_num: int) -> int:
    if params.seed_mode == "fixed" and params.seed is not None:
        return params.seed
    if params.seed_mode == "random":
        return random.SystemRandom().randrange(SEED_LIMIT)
    return page_seed(chapter_id, page_num)


def _analysed(pages: list[ChapterPage], chapter_id: str, page_nums: Sequence[int] | None) -> list[ChapterPage]:
    analysed = {page.page_num: page for page in pages if page.artifact(ArtifactKind.METADATA) is not None}
    wanted = sorted(set(page_nums)) if page_nums is not None else sorted(analysed)
    missing = [page_num for page_num in wanted if page_num not in analysed]
    if missing or not wanted:
        named = ", ".join(map(str, missing)) if missing else "all of them"
        raise MissingPass1Error(
            f"Pass 1 has not seen these pages of {chapter_id}: {named}. Send a pass1 or two-pass job with them first.",
            details={"chapter_id": chapter_id, "page_nums": missing},
        )
    return [analysed[page_num] for page_num in wanted]


def _of_pass1(page: ChapterPage) -> list[Artifact]:
    return [artifact for artifact in page.artifacts if artifact.kind in _PASS1_KINDS]
