"""The finished pages of a job as one CBZ with ComicInfo.xml."""

import asyncio
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from typing import BinaryIO

from aiohttp import web

from mangaflux.comic_archive import COMIC_INFO, MEDIA_TYPE, comic_info, member_info
from mangaflux.errors import NotReadyError
from mangaflux.jobs import ArtifactKind, Job, Status
from mangaflux.parts import Parts
from mangaflux.storage.content_files import ContentFiles, StoredFile
from mangaflux.web.keys import PARTS

#: Archives of which it is remembered where they are; another one is built again, with the same bytes.
MAX_REMEMBERED = 64


class Archives:
    """Which archives were built since the start; one is built at a time."""

    def __init__(self) -> None:
        self.lock = asyncio.Lock()
        self._built: dict[tuple[str, int], StoredFile] = {}

    def get(self, job: Job) -> StoredFile | None:
        """The archive of this attempt of the job, where it was built."""
        return self._built.get((job.job_id, job.attempt))

    def remember(self, job: Job, stored: StoredFile) -> None:
        """Notes an archive, and forgets the oldest where there are too many."""
        self._built[job.job_id, job.attempt] = stored
        while len(self._built) > MAX_REMEMBERED:
            del self._built[next(iter(self._built))]


#: The archives of an application.
ARCHIVES: web.AppKey[Archives] = web.AppKey("archives", Archives)


@dataclass(frozen=True, slots=True)
class _Member:
    page_num: int
    folder: ContentFiles
    file: StoredFile


async def job_archive(app: web.Application, job: Job) -> StoredFile:
    """The archive of an ended job, built where it was not built before. Failed pages are left out.

    Raises:
        NotReadyError: the job has not ended, or no page of it was finished.
    """
    if not job.status.is_terminal:
        raise NotReadyError("The job has not ended yet.", details={"status": job.status})
    archives = app[ARCHIVES]
    async with archives.lock:
        built = archives.get(job)
        if built is None or not await _is_kept(app[PARTS], built):
            built = await _build(app[PARTS], job)
            archives.remember(job, built)
        return built


async def _is_kept(parts: Parts, built: StoredFile) -> bool:
    """True where the file is there still; it is kept for another while then."""
    loop = asyncio.get_running_loop()
    return await loop.run_in_executor(parts.files, parts.artifacts.files.touch, built.sha256, built.media_type)


async def _build(parts: Parts, job: Job) -> StoredFile:
    members = await _members(parts, job)
    if not members:
        raise NotReadyError("No page of this job was finished.", details={"status": job.status})

    def build() -> StoredFile:
        return parts.artifacts.files.store_written(lambda file: _write_archive(job, members, file), MEDIA_TYPE)

    return await asyncio.get_running_loop().run_in_executor(parts.files, build)


async def _members(parts: Parts, job: Job) -> list[_Member]:
    """The coloured pages, and the originals of skipped ones, by page number."""
    members = {
        artifact.page_num: _Member(
            artifact.page_num,
            parts.artifacts.files,
            StoredFile(artifact.sha256, artifact.media_type, artifact.size),
        )
        for artifact in await parts.artifacts.of_job(job.job_id)
        if artifact.kind is ArtifactKind.COLORIZED
    }
    for page in await parts.jobs.pages(job.job_id):
        asset = await parts.assets.get(page.asset_sha256 or "") if page.status is Status.SKIPPED else None
        if asset is not None:
            members[page.page_num] = _Member(page.page_num, parts.assets.files, asset.file)
    return [members[page_num] for page_num in sorted(members)]


def _write_archive(job: Job, members: Sequence[_Member], file: BinaryIO) -> None:
    """Writes one page after another, so that one is in memory at a time."""
    # Stored: images do not compress, and a reader can seek in them.
    with zipfile.ZipFile(file, "w", zipfile.ZIP_STORED) as archive:
        info = comic_info(job.chapter_id, len(members), job.params.reading_direction)
        archive.writestr(member_info(COMIC_INFO), info)
        for member in members:
            suffix = member.folder.path(member.file.sha256, member.file.media_type).suffix
            data = member.folder.read(member.file.sha256, member.file.media_type)
            archive.writestr(member_info(f"page_{member.page_num:03d}{suffix}"), data)
