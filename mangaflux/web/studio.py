"""The pages for people: the studio, the reading of the API, and what they are made of.

Everything lies in the package and is read once: small files, as they are written, without a build step.
"""

import hashlib
import mimetypes
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from importlib.resources.abc import Traversable

from aiohttp import web

from mangaflux.errors import NotFoundError
from mangaflux.web.error_middleware import POLICY

#: Nothing from elsewhere, no inline script and no inline style; `blob:` and `data:` are pictures that the page made.
CONTENT_SECURITY_POLICY = (
    "default-src 'self'; img-src 'self' blob: data:; object-src 'none'; base-uri 'none'; form-action 'self'; "
    "frame-ancestors 'none'"
)
#: A new version is seen at once; an unchanged file costs one 304.
ASK_AGAIN = "no-cache"


@dataclass(frozen=True, slots=True)
class StaticFile:
    """One file of the pages."""

    body: bytes
    media_type: str
    sha256: str


async def read_studio(request: web.Request) -> web.Response:
    """The studio."""
    return _answer(request, "index.html")


async def read_docs(request: web.Request) -> web.Response:
    """The reference of the API, which the page itself reads from `/openapi.json`."""
    return _answer(request, "docs.html")


async def read_static(request: web.Request) -> web.Response:
    """A style sheet, a script or a picture of the pages."""
    return _answer(request, request.match_info["file"])


@cache
def static_files() -> Mapping[str, StaticFile]:
    """Every file below `web/static`, by its path with slashes."""
    return dict(_read(resources.files("mangaflux.web") / "static", ""))


def _read(folder: Traversable, prefix: str) -> list[tuple[str, StaticFile]]:
    found: list[tuple[str, StaticFile]] = []
    for entry in folder.iterdir():
        name = prefix + entry.name
        if entry.is_dir():
            found += _read(entry, f"{name}/")
        else:
            found.append((name, _static_file(entry)))
    return found


def _static_file(entry: Traversable) -> StaticFile:
    body = entry.read_bytes()
    # Windows takes media types from its registry, where .js may be anything: modules are refused then.
    media_type = "text/javascript" if entry.name.endswith(".js") else mimetypes.guess_type(entry.name)[0]
    return StaticFile(body, media_type or "application/octet-stream", hashlib.sha256(body).hexdigest())


def _answer(request: web.Request, name: str) -> web.Response:
    file = static_files().get(name)
    if file is None:
        raise NotFoundError(f"There is no file {name[:80]} here.")
    headers = {
        "ETag": f'"{file.sha256}"',
        "Cache-Control": ASK_AGAIN,
        POLICY: CONTENT_SECURITY_POLICY,
    }
    if any(etag.value in (file.sha256, "*") for etag in request.if_none_match or ()):
        return web.Response(status=304, headers=headers)
    charset = "utf-8" if file.media_type.startswith("text/") else None
    return web.Response(body=file.body, content_type=file.media_type, charset=charset, headers=headers)
