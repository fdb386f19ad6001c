"""The second gate: which web pages may call, by Origin and Fetch Metadata, and what they may read of the answer (CORS).

Programs send neither header and pass. A browser says with every request that writes, and with most that read, which
page made it: pages of this server, listed origins, and extensions that carry the token may call; others may not,
whether or not they could read the answer. Readers of other programs call from wherever they are, with a key in the
address: nobody sends that by accident, so pages that have it may call and read. `Vary: Origin` is on every answer,
`Access-Control-Allow-Credentials` on none.
"""

import re
from enum import Enum

from aiohttp import web
from aiohttp.typedefs import Handler

from mangaflux.errors import OriginNotAllowedError
from mangaflux.settings import Settings
from mangaflux.web.bearer import carries_token
from mangaflux.web.host_gate import HOST_AND_PORT
from mangaflux.web.keys import SETTINGS
from mangaflux.web.mit_key import has_mit_key
from mangaflux.web.route import READING_METHODS

#: Origins of browser extensions. Firefox makes up the rest anew for each installation, so it cannot be listed.
EXTENSION_SCHEMES = ("chrome-extension://", "moz-extension://", "safari-web-extension://")
#: Seconds for which a browser may remember the answer to a preflight.
PREFLIGHT_SECONDS = 600
PREFLIGHT_HEADERS = {
    "Access-Control-Allow-Methods": "GET, HEAD, POST, PATCH, DELETE",
    "Access-Control-Allow-Headers": "Authorization, Content-Type, Idempotency-Key, If-None-Match, Last-Event-ID, Range",
    "Access-Control-Max-Age": str(PREFLIGHT_SECONDS),
}
#: Beyond those that scripts may read anyway.
READABLE_HEADERS = "ETag, Location, Retry-After, X-Trace-Id, X-Asset-Id, Content-Range"

_WEB_ORIGIN = re.compile(rf"(?P<scheme>https?)://(?P<authority>{HOST_AND_PORT.pattern})")
_DEFAULT_PORTS = {"http": "80", "https": "443"}


class _Caller(Enum):
    """What an Origin header says of who calls."""

    #: No header: a program, or a browser that reads for a page of this server.
    UNNAMED = "unnamed"
    #: A page that this server sent.
    OURS = "ours"
    #: A listed origin.
    LISTED = "listed"
    #: Any extension; as good as its token.
    EXTENSION = "extension"
    #: Whoever has the key of the address it calls.
    KEYED = "keyed"
    FOREIGN = "foreign"


