"""Jobs after they were accepted: looking, cancelling, retrying, and the archive of finished pages."""

from aiohttp import web

from mangaflux.web.answers import json_answer
from mangaflux.web.archive import job_archive
from mangaflux.web.bodies import read_json_body, refuse_other_media_types
from mangaflux.web.content_response import answer_file
from mangaflux.web.job_views import artifact_entry, job_detail, job_log, job_states
from mangaflux.web.keys import PARTS
from mangaflux.web.request_schemas import JobChange, JobsQuery
from mangaflux.web.schemas import ArtifactList, JobList
from mangaflux.web.submission_handlers import accept
from mangaflux.web.validation import parse_json, parse_query


async def list_jobs(request: web.Request) -> web.Response:
    """Jobs, newest first, a page at a time."""
    parts = request.app[PARTS]
    query = parse_query(JobsQuery, request)
    jobs, cursor = await parts.jobs.page_through(
        limit=query.limit, before_seq=query.cursor, status=query.status, chapter_id=query.chapter_id
    )
    return json_answer(JobList(jobs=await job_states(parts, jobs), next_cursor=cursor))


async def read_job(request: web.Request) -> web.Response:
    """A job with every page."""
    parts = request.app[PARTS]
    job = await parts.jobs.get(request.match_info["job_id"])
    return json_answer(await job_detail(parts, job))


async def cancel_job(request: web.Request) -> web.Response:
    """Cancels what of a job has not ended; cancelling again changes nothing."""
    parts = request.app[PARTS]
    job = await parts.jobs.cancel(request.match_info["job_id"])
    parts.worker.abort(job.job_id)
    return json_answer(await job_detail(parts, job))


async def retry_job(request: web.Request) -> web.Response:
    """Queues the failed and cancelled pages of an ended job again."""
    parts = request.app[PARTS]
    await parts.admission.check_job()
    job = await parts.jobs.retry(request.match_info["job_id"])
    parts.worker.notify()
    return accept(job)


async def change_job(request: web.Request) -> web.Response:
    """Gives a job another priority, for its pages that are not claimed yet."""
    parts = request.app[PARTS]
    refuse_other_media_types(request, ("application/json",))
    change = parse_json(JobChange, await read_json_body(request))
    job = await parts.jobs.prioritize(request.match_info["job_id"], change.priority)
    return json_answer(await job_detail(parts, job))


async def list_artifacts(request: web.Request) -> web.Response:
    """Every file of a job."""
    parts = request.app[PARTS]
    job = await parts.jobs.get(request.match_info["job_id"])
    artifacts = await parts.artifacts.of_job(job.job_id)
    return json_answer(
        ArtifactList(job_id=job.job_id, artifacts=[artifact_entry(parts, artifact) for artifact in artifacts])
    )


async def read_log(request: web.Request) -> web.Response:
    """What a job spent its time on, and what went wrong."""
    parts = request.app[PARTS]
    return json_answer(await job_log(parts, await parts.jobs.get(request.match_info["job_id"])))


async def read_archive(request: web.Request) -> web.StreamResponse:
    """The finished pages of an ended job as CBZ."""
    parts = request.app[PARTS]
    job = await parts.jobs.get(request.match_info["job_id"])
    stored = await job_archive(request.app, job)
    name = f"{job.chapter_id}.cbz"
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return await answer_file(request, parts.artifacts.files, stored, headers=headers)
