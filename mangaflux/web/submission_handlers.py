"""POST /v1/jobs/…: what to do with which pages → a queued job."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TypeVar

from aiohttp import web
from pydantic import BaseModel

from mangaflux.errors import (
    ConflictError,
    ImageTooLargeError,
    InvalidRequestError,
    PathForbiddenError,
    StyleReferenceError,
    UrlForbiddenError,
)
from mangaflux.image_sources import ImageSource
from mangaflux.jobs import Job, Sender
from mangaflux.web.answers import json_answer
from mangaflux.web.bodies import read_json_body, refuse_other_media_types
from mangaflux.web.input_names import image_source, input_path, sources_inside
from mangaflux.web.job_views import accepted_job, job_links
from mangaflux.web.keys import PARTS, SETTINGS
from mangaflux.web.page_fetch import NamedUrl, fetch_images, is_url
from mangaflux.web.request_schemas import Pass1Request, Pass2Request, RerollRequest, TwoPassRequest
from mangaflux.web.senders import IDEMPOTENCY_REPLAYED, client_name, job_sent_before, refuse_job_early, sender_of
from mangaflux.web.uploads import JobForm, file_name, read_job_form
from mangaflux.web.validation import parse_json

JSON_OR_FORM = ("application/json", "multipart/form-data")
#: Seconds after which looking at a new job is worth a request.
POLL_AFTER_SECONDS = 1

Model = TypeVar("Model", bound=BaseModel)
Result = TypeVar("Result")
NumberedPages = list[tuple[int, ImageSource]]


async def submit_two_pass(request: web.Request) -> web.Response:
    """Queues both passes of pages."""
    form = await _read(request, TwoPassRequest)
    sender = sender_of(request, form)
    if (earlier := await job_sent_before(request, sender)) is not None:
        return accept(earlier, replayed=True)
    sent = form.request
    references = await _references(request, sent.style_reference, form.references, sent.referer)
    job = await request.app[PARTS].submissions.submit_two_pass(
        chapter_id=sent.chapter_id,
        pages=await _pages(request, sent, form.pages),
        references=references,
        engine=sent.engine,
        params=sent.options,
        priority=sent.priority,
        sender=sender,
    )
    return accept(job)


async def submit_pass1(request: web.Request) -> web.Response:
    """Queues Pass 1 of pages."""
    form = await _read(request, Pass1Request, accepts_references=False)
    sender = sender_of(request, form)
    if (earlier := await job_sent_before(request, sender)) is not None:
        return accept(earlier, replayed=True)
    sent = form.request
    job = await request.app[PARTS].submissions.submit_pass1(
        chapter_id=sent.chapter_id,
        pages=await _pages(request, sent, form.pages),
        params=sent.options,
        priority=sent.priority,
        sender=sender,
    )
    return accept(job)


async def submit_pass2(request: web.Request) -> web.Response:
    """Queues Pass 2 of pages that Pass 1 has seen."""
    form = await _read(request, Pass2Request, accepts_pages=False)
    sender = sender_of(request, form)
    if (earlier := await job_sent_before(request, sender)) is not None:
        return accept(earlier, replayed=True)
    sent = form.request
    job = await request.app[PARTS].submissions.submit_pass2(
        chapter_id=sent.chapter_id,
        page_nums=sent.page_nums,
        references=await _references(request, sent.style_reference, form.references, sent.referer),
        engine=sent.engine,
        params=sent.options,
        priority=sent.priority,
        sender=sender,
    )
    return accept(job)


async def reroll_page(request: web.Request) -> web.Response:
    """Queues a page of a chapter again, as the last job coloured it but with another seed."""
    sent = RerollRequest()
    if request.body_exists:
        refuse_other_media_types(request, ("application/json",))
        sent = parse_json(RerollRequest, await read_json_body(request))
    parts = request.app[PARTS]
    chapter_id, page_num = request.match_info["chapter_id"], int(request.match_info["page_num"])
    before = await parts.jobs.last_coloured(chapter_id, page_num)
    if before is None:
        raise ConflictError(
            f"No job was to colour page {page_num} of {chapter_id}; send one with a style reference.",
            details={"chapter_id": chapter_id, "page_num": page_num},
        )
    seed = {"seed_mode": "random", "seed": None} if sent.seed is None else {"seed_mode": "fixed", "seed": sent.seed}
    job = await parts.submissions.submit_pass2(
        chapter_id=chapter_id,
        page_nums=[page_num],
        references=[ImageSource(f"asset:{sha256}", asset_sha256=sha256) for sha256 in before.references],
        engine=before.engine,
        params=before.params.model_copy(update=seed),
        sender=Sender(client=client_name(request)),
    )
    return accept(job)


def accept(job: Job, *, replayed: bool = False) -> web.Response:
    """202 with the address of the job; `replayed` where the same request made it before."""
    headers = {"Location": job_links(job.job_id).self, "Retry-After": str(POLL_AFTER_SECONDS)}
    if replayed:
        headers[IDEMPOTENCY_REPLAYED] = "true"
    return json_answer(accepted_job(job), status=202, headers=headers)


async def _read(
    request: web.Request, model: type[Model], *, accepts_pages: bool = True, accepts_references: bool = True
) -> JobForm[Model]:
    await refuse_job_early(request)
    refuse_other_media_types(request, JSON_OR_FORM)
    if request.content_type == "application/json":
        return JobForm(parse_json(model, await read_json_body(request)))
    return await read_job_form(
        request,
        model,
        request.app[PARTS].submissions,
        request.app[SETTINGS].limits,
        accepts_pages=accepts_pages,
        accepts_references=accepts_references,
    )


async def _pages(request: web.Request, sent: Pass1Request, uploads: Sequence[ImageSource]) -> NumberedPages:
    """The pages of a job with their numbers.

    Raises:
        InvalidRequestError: none, both uploaded and named ones, or not what `input_mode` says.
        PathForbiddenError: a path outside the input roots.
    """
    if uploads and sent.named_inputs:
        raise InvalidRequestError(f"Pages are uploaded and named by {sent.named_inputs[0]}; send them one way only.")
    sources = uploads or await _named_pages(request, sent)
    if not sent.is_single:
        return list(enumerate(sources, start=1))
    if len(sources) != 1:
        raise InvalidRequestError(f"input_mode single takes one page; this request has {len(sources)}.")
    return [(sent.page_num or 1, sources[0])]


async def _named_pages(request: web.Request, sent: Pass1Request) -> Sequence[ImageSource]:
    roots = request.app[SETTINGS].input_roots
    if sent.input_dir is not None:
        folder = sent.input_dir
        path = await _on_files(request, lambda: input_path(folder, roots, "input_dir"))
        sources = await request.app[PARTS].submissions.list_images(path)
        return await _on_files(request, lambda: sources_inside(sources, roots, "input_dir"))
    named = [("page_image", sent.page_image)] if sent.page_image else _numbered("pages", sent.pages or [])
    if not named:
        raise InvalidRequestError("No pages: send page_image, input_dir or pages, or upload parts named pages.")
    limit = request.app[SETTINGS].limits.max_pages
    if len(named) > limit:
        raise ImageTooLargeError(
            f"pages has {len(named)} entries; one job takes at most {limit} (limits.max_pages).",
            details={"max_pages": limit},
        )
    found = await _found(request, named, sent.referer)
    return _renamed(found, sent.page_names) if sent.page_names else found


def _renamed(sources: Sequence[ImageSource], names: Sequence[str]) -> list[ImageSource]:
    return [replace(source, name=file_name(name) or source.name) for source, name in zip(sources, names, strict=True)]


async def _found(request: web.Request, named: Sequence[tuple[str, str]], referer: str | None) -> Sequence[ImageSource]:
    """The images of (field, name); paths are looked up first, since that is quick to refuse."""
    settings, submissions = request.app[SETTINGS], request.app[PARTS].submissions
    places = [(field, name) for field, name in named if not is_url(name)]
    roots = settings.input_roots
    found = iter(await _on_files(request, lambda: [image_source(name, roots, field) for field, name in places]))
    urls = [NamedUrl(field, name) for field, name in named if is_url(name)]
    fetched = iter(await fetch_images(urls, referer, submissions, settings) if urls else ())
    return [next(fetched) if is_url(name) else next(found) for _, name in named]


async def _references(
    request: web.Request, names: Sequence[str] | None, uploads: Sequence[ImageSource], referer: str | None
) -> Sequence[ImageSource]:
    """The style references, uploaded or named.

    Raises:
        StyleReferenceError: there are none, or both kinds, or a name that leads to no image.
        PathForbiddenError: a path outside the input roots.
    """
    if uploads and names:
        raise StyleReferenceError("style_reference is uploaded and named in the request; send it one way only.")
    if not uploads and not names:
        raise StyleReferenceError(
            "style_reference is missing. It is mandatory: pages are coloured in its colours and in no others. Upload "
            "a coloured image as a part style_reference, or name one."
        )
    if uploads:
        return uploads
    try:
        return await _found(request, _numbered("style_reference", names or ()), referer)
    except (PathForbiddenError, UrlForbiddenError):
        raise
    except InvalidRequestError as error:
        raise StyleReferenceError(error.message, details=error.details) from error


def _numbered(field: str, names: Sequence[str]) -> list[tuple[str, str]]:
    if len(names) == 1:
        return [(field, names[0])]
    return [(f"{field}[{index}]", name) for index, name in enumerate(names)]


async def _on_files(request: web.Request, call: Callable[[], Result]) -> Result:
    return await asyncio.get_running_loop().run_in_executor(request.app[PARTS].files, call)
