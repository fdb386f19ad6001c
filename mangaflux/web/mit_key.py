"""The key in the addresses /mit/<key>/…, for readers whose address is all that a person can set.

It is a secret of its own that may do little: have pages coloured, from this machine unless the settings say otherwise.
Addresses end up in more places than headers, so it is kept out of the log and out of answers.
"""

import hmac
import ipaddress

from aiohttp import web

from mangaflux.errors import NotFoundError, UnauthorizedError
from mangaflux.web.keys import SETTINGS
from mangaflux.web.route import KEYED_PREFIX, is_keyed


def require_mit_key(request: web.Request) -> None:
    """Lets a request pass whose address has the key, before its body is read.

    Raises:
        NotFoundError: no key is set, so these routes are off.
        UnauthorizedError: the key is another one, or the request comes from another machine.
    """
    if not _expected(request):
        raise NotFoundError(
            "These addresses are off: set compatibility.mit_key and compatibility.style_reference to turn them on."
        )
    if not _may_come_from(request):
        raise UnauthorizedError(
            "These addresses answer this machine only; compatibility.mit_beyond_loopback opens them to others."
        )
    if not has_mit_key(request):
        raise UnauthorizedError("The key in this address is not that of the setting compatibility.mit_key.")


def has_mit_key(request: web.Request) -> bool:
    """True where the address has the key and the request may come from where it does; takes the same time whatever it
    has instead. False where none is set.
    """
    sent = request.path.removeprefix(KEYED_PREFIX).partition("/")[0] if is_keyed(request.path) else ""
    same = hmac.compare_digest(sent.encode(errors="replace"), _expected(request).encode())
    return same and bool(sent) and _may_come_from(request)


def shown_path(request: web.Request) -> str:
    """The path of a request as it may be written down: without the key."""
    if not is_keyed(request.path):
        return request.path
    _, slash, rest = request.path.removeprefix(KEYED_PREFIX).partition("/")
    return f"{KEYED_PREFIX}…{slash}{rest}"


def _expected(request: web.Request) -> str:
    return request.app[SETTINGS].compatibility.mit_key.get_secret_value()


def _may_come_from(request: web.Request) -> bool:
    return request.app[SETTINGS].compatibility.mit_beyond_loopback or _is_loopback(request.remote or "")


def _is_loopback(address: str) -> bool:
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return False
    mapped = parsed.ipv4_mapped if isinstance(parsed, ipaddress.IPv6Address) else None
    return (mapped or parsed).is_loopback
