"""Reading request bodies: the right media type, no encoding, and never more bytes than a limit allows."""

from collections.abc import AsyncIterator, Collection

from aiohttp import web

from mangaflux.errors import ImageTooLargeError

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


async def read_json_body(request: web.Request) -> bytes:
    """The body of a JSON request.

    Raises:
        ImageTooLargeError: more than `MAX_JSON_BYTES`.
    """
    return await read_capped(_chunks(request), MAX_JSON_BYTES, "The JSON body", "max_json_bytes")


async def read_raw_image(request: web.Request, max_bytes: int) -> bytes:
    """The body of a request that is one image.

    Raises:
        ImageTooLargeError: more than `max_bytes`.
    """
    return await read_capped(_chunks(request), max_bytes, "The image", "max_upload_bytes")


async def read_capped(chunks: AsyncIterator[bytes], max_bytes: int, what: str, limit: str) -> bytes:
    """All chunks as one; stops reading at the first byte too many.

    Raises:
        ImageTooLargeError: more than `max_bytes`; `details` name the limit.
    """
    data = bytearray()
    async for chunk in chunks:
        data += chunk
        if len(data) > max_bytes:
            raise ImageTooLargeError(f"{what} has more than {max_bytes} bytes ({limit}).", details={limit: max_bytes})
    return bytes(data)


async def _chunks(request: web.Request) -> AsyncIterator[bytes]:
    async for chunk in request.content.iter_chunked(CHUNK_BYTES):
        yield chunk
