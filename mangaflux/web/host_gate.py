"""The first gate: requests that name this server, and nothing else, in their Host header.

A web page can point its own name at 127.0.0.1 once it is loaded (DNS rebinding); for the browser the server is then
part of that page. Only the Host header tells. IP addresses cannot be pointed anywhere, so every one of them passes.
"""

import ipaddress
import re
import socket

from aiohttp import web
from aiohttp.typedefs import Handler

from mangaflux.errors import HostNotAllowedError
from mangaflux.settings import Settings
from mangaflux.web.keys import SETTINGS

#: A host and perhaps a port, in lower case, as Host and Origin have them.
HOST_AND_PORT = re.compile(r"(?:\[(?P<address>[0-9a-f:.]+)\]|(?P<name>[a-z0-9._-]+))(?::(?P<port>\d{0,5}))?")


@web.middleware
async def check_host(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Lets a request through whose one Host header names this server.

    Raises:
        HostNotAllowedError: it names something else, nothing, or two things.
    """
    hosts = request.headers.getall("Host", [])
    if len(hosts) != 1 or not names_this_server(hosts[0], request.app[SETTINGS]):
        raise HostNotAllowedError(
            "This server does not go by the name in the Host header. Use its IP address or localhost, or add the name "
            "to the setting server.allowed_hosts."
        )
    return await handler(request)


def names_this_server(host_header: str, settings: Settings) -> bool:
    """True for localhost, IP addresses, the allowed hosts and, beyond loopback, the name of this machine; any port."""
    matched = HOST_AND_PORT.fullmatch(host_header.lower())
    if matched is None:
        return False
    host = (matched["address"] or matched["name"]).removesuffix(".")
    return _is_address(host) or host in _names(settings)


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


def _names(settings: Settings) -> set[str]:
    names = {"localhost", *(name.lower().removesuffix(".") for name in settings.server.allowed_hosts)}
    if settings.listens_beyond_loopback:
        name = socket.gethostname().lower()
        names |= {name, f"{name}.local"}
    return names
