"""Cookies for pages that this server serves: their images and event streams cannot carry a token in a header.

A cookie says until when it is good, signed with the token: it survives restarts, ends when the token is changed, and
nothing of the token can be read from it. Browsers send it to every port of the host, so it counts only where the page
that made the request is one of this server's.
"""

import hashlib
import hmac
import time

from aiohttp import web

from mangaflux.settings import Settings
from mangaflux.web.keys import SETTINGS
from mangaflux.web.origin_gate import is_same_origin

COOKIE = "mangaflux_session"
#: Seconds for which a session is good: a month, after which a person pastes the token again.
SESSION_SECONDS = 30 * 24 * 3600


async def open_session(request: web.Request) -> web.Response:
    """Gives the browser of whoever has the token a cookie that stands for it; nothing where no token is set."""
    response = web.Response(status=204, headers={"Cache-Control": "no-store"})
    token = request.app[SETTINGS].api_token.get_secret_value()
    if token:
        response.set_cookie(
            COOKIE,
            sign(token, int(time.time()) + SESSION_SECONDS),
            max_age=SESSION_SECONDS,
            path="/",
            httponly=True,
            samesite="Strict",
            secure=request.secure,
        )
    return response


def has_session(request: web.Request, settings: Settings) -> bool:
    """True where a page of this server made the request, with a session that is still good."""
    token, value = settings.api_token.get_secret_value(), request.cookies.get(COOKIE, "")
    return bool(token) and is_same_origin(request) and is_good(value, token, time.time())


def sign(token: str, expires_at: int) -> str:
    """The cookie of a session that ends at `expires_at`, in seconds since the epoch."""
    signature = hmac.new(token.encode(), f"{COOKIE} {expires_at}".encode(), hashlib.sha256)
    return f"{expires_at}.{signature.hexdigest()}"


def is_good(cookie: str, token: str, now: float) -> bool:
    """True for a cookie that was signed with this token and has not ended."""
    text, _, _ = cookie.partition(".")
    if not (text.isascii() and text.isdecimal() and len(text) <= len(str(2**53))):
        return False
    same = hmac.compare_digest(cookie.encode(errors="replace"), sign(token, int(text)).encode())
    return same and int(text) > now
