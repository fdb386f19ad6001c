"""The third gate: one token, asked for where a route writes, or reads what the settings protect."""

from aiohttp import web
from aiohttp.typedefs import Handler

from mangaflux.errors import UnauthorizedError
from mangaflux.settings import Settings
from mangaflux.web.bearer import carries_token
from mangaflux.web.keys import SETTINGS
from mangaflux.web.route import READING_METHODS, is_keyed, is_open
from mangaflux.web.sessions import has_session


@web.middleware
async def require_token(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Lets a request through, or refuses it before its body is read.

    Raises:
        UnauthorizedError: the route needs the token, and it is missing or wrong.
    """
    settings = request.app[SETTINGS]
    is_known = carries_token(request, settings) or has_session(request, settings)
    if needs_token(request.method, request.path, settings) and not is_known:
        raise UnauthorizedError("This needs the header Authorization: Bearer <the server's API token>.")
    return await handler(request)


def needs_token(method: str, path: str, settings: Settings) -> bool:
    """True where a request of this kind has to carry the token."""
    if not settings.api_token.get_secret_value() or is_open(path) or is_keyed(path):
        return False
    return method not in READING_METHODS or settings.token_covers_reads
