"""Stored jobs, pages and files → what the server says of them."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from mangaflux.jobs import Artifact, ArtifactKind, Job, PagePass, Progress, Status
from mangaflux.parts import Parts
from mangaflux.storage import clock
from mangaflux.web.schemas import (
    AcceptedJob,
    ArtifactEntry,
    JobDetail,
    JobLinks,
    JobLog,
    JobState,
    JobSummary,
    PageError,
    PageState,
    PassError,
    PassState,
    StageTime,
)


def job_links(job_id: str) -> JobLinks:
    """Where everything about a job is."""
    base = f"/v1/jobs/{job_id}"
    return JobLinks(
        self=base,
        events=f"{base}/events",
        artifacts=f"{base}/artifacts",
        logs=f"{base}/logs",
        archive=f"{base}/archive.cbz",
        cancel=f"{base}/cancel",
        retry=f"{base}/retry",
    )


def accepted_job(job: Job) -> AcceptedJob:
    """The body of a 202."""
    return AcceptedJob(job_id=job.job_id, status=job.status, created_at=job.created_at, links=job_links(job.job_id))


async def job_states(parts: Parts, jobs: Sequence[Job]) -> list[JobState]:
    """Jobs with their progress."""
    return [_job_state(job, await parts.jobs.progress(job)) for job in jobs]


async def job_detail(parts: Parts, job: Job) -> JobDetail:
    """A job with every page."""
    state = _job_state(job, await parts.jobs.progress(job))
    passes = await parts.jobs.pages(job.job_id)
    return JobDetail(
        **{name: getattr(state, name) for name in JobState.model_fields},
        summary=_summary(job, state.progress, passes),
        pages=_page_states(passes, await _colorized(parts, job)),
    )


async def job_log(parts: Parts, job: Job) -> JobLog:
    """What a job spent its time on, and what went wrong."""
    rows = await parts.jobs.stage_timings(job.job_id)
    return JobLog(
        job_id=job.job_id,
        entries=[_stage_time(dict(row)) for row in rows],
        errors=_page_errors(await parts.jobs.pages(job.job_id)),
    )


def artifact_entry(parts: Parts, artifact: Artifact) -> ArtifactEntry:
    """A file that a job made."""
    return ArtifactEntry(
        kind=artifact.kind,
        page_num=artifact.page_num,
        media_type=artifact.media_type,
        size=artifact.size,
        sha256=artifact.sha256,
        url=artifact_url(artifact.sha256),
        path=artifact_path(parts, artifact),
    )


def artifact_url(sha256: str) -> str:
    """The immutable address of a file."""
    return f"/v1/artifacts/{sha256}"


def artifact_path(parts: Parts, artifact: Artifact) -> str:
    """The place of a file below the data folder."""
    files = parts.artifacts.files
    return f"{files.folder.name}/{files.relative_path(artifact.sha256, artifact.media_type)}"


def _stage_time(row: dict[str, object]) -> StageTime:
    return StageTime.model_validate(
        {name: round(value, 2) if isinstance(value, float) else value for name, value in row.items()}
    )


def _job_state(job: Job, progress: Progress) -> JobState:
    return JobState(
        job_id=job.job_id,
        kind=job.kind,
        chapter_id=job.chapter_id,
        status=job.status,
        priority=job.priority,
        engine=job.engine,
        options=job.params,
        style_reference=[f"asset:{sha256}" for sha256 in job.references],
        progress=progress,
        created_at=job.created_at,
        started_at=job.started_at,
        finished_at=job.finished_at,
        last_update=job.last_update,
        attempt=job.attempt,
        links=job_links(job.job_id),
    )


def _summary(job: Job, progress: Progress, passes: Sequence[PagePass]) -> JobSummary:
    done = progress.pass1_done if job.kind.passes[-1] == 1 else progress.pass2_done
    message = f"{job.status}: {done} of {progress.total_pages} pages done"
    if progress.skipped:
        message += f", {progress.skipped} of them skipped"
    if progress.failed:
        message += f"; {progress.failed} failed"
    return JobSummary(
        message=f"{message}.",
        seconds=_seconds(job.started_at, job.finished_at),
        failed_pages=_page_nums(passes, Status.FAILED),
        skipped_pages=_page_nums(passes, Status.SKIPPED),
        flagged_pages=_flagged_pages(passes),
    )


def _seconds(started_at: datetime | None, finished_at: datetime | None) -> float | None:
    if started_at is None:
        return None
    return round(((finished_at or clock.now()) - started_at).total_seconds(), 3)


def _page_nums(passes: Sequence[PagePass], status: Status) -> list[int]:
    return sorted({page.page_num for page in passes if page.status is status})


def _flagged_pages(passes: Sequence[PagePass]) -> list[int]:
    return [page.page_num for page in passes if page.fidelity not in (None, "acceptable")]


async def _colorized(parts: Parts, job: Job) -> dict[int, str]:
    """SHA-256 of the coloured pages of a job, by page number."""
    files = await parts.artifacts.of_job(job.job_id)
    return {file.page_num: file.sha256 for file in files if file.kind is ArtifactKind.COLORIZED}


def _page_states(passes: Sequence[PagePass], colorized: Mapping[int, str]) -> list[PageState]:
    by_page: dict[int, dict[int, PagePass]] = {}
    for page in passes:
        by_page.setdefault(page.page_num, {})[page.pass_num] = page
    return [_page_state(page, colorized.get(page_num)) for page_num, page in by_page.items()]


def _page_state(passes: dict[int, PagePass], colorized: str | None) -> PageState:
    page = next(iter(passes.values()))
    return PageState(
        page_num=page.page_num,
        name=page.name,
        page_image=f"asset:{page.asset_sha256}" if page.asset_sha256 else None,
        seed=page.seed,
        colorized_sha256=colorized,
        pass1=_pass_state(passes.get(1)),
        pass2=_pass_state(passes.get(2)),
    )


def _pass_state(page: PagePass | None) -> PassState | None:
    if page is None:
        return None
    return PassState(
        status=page.status,
        attempt=page.attempt,
        cached=page.cached,
        started_at=page.started_at,
        finished_at=page.finished_at,
        reason=page.reason,
        fidelity=page.fidelity,
        error=_pass_error(page),
    )


def _pass_error(page: PagePass) -> PassError | None:
    if page.error_code is None:
        return None
    return PassError(code=page.error_code, message=page.error_message or "")


def _page_errors(passes: Sequence[PagePass]) -> list[PageError]:
    """One error per failed page: a failed Pass 1 fails Pass 2 with it and is told once."""
    first_failures: dict[int, PagePass] = {}
    for page in passes:
        if page.status is Status.FAILED:
            first_failures.setdefault(page.page_num, page)
    return [
        PageError(
            page_num=page.page_num,
            pass_num=page.pass_num,
            code=page.error_code or "",
            message=page.error_message or "",
        )
        for page in first_failures.values()
    ]
