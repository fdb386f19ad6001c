"""Every address of the server, once: what serves it, what it takes and what it answers."""

from pydantic import BaseModel

from mangaflux import comic_archive
from mangaflux.engine.analysis.metadata import PageMetadata
from mangaflux.engine.runmeta import RunMeta
from mangaflux.web import (
    asset_handlers,
    chapter_handlers,
    engine_handlers,
    event_stream,
    health_handlers,
    job_handlers,
    removal_handlers,
    sessions,
    storage_handlers,
    submission_handlers,
)
from mangaflux.web.request_schemas import (
    EventsQuery,
    JobChange,
    JobsQuery,
    MaskQuery,
    Pass1Request,
    Pass2Request,
    RerollRequest,
    TwoPassRequest,
)
from mangaflux.web.route import JSON, Answer, Body, Route
from mangaflux.web.schemas import (
    AcceptedJob,
    Alive,
    ArtifactList,
    ChapterList,
    ChapterPages,
    Engines,
    EngineState,
    JobDetail,
    JobList,
    JobLog,
    Readiness,
    ReferenceList,
    Storage,
    StoredAsset,
    Version,
)

_JOB = "/v1/jobs/{job_id}"
_CHAPTER = "/v1/chapters/{chapter_id}"
_PAGE = _CHAPTER + r"/pages/{page_num:\d{1,5}}"
_SHA256 = "{sha256:[0-9a-f]{64}}"

_PAGES_PART = (
    "Page images, numbered from 1 in natural file-name order; in the order sent where one of them has no file name."
)
_REFERENCE_PART = "One to four coloured images. Mandatory, here or by name in the request."
_ACCEPTED = {
    202: Answer(
        "Queued.",
        AcceptedJob,
        headers={
            "Location": "The address of the job.",
            "Idempotency-Replayed": "`true` where the same request had made the job before.",
        },
    )
}
_IDEMPOTENCY_KEY = {"Idempotency-Key": "The same key with the same request is answered with the same job; kept 24 h."}
_CANNOT_NOW = {
    429: "As much waits as the limits allow; Retry-After says when to try again.",
    503: "The server is stopping.",
    507: "The disk of the server is full or fails.",
}
_REFUSED_WORK = {
    403: "A path outside the input roots of the server, or a URL that it may not fetch.",
    404: "An asset that was never uploaded.",
    408: "The body stalls.",
    413: "Too many bytes, pixels or pages; `details` name the limit.",
    415: "A media type or an encoding that is not taken.",
    422: "The request does not fit; the message names the field. Or the Idempotency-Key was sent with another one.",
    **_CANNOT_NOW,
}
_NO_ENGINE = {404: "There is no such engine."}
_NO_JOB = {404: "There is no such job.", 410: "It was there, and has expired or was deleted."}
_NO_PAGE = {
    404: "There is no such page (`not_found`), or the file is not there: `not_ready`, with the status of the page."
}
_CONDITIONS = {
    "If-None-Match": "304 where this is the ETag.",
    "Range": "206 with a part of the file.",
    "If-Range": "The whole file where this is not the ETag.",
}
_EVENTS = Answer("Server-Sent Events.", media_types=("text/event-stream",))
_LAST_EVENT_ID = {"Last-Event-ID": "Replay what came later than the event of this id."}


def _file(description: str, *media_types: str, model: type[BaseModel] | None = None) -> dict[int, Answer]:
    etag = {"ETag": "The SHA-256 of the file."}
    return {
        200: Answer(description, model, media_types, headers=etag),
        206: Answer("A part of the file.", media_types=media_types, headers=etag),
        304: Answer("The copy of the client is the latest."),
    }


