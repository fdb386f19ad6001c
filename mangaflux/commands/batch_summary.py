"""`batch_summary.json` and the coloured archives: what a batch leaves behind beside the pages. Blocks."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict

from mangaflux import __version__
from mangaflux.commands.batch_plan import BatchPlan
from mangaflux.commands.batch_run import PageOutcome, PageResult, summarize
from mangaflux.commands.coloured_archive import coloured_archive_path, write_coloured_archive
from mangaflux.commands.result_folder import page_files, part_of, read_model, sha256_of, write_whole
from mangaflux.engine.analysis.metadata import PageMetadata
from mangaflux.engine.runmeta import RunMeta
from mangaflux.errors import DataFolderError, InvalidRequestError

SUMMARY_NAME = "batch_summary.json"


class _Summarized(BaseModel):
    model_config = ConfigDict(frozen=True)


class SummarizedPage(_Summarized):
    """One page; `colorized` is its file name, None where there is no coloured page."""

    page_num: int
    name: str
    status: PageOutcome
    reason: str | None
    colorized: str | None
    #: True where the drawing did not come out right everywhere, after all repairs; None without a coloured page.
    flagged: bool | None = None
    #: What Pass 1 counted on it; None where it failed.
    panels: int | None = None
    balloons: int | None = None
    lettering: int | None = None


class SummarizedArchive(_Summarized):
    """One coloured archive."""

    name: str
    sha256: str


class BatchSummary(_Summarized):
    """The content of `batch_summary.json`."""

    schema_version: Literal[1] = 1
    mangaflux: str = __version__
    chapter_id: str
    #: None: Pass 1 alone.
    engine: str | None
    params: dict[str, object]
    style_reference: tuple[str, ...]
    finished_at: datetime
    #: Pages by status.
    counts: dict[str, int]
    pages: tuple[SummarizedPage, ...]
    archives: tuple[SummarizedArchive, ...]


def foreign_summaries(output: Path, archives: Sequence[Path]) -> list[Path]:
    """What stands where the summary and the coloured archives of these archives will go, and is not ours."""
    summary_path = output / SUMMARY_NAME
    summary = read_model(BatchSummary, summary_path)
    foreign = [summary_path] if summary_path.exists() and summary is None else []
    ours = {(each.name, each.sha256) for each in summary.archives} if summary else set()
    targets = [coloured_archive_path(output, archive) for archive in archives]
    return foreign + [path for path in targets if path.exists() and (path.name, sha256_of(path)) not in ours]


def refuse_equal_names(archives: Sequence[Path]) -> None:
    """Two archives of one name would become one.

    Raises:
        InvalidRequestError: there are two.
    """
    stems = [archive.stem for archive in archives]
    if double := next((stem for stem in stems if stems.count(stem) > 1), None):
        raise InvalidRequestError(f"Two archives are named {double}; colour them into folders of their own.")


def publish(plan: BatchPlan, results: Mapping[int, PageResult], max_bytes: int) -> BatchSummary:
    """Writes the coloured archives, and the summary that names them.

    An archive of which a page failed is not written: a book with holes looks finished.

    Raises:
        DataFolderError: the output cannot be written.
    """
    whole = [archive for archive in plan.archives if _is_whole(plan, results, archive)]
    try:
        parts = {coloured_archive_path(plan.output, each): _write(plan, results, each, max_bytes) for each in whole}
        written = tuple(SummarizedArchive(name=path.name, sha256=sha256_of(parts[path])) for path in parts)
        summary = _summary(plan, results, written or _archives_so_far(plan))
        # The summary first: it says that the archive is ours, should the process die between the two.
        write_whole(plan.output / SUMMARY_NAME, summary.model_dump_json(indent=1).encode())
        for path in parts:
            part_of(path).replace(path)
    except OSError as error:
        raise DataFolderError(f"{plan.output} cannot be written: {error.strerror}.") from error
    return summary


def _write(plan: BatchPlan, results: Mapping[int, PageResult], archive: Path, max_bytes: int) -> Path:
    pages = {
        page.source.member: None if results[page.page_num].status == "skipped" else _colorized(plan, page.page_num)
        for page in plan.pages
        if page.path == archive and page.source.member is not None
    }
    return write_coloured_archive(
        archive,
        coloured_archive_path(plan.output, archive),
        pages,
        reading_direction=plan.params.reading_direction,
        max_bytes=max_bytes,
    )


def _is_whole(plan: BatchPlan, results: Mapping[int, PageResult], archive: Path) -> bool:
    return all(results[page.page_num].status != "failed" for page in plan.pages if page.path == archive)


def _summary(
    plan: BatchPlan, results: Mapping[int, PageResult], archives: tuple[SummarizedArchive, ...]
) -> BatchSummary:
    return BatchSummary(
        chapter_id=plan.chapter_id,
        engine=plan.engine,
        params=plan.params.model_dump(mode="json"),
        style_reference=tuple(reference.path.name for reference in plan.references),
        finished_at=datetime.now(UTC),
        counts=summarize(results),
        pages=tuple(_page(plan, results[page.page_num]) for page in plan.pages),
        archives=archives,
    )


def _archives_so_far(plan: BatchPlan) -> tuple[SummarizedArchive, ...]:
    """Those of an earlier colouring, which Pass 1 alone leaves as they are."""
    before = read_model(BatchSummary, plan.output / SUMMARY_NAME) if plan.engine is None else None
    return before.archives if before is not None else ()


def _page(plan: BatchPlan, result: PageResult) -> SummarizedPage:
    coloured = result.status in ("completed", "kept") and plan.engine is not None
    failed = result.status == "failed"
    files = page_files(plan.output, result.page_num)
    seen = None if failed else read_model(PageMetadata, files.metadata)
    painted = read_model(RunMeta, files.runmeta_pass2) if coloured else None
    return SummarizedPage(
        page_num=result.page_num,
        name=result.name,
        status=result.status,
        reason=result.reason,
        colorized=files.colorized.name if coloured else None,
        flagged=painted.verdict != "acceptable" if painted else None,
        panels=len(seen.panels) if seen else None,
        balloons=len(seen.balloons) if seen else None,
        lettering=len(seen.lettering) if seen else None,
    )


def _colorized(plan: BatchPlan, page_num: int) -> Path:
    return page_files(plan.output, page_num).colorized
