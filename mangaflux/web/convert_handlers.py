"""POST /v1/convert: a page in, its colours out, as the page conversion of Suwayomi-Server wants it."""

import logging

from aiohttp import web

from mangaflux.errors import MangaFluxError, NotFoundError
from mangaflux.submission import Unkept
from mangaflux.web.keys import PARTS, SETTINGS
from mangaflux.web.single_pages import (
    SINGLE_PAGES,
    Outcome,
    SentPage,
    outcome_in_time,
    picture_answer,
    read_stored,
    receive_page,
)

logger = logging.getLogger(__name__)

#: Bytes that are given back as they came, and were never looked into.
UNKNOWN_MEDIA_TYPE = "application/octet-stream"


async def convert_page(request: web.Request) -> web.Response:
    """The coloured page, or the page as it came where it has no colours in time, whatever the reason; always 200.

    The caller saves whatever it gets without a look at the status, so what is not coloured has to come back unchanged.
    The job is one like any other: it goes on where the caller has gone or the time is over.

    Raises:
        NotFoundError: the route is off.
        InvalidRequestError, ImageTooLargeError, SlowBodyError: no page arrived that could be given back
            (see `silent_refusals.py`).
    """
    if not request.app[SETTINGS].compatibility.convert:
        raise NotFoundError(
            "This address is off: set compatibility.convert and compatibility.style_reference to turn it on."
        )
    page = await receive_page(request)
    if isinstance(page, Unkept):
        return _unchanged(page.data, UNKNOWN_MEDIA_TYPE, _failure(page.refusal))
    return await _answer(request, page)


async def _answer(request: web.Request, page: SentPage) -> web.Response:
    parts = request.app[PARTS]
    try:
        job = await request.app[SINGLE_PAGES].queue(request, page)
        outcome = await outcome_in_time(parts, job, request.app[SETTINGS].compatibility.convert_wait_seconds)
        if outcome.coloured is not None:
            data = await read_stored(parts, parts.artifacts.files, outcome.coloured)
            return picture_answer(data, outcome.coloured.media_type, outcome)
    except MangaFluxError as error:
        outcome = _failure(error)
    original = await read_stored(parts, parts.assets.files, page.asset.file)
    return _unchanged(original, page.asset.file.media_type, outcome)


def _failure(error: MangaFluxError) -> Outcome:
    return Outcome(None, error.code, error.message)


def _unchanged(data: bytes, media_type: str, outcome: Outcome) -> web.Response:
    level = logging.INFO if outcome.is_skipped else logging.WARNING
    logger.log(level, "/v1/convert gave a page back as it came (%s): %s", outcome.reason, outcome.message)
    return picture_answer(data, media_type, outcome)
