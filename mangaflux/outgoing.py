"""Connections that the server opens by itself: to public addresses, and to networks that the operator allows.

An address is looked at where its socket is made. Literal addresses, redirects and names that resolve to something else
the second time all pass this one gate; a resolver alone is not asked for literals (aiohttp 3.14.5).
"""

import ipaddress
import socket
from collections.abc import Sequence

import aiohttp
from aiohttp.abc import AbstractResolver

from mangaflux import __version__
from mangaflux.settings import Network

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
AddressInfo = tuple[int | socket.AddressFamily, int | socket.SocketKind, int, str, tuple[object, ...]]

#: Seconds until a connection stands; a name server and three lost packets fit in.
CONNECT_SECONDS = 5.0

#: IPv4 addresses in IPv6 as NAT64 translates them (RFC 6052): the last 32 bits.
_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")


class BlockedAddressError(OSError):
    """The address is not a public one. Says no more: clients could map the network by what it said."""

    def __init__(self) -> None:
        super().__init__("the address is not public")


def guarded_session(
    allowed_networks: Sequence[Network], timeout_seconds: float, resolver: AbstractResolver | None = None
) -> aiohttp.ClientSession:
    """A client session that connects to public addresses and to `allowed_networks` only.

    It keeps no cookies, uses no proxy (which would connect for us, past the gate), unpacks nothing, and gives up after
    `timeout_seconds` for one whole request. Where every address of a host is blocked, aiohttp's
    `ClientConnectorError` carries a `BlockedAddressError` as `os_error`. Made and used on the event loop; the caller
    closes it.
    """

    def make_socket(info: AddressInfo) -> socket.socket:
        family, kind, protocol, _, address = info
        if not is_allowed(str(address[0]), allowed_networks):
            raise BlockedAddressError
        return socket.socket(family, kind, protocol)

    # Without its cache, every connection resolves anew and is looked at anew.
    connector = aiohttp.TCPConnector(socket_factory=make_socket, use_dns_cache=False, resolver=resolver)
    return aiohttp.ClientSession(
        connector=connector,
        cookie_jar=aiohttp.DummyCookieJar(),
        trust_env=False,
        auto_decompress=False,
        timeout=aiohttp.ClientTimeout(total=timeout_seconds, sock_connect=CONNECT_SECONDS),
        headers={"User-Agent": f"MangaFlux/{__version__}"},
    )


def is_allowed(address: str, allowed_networks: Sequence[Network]) -> bool:
    """True for an address that is public, or lies in one of the networks.

    An IPv4 address inside an IPv6 one (mapped, 6to4, NAT64) is judged as what it is.
    """
    inner = _unwrapped(ipaddress.ip_address(address))
    if any(inner in network for network in allowed_networks):
        return True
    local = isinstance(inner, ipaddress.IPv6Address) and inner.is_site_local  # is_global does not know it
    return inner.is_global and not (inner.is_multicast or inner.is_reserved or local)


def _unwrapped(address: Address) -> Address:
    if isinstance(address, ipaddress.IPv6Address):
        if (inside := address.ipv4_mapped or address.sixtofour) is not None:
            return inside
        if address in _NAT64:
            return ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
    return address
