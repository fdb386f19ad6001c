"""Sending content-addressed files: their SHA-256 is their strong ETag; 304, 206 and 416 as in RFC 9110."""

import asyncio
import re
from collections.abc import Mapping
from concurrent.futures import Executor
from pathlib import Path

from aiohttp import ETag, web
from aiohttp.abc import AbstractStreamWriter

from mangaflux.errors import NotFoundError
from mangaflux.storage.content_files import ContentFiles, StoredFile
from mangaflux.web.keys import PARTS

#: The address holds the content's hash: whatever is there once is there for ever.
CACHE_FOR_EVER = "public, max-age=31536000, immutable"
#: The address holds the latest: ask before using a copy.
ASK_AGAIN = "no-cache"


class ContentResponse(web.FileResponse):
    """A file whose ETag is its SHA-256.

    aiohttp's FileResponse makes its ETag of time and size, judges preconditions by that, and ignores an If-Range that
    holds an ETag: a client with an old half would splice two files. So preconditions are judged before, and a Range
    whose If-Range is not this ETag is dropped (RFC 9110, section 13.1.5).
    """

    def __init__(self, path: Path, stored: StoredFile, headers: Mapping[str, str]) -> None:
        super().__init__(path, headers={"Content-Type": stored.media_type, **headers})
        self.sha256 = stored.sha256

    async def prepare(self, request: web.BaseRequest) -> AbstractStreamWriter | None:
        """Sends the file, the part of it that was asked for, or 416."""
        dropped = {"If-Match", "If-None-Match", "If-Modified-Since", "If-Unmodified-Since", "If-Range"}
        is_this_file = request.headers.get("If-Range", f'"{self.sha256}"') == f'"{self.sha256}"'
        if not (is_this_file and _is_one_range(request.headers.get("Range", ""))):
            dropped.add("Range")
        headers = request.headers.copy()
        for name in dropped:
            headers.popall(name, None)
        return await super().prepare(request.clone(headers=headers))


async def set_content_etag(_request: web.Request, response: web.StreamResponse) -> None:
    """Puts the ETag in the place of aiohttp's own, which is set just before this signal is sent."""
    if isinstance(response, ContentResponse):
        response.etag = ETag(response.sha256)


async def answer_file(
    request: web.Request,
    files: ContentFiles,
    stored: StoredFile,
    *,
    cache_control: str = ASK_AGAIN,
    headers: Mapping[str, str] | None = None,
) -> web.StreamResponse:
    """The answer to a request for a stored file.

    Raises:
        NotFoundError: the file is gone.
        web.HTTPPreconditionFailed: an If-Match that is not this file.
    """
    common = {"Cache-Control": cache_control, **(headers or {})}
    if _is_among(stored.sha256, request.if_none_match):
        return web.Response(status=304, headers={**common, "ETag": f'"{stored.sha256}"'})
    if request.if_match is not None and not _is_among(stored.sha256, request.if_match):
        raise web.HTTPPreconditionFailed(text="If-Match names another version of this file.")
    path = files.path(stored.sha256, stored.media_type)
    if not await _exists(path, request.app[PARTS].files):
        raise NotFoundError(f"The stored file {stored.sha256[:12]}… is gone.")
    return ContentResponse(path, stored, common)


def _is_one_range(header: str) -> bool:
    """True for one range of bytes; anything else a server may ignore (RFC 9110, section 14.2), and aiohttp does not."""
    matched = re.fullmatch(r"bytes=(\d*)-(\d*)", header.strip())
    if matched is None or not any(matched.groups()):
        return False
    first, last = matched.groups()
    return not (first and last) or int(first) <= int(last)


def _is_among(sha256: str, etags: tuple[ETag, ...] | None) -> bool:
    return any(etag.value in (sha256, "*") for etag in etags or ())


async def _exists(path: Path, files: Executor) -> bool:
    return await asyncio.get_running_loop().run_in_executor(files, path.is_file)
