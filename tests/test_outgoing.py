"""Which addresses the server connects to by itself."""

import ipaddress
import socket
from collections.abc import Sequence

import aiohttp
import pytest
from aiohttp import web
from aiohttp.abc import AbstractResolver, ResolveResult
from aiohttp.test_utils import TestServer

from mangaflux.outgoing import BlockedAddressError, guarded_session, is_allowed
from mangaflux.settings import Network

LOOPBACK = (ipaddress.ip_network("127.0.0.0/8"),)

PRIVATE = [
    *("127.0.0.1", "127.255.255.254", "0.0.0.0", "10.0.0.1", "172.16.0.1", "192.168.1.1", "169.254.169.254"),
    *("100.64.0.1", "192.0.0.1", "198.18.0.1", "224.0.0.1", "240.0.0.1", "255.255.255.255"),
    *("::", "::1", "fe80::1", "fe80::1%eth0", "fc00::1", "fd12::1", "fec0::1", "ff02::1", "2001:db8::1", "::127.0.0.1"),
    *("::ffff:127.0.0.1", "::ffff:10.0.0.1", "2002:7f00:1::", "2002:a9fe:a9fe::1", "64:ff9b::127.0.0.1"),
    *("64:ff9b::a00:1", "64:ff9b:1::1", "2001::1"),
]
PUBLIC = ["93.184.215.14", "1.1.1.1", "2606:4700::1111", "::ffff:1.1.1.1", "64:ff9b::1.1.1.1", "2002:101:101::1"]


@pytest.mark.parametrize("address", PRIVATE)
def test_addresses_that_are_not_public_are_blocked(address: str) -> None:
    assert not is_allowed(address, ())


@pytest.mark.parametrize("address", PUBLIC)
def test_public_addresses_are_allowed(address: str) -> None:
    assert is_allowed(address, ())


def test_a_network_of_the_operator_is_allowed_and_no_other() -> None:
    networks = (ipaddress.ip_network("192.168.1.0/24"), ipaddress.ip_network("fd12::/16"))

    assert is_allowed("192.168.1.20", networks)
    assert is_allowed("::ffff:192.168.1.20", networks)
    assert is_allowed("fd12::5", networks)
    assert not is_allowed("192.168.2.20", networks)


class Resolver(AbstractResolver):
    """Gives each name one address after another, as a name server under foreign control would."""

    def __init__(self, *addresses: str) -> None:
        self._addresses = list(addresses)

    async def resolve(self, host: str, port: int = 0, family: int = socket.AF_INET) -> list[ResolveResult]:
        address = self._addresses.pop(0) if len(self._addresses) > 1 else self._addresses[0]
        return [
            ResolveResult(hostname=host, host=address, port=port, family=family, proto=0, flags=socket.AI_NUMERICHOST)
        ]

    async def close(self) -> None:
        pass


async def _status(url: str, networks: Sequence[Network], resolver: Resolver | None = None) -> int:
    async with guarded_session(networks, 5, resolver) as session, session.get(url) as answer:
        return answer.status


@pytest.fixture
async def target(aiohttp_server: object) -> TestServer:
    """Counts who reaches it."""

    async def answer(request: web.Request) -> web.Response:
        request.app[REACHED].append(request.path)
        return web.Response(text="secret")

    app = web.Application()
    app[REACHED] = []
    app.router.add_get("/{tail:.*}", answer)
    assert callable(aiohttp_server)
    server: TestServer = await aiohttp_server(app)
    return server


REACHED: web.AppKey[list[str]] = web.AppKey("reached", list)


@pytest.mark.parametrize("host", ["127.0.0.1", "[::ffff:127.0.0.1]", "0.0.0.0", "localhost", "①②⑦.0.0.1", "127.0.0.1."])
async def test_no_way_of_writing_loopback_reaches_it(target: TestServer, host: str) -> None:
    with pytest.raises(aiohttp.ClientError):
        await _status(f"http://{host}:{target.port}/", ())

    assert target.app[REACHED] == []


async def test_a_blocked_address_is_told_from_one_that_does_not_answer(target: TestServer) -> None:
    with pytest.raises(aiohttp.ClientConnectorError) as refusal:
        await _status(f"http://127.0.0.1:{target.port}/", ())

    assert isinstance(refusal.value.os_error, BlockedAddressError)


async def test_a_name_that_resolves_to_something_else_the_second_time_is_blocked(target: TestServer) -> None:
    resolver = Resolver("127.0.0.2", "127.0.0.1")
    networks = (ipaddress.ip_network("127.0.0.2/32"),)
    url = f"http://rebound.example:{target.port}/"
    async with guarded_session(networks, 5, resolver) as session:
        with pytest.raises(aiohttp.ClientConnectorError) as first:
            await session.get(url)  # allowed, and nobody listens there
        with pytest.raises(aiohttp.ClientConnectorError) as second:
            await session.get(url)

    assert not isinstance(first.value.os_error, BlockedAddressError)
    assert isinstance(second.value.os_error, BlockedAddressError)
    assert target.app[REACHED] == []


async def test_an_allowed_network_is_reached(target: TestServer) -> None:
    assert await _status(f"http://127.0.0.1:{target.port}/", LOOPBACK) == 200
