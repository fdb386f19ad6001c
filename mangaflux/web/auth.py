"""Who may call: one bearer token, asked for where a route writes, or reads what the settings protect."""

import hmac

from aiohttp import web
from aiohttp.typedefs import Handler

from mangaflux.errors import UnauthorizedError
from mangaflux.settings import Settings
from mangaflux.web.keys import SETTINGS
from mangaflux.web.route import READING_METHODS, is_open


@web.middleware
async def require_token(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Lets a request through, or refuses it before its body is read.

    Raises:
        UnauthorizedError: the route needs the token, and it is missing or wrong.
    """
    settings = request.app[SETTINGS]
    if needs_token(request.method, request.path, settings) and not carries_token(request, settings):
        raise UnauthorizedError("This needs the header Authorization: Bearer <the server's API token>.")
    return await handler(request)


def needs_token(method: str, path: str, settings: Settings) -> bool:
    """True where a request of this kind has to carry the token."""
    if not settings.api_token.get_secret_value() or is_open(path):
        return False
    return method not in READING_METHODS or settings.token_covers_reads


def carries_token(request: web.Request, settings: Settings) -> bool:
    """True where the request has the token; takes the same time whatever it has instead."""
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    expected = settings.api_token.get_secret_value()
    same = hmac.compare_digest(token.strip().encode(errors="surrogateescape"), expected.encode())
    return same and scheme.lower() == "bearer"