@web.middleware
async def check_origin(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Lets a request through that no foreign web page made, and answers preflights.

    Raises:
        OriginNotAllowedError: a foreign page made it.
    """
    caller = _caller(request)
    if is_preflight(request):
        return _answer_preflight(request, caller)
    if not _may_call(request, caller):
        raise OriginNotAllowedError(
            "Web pages of this origin may not call this server; the setting server.allowed_origins lists those that "
            "may. Extensions may call with the API token.",
            details=_token_facts(request) if caller is _Caller.EXTENSION else {},
        )
    return await handler(request)


async def add_cors_headers(request: web.Request, response: web.StreamResponse) -> None:
    """Lets pages of listed origins, and extensions with the token, read the answer; a signal of aiohttp, so that
    streams, files and refusals have it too.
    """
    response.headers["Vary"] = "Origin"
    caller = _caller(request)
    preflight = is_preflight(request) and response.status == web.HTTPNoContent.status_code
    knows_secret = caller is _Caller.EXTENSION and (preflight or _has_token(request))
    if "Origin" in request.headers and (caller in (_Caller.LISTED, _Caller.KEYED) or knows_secret):
        response.headers["Access-Control-Allow-Origin"] = request.headers["Origin"]
        response.headers["Access-Control-Expose-Headers"] = READABLE_HEADERS


def is_preflight(request: web.Request) -> bool:
    """True where a browser asks whether a page may send what it wants to send."""
    return request.method == "OPTIONS" and "Access-Control-Request-Method" in request.headers


def is_same_origin(request: web.Request) -> bool:
    """True where a page of this server made the request, or nothing says that another one did."""
    site = request.headers.get("Sec-Fetch-Site", "same-origin")
    return _caller(request) in (_Caller.OURS, _Caller.UNNAMED) and site in ("same-origin", "none")


def _answer_preflight(request: web.Request, caller: _Caller) -> web.Response:
    # A preflight carries no token: an extension may send its request, which then has to have it.
    answerable = caller is _Caller.EXTENSION and bool(_settings(request).api_token.get_secret_value())
    if not (answerable or caller in (_Caller.LISTED, _Caller.KEYED, _Caller.OURS)):
        raise OriginNotAllowedError("Web pages of this origin may not call this server (server.allowed_origins).")
    return web.Response(status=204, headers=PREFLIGHT_HEADERS)


def _may_call(request: web.Request, caller: _Caller) -> bool:
    match caller:
        case _Caller.LISTED | _Caller.KEYED:
            return True
        case _Caller.EXTENSION if _has_token(request):
            return True
        case _Caller.UNNAMED if _is_download(request) and _has_token(request):
            return True
        case _Caller.OURS | _Caller.UNNAMED:
            return _is_own_or_direct(request)
        case _:
            # What a foreign page reads this way it cannot see: the answer has no CORS headers.
            return request.method in READING_METHODS and _is_own_or_direct(request)


def _token_facts(request: web.Request) -> dict[str, object]:
    """What an extension needs to know to say what is wrong: its token, or that the server has none."""
    return {"api_token_set": bool(_settings(request).api_token.get_secret_value())}


def _is_own_or_direct(request: web.Request) -> bool:
    """False where the browser says that another site's page made the request, unless a person follows its link."""
    site = request.headers.get("Sec-Fetch-Site", "none")
    if site in ("none", "same-origin"):
        return True
    followed = (
        request.headers.get("Sec-Fetch-Mode") == "navigate" and request.headers.get("Sec-Fetch-Dest") == "document"
    )
    return followed and request.method in ("GET", "HEAD")


def _is_download(request: web.Request) -> bool:
    """True where a browser saves an answer to the disk: no page reads it. Extensions can give it the token."""
    fetched_as = (request.headers.get("Sec-Fetch-Mode"), request.headers.get("Sec-Fetch-Dest"))
    return request.method == "GET" and fetched_as == ("navigate", "empty")


def _caller(request: web.Request) -> _Caller:
    origins = request.headers.getall("Origin", [])
    # Sandboxed frames and files say "null", whoever made them.
    if has_mit_key(request) and len(origins) <= 1 and "null" not in origins:
        return _Caller.KEYED
    if not origins:
        return _Caller.UNNAMED
    origin = origins[0].lower()
    if len(origins) > 1:
        return _Caller.FOREIGN
    if origin in _settings(request).server.allowed_origins:
        return _Caller.LISTED
    if origin.startswith(EXTENSION_SCHEMES):
        return _Caller.EXTENSION
    return _Caller.OURS if _is_this_server(origin, request.headers.get("Host", "")) else _Caller.FOREIGN


def _is_this_server(origin: str, host_header: str) -> bool:
    """True where an origin is the address that the request itself went to, its port included."""
    matched, host = _WEB_ORIGIN.fullmatch(origin), HOST_AND_PORT.fullmatch(host_header.lower())
    if matched is None or host is None:
        return False
    # Behind a proxy that speaks TLS the origin is https, and the Host header has no port either.
    default = _DEFAULT_PORTS[matched["scheme"]]
    same_host = (matched["address"], matched["name"]) == (host["address"], host["name"])
    return same_host and (matched["port"] or default) == (host["port"] or default)


def _has_token(request: web.Request) -> bool:
    return carries_token(request, _settings(request))


def _settings(request: web.Request) -> Settings:
    return request.app[SETTINGS]
