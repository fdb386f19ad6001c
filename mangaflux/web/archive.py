"""The finished pages of a job, or the latest of a chapter, as one CBZ with ComicInfo.xml."""

import asyncio
import zipfile
from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import PurePath
from typing import BinaryIO

from aiohttp import web

from mangaflux.comic_archive import COMIC_INFO, MEDIA_TYPE, comic_info, member_info
from mangaflux.engine.analysis.metadata import ReadingDirection
from mangaflux.errors import NotFoundError, NotReadyError
from mangaflux.image_sources import natural_key
from mangaflux.jobs import ArtifactKind, Job, Status
from mangaflux.parts import Parts
from mangaflux.storage.artifact_store import ChapterPage
from mangaflux.storage.content_files import ContentFiles, StoredFile
from mangaflux.web.keys import PARTS

#: Archives of which it is remembered where they are; another one is built again, with the same bytes.
MAX_REMEMBERED = 64


class Archives:
    """Which archives were built since the start; one is built at a time."""

    def __init__(self) -> None:
        self.lock = asyncio.Lock()
        self._built: dict[Hashable, StoredFile] = {}

    def get(self, content: Hashable) -> StoredFile | None:
        """The archive of this content, where it was built."""
        return self._built.get(content)

    def remember(self, content: Hashable, stored: StoredFile) -> None:
        """Notes an archive, and forgets the oldest where there are too many."""
        self._built[content] = stored
        while len(self._built) > MAX_REMEMBERED:
            del self._built[next(iter(self._built))]


#: The archives of an application.
ARCHIVES: web.AppKey[Archives] = web.AppKey("archives", Archives)


@dataclass(frozen=True, slots=True)
class _Member:
    page_num: int
    #: Of the page as it came.
    name: str
    folder: ContentFiles
    file: StoredFile


@dataclass(frozen=True, slots=True)
class _Book:
    """What an archive holds."""

    title: str
    reading_direction: ReadingDirection
    members: tuple[_Member, ...]

    @property
    def content(self) -> Hashable:
        """The same for the same bytes."""
        files = tuple((member.page_num, member.name, member.file.sha256) for member in self.members)
        return self.title, self.reading_direction, files


async def job_archive(app: web.Application, job: Job) -> StoredFile:
    """The archive of an ended job, built where it was not built before. Failed pages are left out.

    Raises:
        NotReadyError: the job has not ended, or no page of it was finished.
    """
    if not job.status.is_terminal:
        raise NotReadyError("The job has not ended yet.", details={"status": job.status})
    members = await _members_of_job(app[PARTS], job)
    if not members:
        raise NotReadyError("No page of this job was finished.", details={"status": job.status})
    return await _archive(app, _Book(job.chapter_id, job.params.reading_direction, members))


async def chapter_archive(app: web.Application, chapter_id: str, order: Sequence[int] = ()) -> StoredFile:
    """The archive of a chapter as it is now: its latest coloured pages, the originals where there are none.

    Pages stand as `order` names their numbers; those it does not name follow by number.

    Raises:
        NotFoundError: there is no such chapter.
        NotReadyError: no page of it has colours.
    """
    parts = app[PARTS]
    pages = await parts.artifacts.chapter_pages(chapter_id)
    jobs, _ = await parts.jobs.page_through(limit=1, before_seq=None, status=None, chapter_id=chapter_id)
    if not pages and not jobs:
        raise NotFoundError(f"There is no chapter {chapter_id}.", details={"chapter_id": chapter_id})
    if not any(page.artifact(ArtifactKind.COLORIZED) for page in pages):
        raise NotReadyError("No page of this chapter has colours yet.", details={"chapter_id": chapter_id})
    direction = jobs[0].params.reading_direction if jobs else "rtl"
    places = {page_num: place for place, page_num in reversed(list(enumerate(order)))}
    pages = sorted(pages, key=lambda page: (places.get(page.page_num, len(order)), page.page_num))
    members = [member for page in pages if (member := await _member_of_chapter(parts, page)) is not None]
    return await _archive(app, _Book(chapter_id, direction, tuple(members)))


async def _archive(app: web.Application, book: _Book) -> StoredFile:
    archives, parts = app[ARCHIVES], app[PARTS]

    def build() -> StoredFile:
        return parts.artifacts.files.store_written(lambda file: _write_archive(book, file), MEDIA_TYPE)

    async with archives.lock:
        built = archives.get(book.content)
        if built is None or not await _is_kept(parts, built):
            built = await asyncio.get_running_loop().run_in_executor(parts.files, build)
            archives.remember(book.content, built)
        return built


async def _is_kept(parts: Parts, built: StoredFile) -> bool:
    """True where the file is there still; it is kept for another while then."""
    loop = asyncio.get_running_loop()
    return await loop.run_in_executor(parts.files, parts.artifacts.files.touch, built.sha256, built.media_type)


async def _members_of_job(parts: Parts, job: Job) -> tuple[_Member, ...]:
    """The coloured pages, and the originals of skipped ones, by page number."""
    passes = await parts.jobs.pages(job.job_id)
    names = {page.page_num: page.name for page in passes}
    members = {
        artifact.page_num: _Member(
            artifact.page_num,
            names[artifact.page_num],
            parts.artifacts.files,
            StoredFile(artifact.sha256, artifact.media_type, artifact.size),
        )
        for artifact in await parts.artifacts.of_job(job.job_id)
        if artifact.kind is ArtifactKind.COLORIZED
    }
    for page in passes:
        asset = await parts.assets.get(page.asset_sha256 or "") if page.status is Status.SKIPPED else None
        if asset is not None:
            members[page.page_num] = _Member(page.page_num, page.name, parts.assets.files, asset.file)
    return tuple(members[page_num] for page_num in sorted(members))


async def _member_of_chapter(parts: Parts, page: ChapterPage) -> _Member | None:
    """The coloured page, or its original; None where that is gone."""
    colorized = page.artifact(ArtifactKind.COLORIZED)
    if colorized is not None:
        stored = StoredFile(colorized.sha256, colorized.media_type, colorized.size)
        return _Member(page.page_num, page.name, parts.artifacts.files, stored)
    asset = await parts.assets.get(page.asset_sha256)
    return None if asset is None else _Member(page.page_num, page.name, parts.assets.files, asset.file)


def _write_archive(book: _Book, file: BinaryIO) -> None:
    """Writes one page after another, so that one is in memory at a time."""
    # Stored: images do not compress, and a reader can seek in them.
    with zipfile.ZipFile(file, "w", zipfile.ZIP_STORED) as archive:
        info = comic_info(book.title, len(book.members), book.reading_direction)
        archive.writestr(member_info(COMIC_INFO), info)
        for member, stem in zip(book.members, _stems(book.members), strict=True):
            suffix = member.folder.path(member.file.sha256, member.file.media_type).suffix
            data = member.folder.read(member.file.sha256, member.file.media_type)
            archive.writestr(member_info(stem + suffix), data)


def _stems(members: Sequence[_Member]) -> list[str]:
    """The names of the originals where readers, who sort by name, then show the pages in their order; else numbers.

    The numbers are those of the pages, or their places where the pages stand in another order.
    """
    stems = [PurePath(member.name).stem for member in members]
    keys = [natural_key(stem) for stem in stems]
    if all(stems) and all(before < after for before, after in pairwise(keys)):
        return stems
    numbers = [member.page_num for member in members]
    if numbers != sorted(numbers):
        numbers = list(range(1, len(numbers) + 1))
    return [f"page_{number:03d}" for number in numbers]
