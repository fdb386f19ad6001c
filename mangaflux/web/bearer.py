"""The API token in an Authorization header."""

import hmac

from aiohttp import web

from mangaflux.settings import Settings


def carries_token(request: web.Request, settings: Settings) -> bool:
    """True where the request has the token; takes the same time whatever it has instead. False where none is set."""
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    expected = settings.api_token.get_secret_value()
    same = hmac.compare_digest(token.strip().encode(errors="surrogateescape"), expected.encode())
    return same and scheme.lower() == "bearer" and bool(expected)
