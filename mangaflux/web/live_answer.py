"""Answers that go on while there is news: sent piece by piece to readers who may leave, or stop to read."""

import asyncio

from aiohttp import web

from mangaflux.web.keys import SETTINGS

#: Proxies must neither keep nor compress such an answer; nginx buffers unless told.
LIVE_HEADERS = {"Cache-Control": "no-cache, no-transform", "X-Accel-Buffering": "no"}


class ReaderGoneError(Exception):
    """The reader closed the connection, or did not read for too long."""


async def send_piece(request: web.Request, response: web.StreamResponse, data: bytes) -> None:
    """Sends the next piece of an answer that was prepared.

    Raises:
        ReaderGoneError: the reader left, or does not read; the connection is closed.
    """
    try:
        async with asyncio.timeout(request.app[SETTINGS].events.write_timeout_seconds):
            await response.write(data)
    except (TimeoutError, ConnectionError) as error:
        # Whatever is still buffered will never be read.
        if request.transport is not None:
            request.transport.abort()
        raise ReaderGoneError from error
