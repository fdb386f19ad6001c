"""Small pictures of stored images, so that a chapter of 200 pages can be looked at in one view."""

import asyncio
import io
from collections import OrderedDict

import numpy as np
from aiohttp import web
from numpy.typing import NDArray
from PIL import Image

from mangaflux.engine.imaging import decode_original
from mangaflux.errors import NotFoundError, UnreadableImageError
from mangaflux.parts import Parts
from mangaflux.storage.content_files import ContentFiles, StoredFile
from mangaflux.web.content_response import CACHE_FOR_EVER
from mangaflux.web.keys import PARTS, SETTINGS
from mangaflux.web.request_schemas import ThumbnailQuery
from mangaflux.web.validation import parse_query

MEDIA_TYPE = "image/webp"
#: WebP's own scale, 0–100: at 78 the screentone of a thumbnail shows no blocks.
QUALITY = 78
#: Pillow's scale of effort, 0–6: 2 takes half the time of the default and 5 % more bytes.
EFFORT = 2
#: Longest side that WebP can hold.
MAX_SIDE = 16_383
#: Bytes of thumbnails that are kept in memory; browsers keep their own, so a later look costs nothing here.
KEPT_BYTES = 32 * 1024 * 1024


class Thumbnails:
    """Thumbnails made since the start, the least recently used forgotten first; one is made at a time.

    One at a time, because a page in full takes up to a few hundred megabytes while it is made smaller.
    """

    def __init__(self) -> None:
        self.lock = asyncio.Lock()
        self._kept: OrderedDict[tuple[str, int], bytes] = OrderedDict()
        self._bytes = 0

    def get(self, sha256: str, width: int) -> bytes | None:
        """A thumbnail that was made before."""
        data = self._kept.get((sha256, width))
        if data is not None:
            self._kept.move_to_end((sha256, width))
        return data

    def keep(self, sha256: str, width: int, data: bytes) -> None:
        """Notes a thumbnail, and forgets old ones where they take too much."""
        self._kept[sha256, width] = data
        self._bytes += len(data)
        while self._bytes > KEPT_BYTES:
            self._bytes -= len(self._kept.popitem(last=False)[1])


#: The thumbnails of an application.
THUMBNAILS: web.AppKey[Thumbnails] = web.AppKey("thumbnails", Thumbnails)


async def read_thumbnail(request: web.Request) -> web.Response:
    """An image of a client or a coloured page, not wider than asked for; the address names the content for ever."""
    sha256, width = request.match_info["sha256"], parse_query(ThumbnailQuery, request).width
    headers = {"Cache-Control": CACHE_FOR_EVER, "ETag": f'"{sha256}-{width}"'}
    if any(etag.value in (f"{sha256}-{width}", "*") for etag in request.if_none_match or ()):
        return web.Response(status=304, headers=headers)
    data = await _thumbnail(request, sha256, width)
    return web.Response(body=data, content_type=MEDIA_TYPE, headers=headers)


def make_thumbnail(pixels: NDArray[np.uint8], width: int) -> bytes:
    """WebP bytes of (H, W, 3) uint8 pixels, scaled down to `width`, never up."""
    image = Image.fromarray(pixels)
    height = max(1, round(image.height * width / image.width))
    # `reducing_gap` shrinks by whole numbers first, which is several times quicker and looks the same.
    image.thumbnail((min(width, image.width), min(height, MAX_SIDE)), Image.Resampling.LANCZOS, reducing_gap=2.0)
    buffer = io.BytesIO()
    image.save(buffer, "WEBP", quality=QUALITY, method=EFFORT)
    return buffer.getvalue()


async def _thumbnail(request: web.Request, sha256: str, width: int) -> bytes:
    thumbnails, parts = request.app[THUMBNAILS], request.app[PARTS]
    if (kept := thumbnails.get(sha256, width)) is not None:
        return kept
    folder, stored = await _stored_image(parts, sha256)
    max_pixels = request.app[SETTINGS].limits.max_pixels

    def make() -> bytes:
        return make_thumbnail(
            decode_original(folder.read(stored.sha256, stored.media_type), max_pixels=max_pixels), width
        )

    async with thumbnails.lock:
        # Another request may have made it while this one waited.
        if (kept := thumbnails.get(sha256, width)) is not None:
            return kept
        try:
            data = await asyncio.get_running_loop().run_in_executor(parts.files, make)
        except UnreadableImageError as error:
            raise NotFoundError(f"The image {sha256[:12]}… cannot be shown: {error.message}") from error
        thumbnails.keep(sha256, width, data)
    return data


async def _stored_image(parts: Parts, sha256: str) -> tuple[ContentFiles, StoredFile]:
    if (asset := await parts.assets.get(sha256)) is not None:
        return parts.assets.files, asset.file
    artifact = await parts.artifacts.file(sha256)
    if artifact is None or not artifact.media_type.startswith("image/"):
        raise NotFoundError(f"There is no image {sha256}.")
    return parts.artifacts.files, artifact
