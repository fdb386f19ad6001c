"""Reading request bodies: the right media type, no encoding, never more bytes or more time than the limits allow."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Collection
from typing import TypeVar

from aiohttp import web

from mangaflux.errors import ImageTooLargeError, SlowBodyError
from mangaflux.settings import LimitSettings
from mangaflux.web.keys import SETTINGS

Result = TypeVar("Result")

#: Bytes of a JSON body or of the `request` part of a form. 500 asset names take 40 kB.
MAX_JSON_BYTES = 1024 * 1024
#: Bytes that are taken from the connection at once.
CHUNK_BYTES = 256 * 1024


def refuse_other_media_types(request: web.Request, accepted: Collection[str]) -> None:
    """Lets media types pass that are accepted; `image/*` accepts every image.

    Raises:
        web.HTTPUnsupportedMediaType: another media type, or a body that is encoded, such as with gzip.
    """
    if request.headers.get("Content-Encoding", "identity").strip().lower() != "identity":
        raise web.HTTPUnsupportedMediaType(text="Content-Encoding is not supported; send the body as it is.")
    media_type = request.content_type
    if media_type in accepted or f"{media_type.partition('/')[0]}/*" in accepted:
        return
    names = ", ".join(sorted(accepted))
    raise web.HTTPUnsupportedMediaType(text=f"The media type {media_type} is not accepted here; send {names}.")


class BodyWatch:
    """Watches one body arrive, however many parts it has: how long it stalls, and how large it becomes.

    Waiting uses patience up, and what arrives earns it back; only waiting counts, not what the server does between.
    """

    def __init__(self, limits: LimitSettings) -> None:
        self._limits = limits
        self._patience_seconds = limits.body_patience_seconds
        self._received = 0

    async def wait(self, arrival: Awaitable[Result]) -> Result:
        """What `arrival` brings.

        Raises:
            SlowBodyError: the body does not arrive.
        """
        started = time.monotonic()
        try:
            async with asyncio.timeout(self._patience_seconds):
                return await arrival
        except TimeoutError as error:
            raise SlowBodyError(
                f"The body stalls; {self._limits.body_bytes_per_second} bytes a second are the least "
                "(limits.body_bytes_per_second)."
            ) from error
        finally:
            self._patience_seconds -= time.monotonic() - started

    def count(self, arrived: int) -> None:
        """Takes note of bytes that arrived.

        Raises:
            ImageTooLargeError: the whole body is too large.
        """
        self._received += arrived
        earned = arrived / self._limits.body_bytes_per_second
        self._patience_seconds = min(self._limits.body_patience_seconds, self._patience_seconds + earned)
        limit = self._limits.max_request_bytes
        if self._received > limit:
            raise ImageTooLargeError(
                f"The request has more than {limit} bytes (limits.max_request_bytes); send it in several.",
                details={"max_request_bytes": limit},
            )


async def read_json_body(request: web.Request) -> bytes:
    """The body of a JSON request.

    Raises:
        ImageTooLargeError: more than `MAX_JSON_BYTES`.
        SlowBodyError: it does not arrive.
    """
    return await read_all(capped(body_chunks(request), MAX_JSON_BYTES, "The JSON body", "max_json_bytes"))


async def read_all(chunks: AsyncIterator[bytes]) -> bytes:
    """All chunks as one."""
    data = bytearray()
    async for chunk in chunks:
        data += chunk
    return bytes(data)


async def capped(chunks: AsyncIterator[bytes], max_bytes: int, what: str, limit: str) -> AsyncIterator[bytes]:
    """The chunks, up to the first byte too many.

    Raises:
        ImageTooLargeError: more than `max_bytes`; `details` name the limit.
    """
    size = 0
    async for chunk in chunks:
        size += len(chunk)
        if size > max_bytes:
            raise ImageTooLargeError(f"{what} has more than {max_bytes} bytes ({limit}).", details={limit: max_bytes})
        yield chunk


async def body_chunks(request: web.Request) -> AsyncIterator[bytes]:
    """The body of a request as it arrives.

    Raises:
        SlowBodyError: it does not arrive.
    """
    watch = BodyWatch(request.app[SETTINGS].limits)
    while chunk := await watch.wait(request.content.read(CHUNK_BYTES)):
        watch.count(len(chunk))
        yield chunk
