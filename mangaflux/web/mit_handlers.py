"""/mit/<key>/…: the part of the protocol of manga-image-translator that readers of web comics speak.

They send a page as the part `image` of a form and take a picture, at once or at the end of a stream of frames.
"""

import struct
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing, suppress
from enum import IntEnum

from aiohttp import web

from mangaflux.errors import MangaFluxError, PageFailedError, ServerBusyError
from mangaflux.events import Event, EventType
from mangaflux.jobs import Job
from mangaflux.parts import Parts
from mangaflux.submission import Unkept
from mangaflux.web.keys import PARTS, SETTINGS
from mangaflux.web.live_answer import LIVE_HEADERS, ReaderGoneError, send_piece
from mangaflux.web.mit_key import require_mit_key
from mangaflux.web.single_pages import (
    SINGLE_PAGES,
    Outcome,
    SentPage,
    follow,
    outcome_in_time,
    outcome_of,
    picture_answer,
    read_stored,
    receive_page,
)

#: Readers look for this list in the page at the address; nothing but the name is ours to choose.
TRANSLATORS = "MangaFlux colours pages at this address.\n\nvalidTranslators: ['mangaflux'],\n"
#: Seconds without news after which a frame is repeated: readers that left are found out, and proxies kept awake.
REPEAT_SECONDS = 2.0
#: What readers know to show in their language.
PASS_1_WORD, PASS_2_WORD = b"detection", b"colorizing"

STREAM_HEADERS = {"Content-Type": "application/octet-stream", **LIVE_HEADERS}


class Frame(IntEnum):
    """The first byte of a frame."""

    RESULT = 0
    PROGRESS = 1
    ERROR = 2
    #: How many are before this one, in decimal.
    POSITION = 3
    #: Next in the queue.
    WAITING = 4


def frame(kind: Frame, data: bytes = b"") -> bytes:
    """One frame: its kind in a byte, the length of the data in four, the larger first, and the data."""
    return struct.pack(">BI", kind, len(data)) + data


async def list_translators(request: web.Request) -> web.Response:
    """What a reader may choose from."""
    require_mit_key(request)
    return web.Response(text=TRANSLATORS, headers={"Cache-Control": "no-store"})


async def translate_image(request: web.Request) -> web.Response:
    """The coloured page, or the page as it came where there is nothing to colour."""
    require_mit_key(request)
    parts = request.app[PARTS]
    page = await receive_page(request)
    if isinstance(page, Unkept):
        raise page.refusal
    job = await request.app[SINGLE_PAGES].queue(request, page)
    outcome = await outcome_in_time(parts, job, request.app[SETTINGS].compatibility.mit_wait_seconds)
    data, media_type = await _picture(parts, page, outcome)
    return picture_answer(data, media_type, outcome)


async def stream_translation(request: web.Request) -> web.StreamResponse:
    """Frames from the queue to the picture, or to the sentence that says why there is none.

    The job of a reader who leaves goes on.
    """
    require_mit_key(request)
    page = await receive_page(request)
    response = web.StreamResponse(headers=STREAM_HEADERS)
    await response.prepare(request)
    with suppress(ReaderGoneError):
        async with aclosing(_frames(request, page)) as frames:
            async for each in frames:
                await send_piece(request, response, each)
    return response


async def _frames(request: web.Request, page: SentPage | Unkept) -> AsyncGenerator[bytes]:
    parts = request.app[PARTS]
    try:
        if isinstance(page, Unkept):
            raise page.refusal
        job = await request.app[SINGLE_PAGES].queue(request, page)
        async with aclosing(_news(parts, job, request.app[SETTINGS].compatibility.mit_wait_seconds)) as news:
            async for each in news:
                yield each
        data, _ = await _picture(parts, page, await outcome_of(parts, job.job_id))
        yield frame(Frame.RESULT, data)
    except MangaFluxError as error:
        yield frame(Frame.ERROR, error.message.encode())


async def _news(parts: Parts, job: Job, seconds: float) -> AsyncGenerator[bytes]:
    """Where a job is in the queue, then what is done with its page; each once, and again where nothing else comes."""
    latest = await _position(parts, job)
    yield latest
    async with aclosing(follow(parts, job, seconds, every=REPEAT_SECONDS)) as batches:
        async for events in batches:
            before = latest
            latest = _progress(events) or (latest if latest[0] == Frame.PROGRESS else await _position(parts, job))
            if latest != before or not events:
                yield latest


def _progress(events: Sequence[Event]) -> bytes | None:
    """The frame for the latest tick; None where there is none. A colon would make readers drop its text."""
    ticks = [event for event in events if event.type is EventType.PAGE_PROGRESS]
    return frame(Frame.PROGRESS, PASS_2_WORD if ticks[-1].data["pass"] == 2 else PASS_1_WORD) if ticks else None


async def _position(parts: Parts, job: Job) -> bytes:
    """How many jobs go before this one; larger ones let it pass now and then, so it may be fewer."""
    before = [other for other in await parts.jobs.active() if (-other.priority, other.seq) < (-job.priority, job.seq)]
    return frame(Frame.POSITION, str(len(before)).encode()) if before else frame(Frame.WAITING)


async def _picture(parts: Parts, page: SentPage, outcome: Outcome) -> tuple[bytes, str]:
    """Bytes and media type of what a reader shows in place of the page.

    Raises:
        ServerBusyError: it is not done yet.
        PageFailedError: it could not be coloured.
    """
    if outcome.coloured is not None:
        return await read_stored(parts, parts.artifacts.files, outcome.coloured), outcome.coloured.media_type
    if outcome.is_skipped:
        return await read_stored(parts, parts.assets.files, page.asset.file), page.asset.file.media_type
    if outcome.is_open:
        raise ServerBusyError(outcome.message)
    raise PageFailedError(outcome.message)
