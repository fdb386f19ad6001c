"""Files that we made: rows per job, the latest per chapter page, and what a fingerprint already gave."""

from dataclasses import dataclass, fields

from mangaflux.jobs import Artifact, ArtifactKind
from mangaflux.storage.content_files import ContentFiles, StoredFile
from mangaflux.storage.database import Database, Row


@dataclass(frozen=True, slots=True)
class ChapterPage:
    """The latest of one page of a chapter."""

    page_num: int
    name: str
    asset_sha256: str
    artifacts: tuple[Artifact, ...]

    def artifact(self, kind: ArtifactKind) -> Artifact | None:
        """The artifact of one kind, or None where it was not made."""
        return next((artifact for artifact in self.artifacts if artifact.kind is kind), None)


@dataclass(frozen=True, slots=True)
class ChapterSummary:
    """One line about a chapter."""

    chapter_id: str
    pages: int
    colorized: int
    updated_at: str
    #: SHA-256 of the picture that stands for it: its first coloured page, else its first page.
    cover_sha256: str


class ArtifactStore:
    """The rows of artifacts; their files are in `files`, written before any row points to them."""

    def __init__(self, database: Database, files: ContentFiles) -> None:
        self._database = database
        self.files = files

    async def of_job(self, job_id: str) -> list[Artifact]:
        """Every file of a job, by page and kind."""
        return [
            _artifact(row)
            for row in await self._database.read(
                "SELECT * FROM artifacts JOIN artifact_files USING (sha256) WHERE job_id = ? ORDER BY page_num, kind",
                (job_id,),
            )
        ]

    async def of_page(self, job_id: str, page_num: int) -> dict[ArtifactKind, Artifact]:
        """The files of one page of a job."""
        rows = await self._database.read(
            "SELECT * FROM artifacts JOIN artifact_files USING (sha256) WHERE job_id = ? AND page_num = ?",
            (job_id, page_num),
        )
        return {artifact.kind: artifact for artifact in map(_artifact, rows)}

    async def latest(self, chapter_id: str, page_num: int, kind: ArtifactKind) -> Artifact | None:
        """The latest file of one kind of a chapter's page, or None."""
        row = await self._database.read_one(
            "SELECT * FROM chapter_artifacts JOIN artifact_files USING (sha256)"
            " WHERE chapter_id = ? AND page_num = ? AND kind = ?",
            (chapter_id, page_num, kind),
        )
        return _artifact(row) if row else None

    async def of_chapter(self, chapter_id: str, kind: ArtifactKind) -> list[Artifact]:
        """The latest files of one kind of a chapter, each once."""
        rows = await self._database.read(
            "SELECT * FROM chapter_artifacts JOIN artifact_files USING (sha256) WHERE chapter_id = ? AND kind = ?"
            " GROUP BY sha256 ORDER BY sha256",
            (chapter_id, kind),
        )
        return [_artifact(row) for row in rows]

    async def file(self, sha256: str) -> StoredFile | None:
        """The stored file of this SHA-256, or None where we never made it."""
        row = await self._database.read_one("SELECT * FROM artifact_files WHERE sha256 = ?", (sha256,))
        return StoredFile(row["sha256"], row["media_type"], row["size"]) if row else None

    async def made_before(self, fingerprint: str, pass_num: int) -> list[Artifact]:
        """What a completed pass of this fingerprint left behind; empty where there was none."""
        rows = await self._database.read(
            "SELECT artifacts.*, artifact_files.* FROM page_passes AS passes JOIN artifacts USING (job_id, page_num)"
            " JOIN artifact_files USING (sha256)"
            " WHERE passes.rowid = (SELECT max(rowid) FROM page_passes WHERE fingerprint = ? AND pass_num = ?"
            " AND status = 'completed')",
            (fingerprint, pass_num),
        )
        return [_artifact(row) for row in rows]

    async def chapters(self) -> list[ChapterSummary]:
        """Every chapter, most recently changed first."""
        rows = await self._database.read(
            "SELECT pages.chapter_id, count(DISTINCT pages.page_num) AS pages, count(colour.sha256) AS colorized,"
            " max(pages.updated_at) AS updated_at, coalesce("
            "(SELECT sha256 FROM chapter_artifacts AS cover WHERE cover.chapter_id = pages.chapter_id"
            " AND cover.kind = ? ORDER BY page_num LIMIT 1), "
            "(SELECT asset_sha256 FROM chapter_pages AS cover WHERE cover.chapter_id = pages.chapter_id"
            " ORDER BY page_num LIMIT 1)) AS cover_sha256"
            " FROM chapter_pages AS pages LEFT JOIN chapter_artifacts AS colour"
            " ON colour.chapter_id = pages.chapter_id AND colour.page_num = pages.page_num AND colour.kind = ?"
            " GROUP BY pages.chapter_id ORDER BY updated_at DESC",
            (ArtifactKind.COLORIZED, ArtifactKind.COLORIZED),
        )
        return [ChapterSummary(**{each.name: row[each.name] for each in fields(ChapterSummary)}) for row in rows]

    async def chapter_pages(self, chapter_id: str) -> list[ChapterPage]:
        """The pages of a chapter that Pass 1 has seen, by number; empty where there is no such chapter."""
        pages = await self._database.read(
            "SELECT * FROM chapter_pages WHERE chapter_id = ? ORDER BY page_num", (chapter_id,)
        )
        files = await self._database.read(
            "SELECT * FROM chapter_artifacts JOIN artifact_files USING (sha256) WHERE chapter_id = ? ORDER BY kind",
            (chapter_id,),
        )
        by_page: dict[int, list[Artifact]] = {}
        for row in files:
            by_page.setdefault(row["page_num"], []).append(_artifact(row))
        return [
            ChapterPage(
                page["page_num"],
                page["name"],
                page["asset_sha256"],
                tuple(by_page.get(page["page_num"], ())),
            )
            for page in pages
        ]


def _artifact(row: Row) -> Artifact:
    return Artifact(
        kind=ArtifactKind(row["kind"]),
        page_num=row["page_num"],
        media_type=row["media_type"],
        size=row["size"],
        sha256=row["sha256"],
    )
