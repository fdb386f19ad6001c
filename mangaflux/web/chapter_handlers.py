"""Chapters: what there is of them, and the latest file of each kind of a page."""

from datetime import datetime

from aiohttp import web

from mangaflux.errors import NotFoundError, NotReadyError
from mangaflux.jobs import ArtifactKind, PagePass
from mangaflux.parts import Parts
from mangaflux.storage.artifact_store import ChapterPage
from mangaflux.storage.content_files import StoredFile
from mangaflux.web.answers import json_answer
from mangaflux.web.archive import chapter_archive
from mangaflux.web.content_response import CACHE_FOR_EVER, answer_file
from mangaflux.web.job_views import artifact_path, artifact_url
from mangaflux.web.keys import PARTS
from mangaflux.web.request_schemas import ChapterArchiveQuery, MaskQuery
from mangaflux.web.schemas import ChapterEntry, ChapterFile, ChapterList, ChapterPageEntry, ChapterPages
from mangaflux.web.validation import parse_query

_MASKS = {
    "lettering": ArtifactKind.MASK_LETTERING,
    "balloons": ArtifactKind.MASK_BALLOONS,
    "panels": ArtifactKind.MASK_PANELS,
}
_PASS2_KINDS = frozenset({ArtifactKind.COLORIZED, ArtifactKind.PALETTE, ArtifactKind.RUNMETA_PASS2})


async def list_chapters(request: web.Request) -> web.Response:
    """Every chapter, most recently changed first."""
    summaries = await request.app[PARTS].artifacts.chapters()
    entries = [
        ChapterEntry(
            chapter_id=summary.chapter_id,
            pages=summary.pages,
            colorized=summary.colorized,
            updated_at=datetime.fromisoformat(summary.updated_at),
            cover_sha256=summary.cover_sha256,
        )
        for summary in summaries
    ]
    return json_answer(ChapterList(chapters=entries))


async def list_pages(request: web.Request) -> web.Response:
    """The pages of a chapter and which files there are of each."""
    parts = request.app[PARTS]
    chapter_id = request.match_info["chapter_id"]
    pages = await parts.artifacts.chapter_pages(chapter_id)
    if not pages:
        await _refuse_unknown_chapter(parts, chapter_id)
    return json_answer(ChapterPages(chapter_id=chapter_id, pages=[_page_entry(parts, page) for page in pages]))


async def read_metadata(request: web.Request) -> web.StreamResponse:
    """What Pass 1 says of a page: the latest page_NNN.meta.json."""
    return await _answer_latest(request, ArtifactKind.METADATA)


async def read_pass1_runmeta(request: web.Request) -> web.StreamResponse:
    """How Pass 1 of a page ran."""
    return await _answer_latest(request, ArtifactKind.RUNMETA_PASS1)


async def read_pass2_runmeta(request: web.Request) -> web.StreamResponse:
    """How Pass 2 of a page ran."""
    return await _answer_latest(request, ArtifactKind.RUNMETA_PASS2)


async def read_colorized(request: web.Request) -> web.StreamResponse:
    """The latest coloured page."""
    return await _answer_latest(request, ArtifactKind.COLORIZED)


async def read_mask(request: web.Request) -> web.StreamResponse:
    """A mask of a page: lettering, or what `?kind=` names."""
    return await _answer_latest(request, _MASKS[parse_query(MaskQuery, request).kind])


async def read_chapter_archive(request: web.Request) -> web.StreamResponse:
    """The latest of a chapter as CBZ."""
    chapter_id = request.match_info["chapter_id"]
    order = parse_query(ChapterArchiveQuery, request).page_nums
    stored = await chapter_archive(request.app, chapter_id, order)
    # A chapter that exists has a name of letters, digits, dots, underscores and hyphens.
    headers = {"Content-Disposition": f'attachment; filename="{chapter_id}.cbz"'}
    return await answer_file(request, request.app[PARTS].artifacts.files, stored, headers=headers)


async def read_artifact(request: web.Request) -> web.StreamResponse:
    """A file by its SHA-256; it never changes."""
    parts = request.app[PARTS]
    sha256 = request.match_info["sha256"]
    stored = await parts.artifacts.file(sha256)
    if stored is None:
        raise NotFoundError(f"There is no artifact {sha256}.")
    return await answer_file(request, parts.artifacts.files, stored, cache_control=CACHE_FOR_EVER)


async def _answer_latest(request: web.Request, kind: ArtifactKind) -> web.StreamResponse:
    parts = request.app[PARTS]
    chapter_id, page_num = request.match_info["chapter_id"], int(request.match_info["page_num"])
    artifact = await parts.artifacts.latest(chapter_id, page_num, kind)
    if artifact is None:
        passes = await parts.jobs.latest_page(chapter_id, page_num)
        raise _missing(chapter_id, page_num, kind, passes)
    stored = StoredFile(artifact.sha256, artifact.media_type, artifact.size)
    return await answer_file(request, parts.artifacts.files, stored)


def _missing(chapter_id: str, page_num: int, kind: ArtifactKind, passes: list[PagePass]) -> NotFoundError:
    """Why a file is not there: no such page, or what became of the pass that makes it."""
    if not passes:
        return NotFoundError(
            f"There is no page {page_num} of {chapter_id}.", details={"chapter_id": chapter_id, "page_num": page_num}
        )
    pass_num = 2 if kind in _PASS2_KINDS else 1
    page = next((page for page in passes if page.pass_num == pass_num), None)
    if page is None:
        return NotReadyError(f"No job has asked for Pass {pass_num} of this page yet.", details={"status": None})
    details: dict[str, object] = {"status": page.status, "job_id": page.job_id}
    if page.reason is not None:
        details["reason"] = page.reason
    if page.error_code is not None:
        details["error"] = {"code": page.error_code, "message": page.error_message}
    explanation = page.reason or page.error_message
    message = f"Pass {pass_num} of this page is {page.status}" + (f": {explanation}" if explanation else "")
    return NotReadyError(message.rstrip(".") + ".", details=details)


async def _refuse_unknown_chapter(parts: Parts, chapter_id: str) -> None:
    jobs, _ = await parts.jobs.page_through(limit=1, before_seq=None, status=None, chapter_id=chapter_id)
    if not jobs:
        raise NotFoundError(f"There is no chapter {chapter_id}.", details={"chapter_id": chapter_id})


def _page_entry(parts: Parts, page: ChapterPage) -> ChapterPageEntry:
    return ChapterPageEntry(
        page_num=page.page_num,
        name=page.name,
        page_image=f"asset:{page.asset_sha256}",
        artifacts={kind: _chapter_file(parts, page, kind) for kind in ArtifactKind},
    )


def _chapter_file(parts: Parts, page: ChapterPage, kind: ArtifactKind) -> ChapterFile:
    artifact = page.artifact(kind)
    if artifact is None:
        return ChapterFile(exists=False, path=None, url=None)
    return ChapterFile(exists=True, path=artifact_path(parts, artifact), url=artifact_url(artifact.sha256))