ROUTES: tuple[Route, ...] = (
    Route("GET", "/healthz", health_handlers.healthz, "Is it alive?", {200: Answer("It is.", Alive)}),
    Route(
        "GET",
        "/readyz",
        health_handlers.readyz,
        "Can it take work?",
        {200: Answer("It can.", Readiness), 503: Answer("Not now; the reasons say why.", Readiness)},
    ),
    Route("GET", "/version", health_handlers.version, "Which version is it?", {200: Answer("Versions.", Version)}),
    Route(
        "GET",
        "/openapi.json",
        health_handlers.read_openapi,
        "This description",
        {200: Answer("OpenAPI 3.1.", media_types=(JSON,)), 304: Answer("The copy of the client is the latest.")},
        headers={"If-None-Match": "304 where this is the ETag."},
    ),
    Route(
        "POST",
        "/v1/session",
        sessions.open_session,
        "Trade the token for a cookie",
        {204: Answer("The cookie stands for the token on pages of this server.", headers={"Set-Cookie": "It."})},
    ),
    Route(
        "GET",
        "/v1/engines",
        engine_handlers.list_engines,
        "What can colour here, and why not",
        {200: Answer("The engines.", Engines)},
    ),
    Route(
        "POST",
        "/v1/engines/{name}/load",
        engine_handlers.load_engine,
        "Load an engine, and keep it warm",
        {202: Answer("It begins to load after the page that is on the device; `/readyz` tells the end.", EngineState)},
        {**_NO_ENGINE, 409: "The engine cannot run here; `details` hold the reason and the fix."},
    ),
    Route(
        "POST",
        "/v1/engines/{name}/unload",
        engine_handlers.unload_engine,
        "Free the device",
        {202: Answer("It is unloaded after the page that is on the device; the next page loads it.", EngineState)},
        _NO_ENGINE,
    ),
    Route(
        "POST",
        "/v1/assets",
        asset_handlers.store_asset,
        "Store an image",
        {201: Answer("Stored.", StoredAsset), 200: Answer("It was stored before.", StoredAsset)},
        {
            408: "The body stalls.",
            413: "Too many bytes or pixels; `details` name the limit.",
            415: "A media type or an encoding that is not taken.",
            422: "Not an image that can be read.",
            503: "The server is stopping.",
            507: "The disk of the server is full or fails.",
        },
        Body(
            uploads={"image": "The image; the part may have any name."}, images=("image/*", "application/octet-stream")
        ),
    ),
    Route(
        "HEAD",
        f"/v1/assets/{_SHA256}",
        asset_handlers.check_asset,
        "Is an image stored?",
        {200: Answer("It is.")},
        {404: "It is not: upload it."},
    ),
    Route(
        "POST",
        "/v1/jobs/two-pass",
        submission_handlers.submit_two_pass,
        "Analyse and colour pages",
        _ACCEPTED,
        {**_REFUSED_WORK, 409: "The engine cannot run here."},
        Body(TwoPassRequest, ("style_reference",), {"pages": _PAGES_PART, "style_reference": _REFERENCE_PART}),
        headers=_IDEMPOTENCY_KEY,
    ),
    Route(
        "POST",
        "/v1/jobs/pass1",
        submission_handlers.submit_pass1,
        "Analyse pages",
        _ACCEPTED,
        _REFUSED_WORK,
        Body(Pass1Request, uploads={"pages": _PAGES_PART}),
        headers=_IDEMPOTENCY_KEY,
    ),
    Route(
        "POST",
        "/v1/jobs/pass2",
        submission_handlers.submit_pass2,
        "Colour pages that were analysed before",
        _ACCEPTED,
        {**_REFUSED_WORK, 409: "Pages without Pass 1, named in `details`; or the engine cannot run here."},
        Body(Pass2Request, ("style_reference",), {"style_reference": _REFERENCE_PART}),
        headers=_IDEMPOTENCY_KEY,
    ),
    Route(
        "GET",
        "/v1/jobs",
        job_handlers.list_jobs,
        "Jobs, newest first",
        {200: Answer("Some jobs, and the cursor of the next.", JobList)},
        {422: "A parameter does not fit."},
        query=JobsQuery,
    ),
    Route("GET", _JOB, job_handlers.read_job, "A job with every page", {200: Answer("The job.", JobDetail)}, _NO_JOB),
    Route(
        "PATCH",
        _JOB,
        job_handlers.change_job,
        "Change the priority of a job",
        {200: Answer("The job.", JobDetail)},
        {**_NO_JOB, 409: "It has ended.", 415: "Not JSON.", 422: "The request does not fit."},
        Body(JobChange),
    ),
    Route(
        "DELETE",
        _JOB,
        removal_handlers.delete_job,
        "Throw an ended job away",
        {204: Answer("It is gone, with what no other job has of its files.")},
        {**_NO_JOB, 409: "It has not ended: cancel it first."},
    ),
    Route(
        "POST",
        f"{_JOB}/cancel",
        job_handlers.cancel_job,
        "Cancel what of a job has not ended",
        {200: Answer("The job; an ended one is unchanged.", JobDetail)},
        _NO_JOB,
    ),
    Route(
        "POST",
        f"{_JOB}/retry",
        job_handlers.retry_job,
        "Try the failed and cancelled pages of a job again",
        _ACCEPTED,
        {**_NO_JOB, **_CANNOT_NOW, 409: "It has not ended, or nothing of it can be tried again."},
    ),
    Route(
        "GET",
        f"{_JOB}/artifacts",
        job_handlers.list_artifacts,
        "Every file of a job",
        {200: Answer("The files, by page and kind.", ArtifactList)},
        _NO_JOB,
    ),
    Route(
        "GET",
        f"{_JOB}/logs",
        job_handlers.read_log,
        "What a job spent its time on, and what went wrong",
        {200: Answer("Times per stage, and errors.", JobLog)},
        _NO_JOB,
    ),
    Route(
        "GET",
        f"{_JOB}/events",
        event_stream.stream_job,
        "Events of one job",
        {200: _EVENTS, 204: Answer("The job has ended and nothing is left to replay.")},
        {**_NO_JOB, 422: "Not the id of an event."},
        query=EventsQuery,
        headers=_LAST_EVENT_ID,
    ),
    Route(
        "GET",
        "/v1/events",
        event_stream.stream_all,
        "Events of all jobs",
        {200: _EVENTS},
        {422: "Not the id of an event."},
        query=EventsQuery,
        headers=_LAST_EVENT_ID,
    ),
    Route(
        "GET",
        f"{_JOB}/archive.cbz",
        job_handlers.read_archive,
        "The finished pages of a job as CBZ",
        _file("The archive.", comic_archive.MEDIA_TYPE),
        {404: "There is no such job, or it has not ended or finished no page (`not_ready`)."},
        headers=_CONDITIONS,
    ),
    Route(
        "GET",
        "/v1/chapters",
        chapter_handlers.list_chapters,
        "Every chapter",
        {200: Answer("The chapters, most recently changed first.", ChapterList)},
    ),
    Route(
        "GET",
        f"{_CHAPTER}/pages",
        chapter_handlers.list_pages,
        "The pages of a chapter",
        {200: Answer("The pages and which files there are of each.", ChapterPages)},
        {404: "There is no such chapter."},
    ),
    Route(
        "DELETE",
        _CHAPTER,
        removal_handlers.delete_chapter,
        "Throw a chapter away with all its jobs",
        {204: Answer("It is gone.")},
        {404: "There is no such chapter.", 409: "A job of it has not ended: cancel it first."},
    ),
    Route(
        "DELETE",
        _PAGE,
        removal_handlers.delete_page,
        "Throw a page of a chapter away",
        {204: Answer("It is gone, in every job that had it.")},
        {404: "There is no such page.", 409: "A job that has it has not ended: cancel it first."},
    ),
    Route(
        "POST",
        f"{_PAGE}/reroll",
        submission_handlers.reroll_page,
        "Colour a page again with another seed",
        _ACCEPTED,
        {
            **_CANNOT_NOW,
            409: "No job was to colour this page, Pass 1 of it is not done, or the engine cannot run here.",
            415: "Not JSON.",
            422: "The request does not fit, or a style reference is not kept any more.",
        },
        Body(RerollRequest, is_required=False),
    ),
    Route(
        "GET",
        "/v1/references",
        storage_handlers.list_references,
        "Style references that jobs were given",
        {200: Answer("The references, the latest used first.", ReferenceList)},
    ),
    Route(
        "GET",
        "/v1/storage",
        storage_handlers.read_storage,
        "How much of the disk is used, and the limits",
        {200: Answer("Disk use and limits.", Storage)},
    ),
    Route(
        "GET",
        f"{_PAGE}/metadata",
        chapter_handlers.read_metadata,
        "What Pass 1 says of a page",
        _file("The latest page metadata.", JSON, model=PageMetadata),
        _NO_PAGE,
        headers=_CONDITIONS,
    ),
    Route(
        "GET",
        f"{_PAGE}/runmeta/pass1",
        chapter_handlers.read_pass1_runmeta,
        "How Pass 1 of a page ran",
        _file("The latest runmeta.", JSON, model=RunMeta),
        _NO_PAGE,
        headers=_CONDITIONS,
    ),
    Route(
        "GET",
        f"{_PAGE}/runmeta/pass2",
        chapter_handlers.read_pass2_runmeta,
        "How Pass 2 of a page ran",
        _file("The latest runmeta.", JSON, model=RunMeta),
        _NO_PAGE,
        headers=_CONDITIONS,
    ),
    Route(
        "GET",
        f"{_PAGE}/mask",
        chapter_handlers.read_mask,
        "A mask of a page",
        _file("The latest mask: mode L, 0 and 255, page size.", "image/png"),
        {**_NO_PAGE, 422: "There is no mask of this kind."},
        query=MaskQuery,
        headers=_CONDITIONS,
    ),
    Route(
        "GET",
        f"{_PAGE}/colorized",
        chapter_handlers.read_colorized,
        "The coloured page",
        _file("The latest coloured page.", "image/png"),
        _NO_PAGE,
        headers=_CONDITIONS,
    ),
    Route(
        "GET",
        f"/v1/artifacts/{_SHA256}",
        chapter_handlers.read_artifact,
        "A file by its SHA-256, cacheable for ever",
        _file("The file.", "image/png", JSON),
        {404: "There is no such file."},
        headers=_CONDITIONS,
    ),
)
