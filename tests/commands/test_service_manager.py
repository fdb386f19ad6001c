"""What systemd hears of the server."""

import asyncio
import os
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from mangaflux.commands.service_manager import ServiceManager


@pytest.fixture
def manager_socket(tmp_path: Path) -> Iterator[socket.socket]:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as messages:
        messages.bind(str(tmp_path / "notify"))
        messages.settimeout(5)
        yield messages


def test_it_hears_that_the_server_is_ready(manager_socket: socket.socket) -> None:
    ServiceManager({"NOTIFY_SOCKET": manager_socket.getsockname()}).tell("READY=1", "STATUS=listens")

    assert manager_socket.recv(1000) == b"READY=1\nSTATUS=listens"


def test_it_is_reached_in_the_abstract_namespace() -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as messages:
        name = f"mangaflux-test-{os.getpid()}"
        messages.bind("\0" + name)
        messages.settimeout(5)

        ServiceManager({"NOTIFY_SOCKET": f"@{name}"}).tell("READY=1")

        assert messages.recv(1000) == b"READY=1"


async def test_it_hears_again_and_again_that_the_loop_ticks(manager_socket: socket.socket) -> None:
    environment = {"NOTIFY_SOCKET": manager_socket.getsockname(), "WATCHDOG_USEC": "40000"}
    loop = asyncio.get_running_loop()
    manager_socket.setblocking(False)

    async with asyncio.timeout(5), ServiceManager(environment).hearing_from_us():
        for _ in range(3):
            assert await loop.sock_recv(manager_socket, 1000) == b"WATCHDOG=1"


@pytest.mark.parametrize("environment", [{}, {"WATCHDOG_USEC": "1000", "WATCHDOG_PID": "1"}, {"WATCHDOG_USEC": "x"}])
async def test_nobody_who_does_not_ask_is_told(environment: dict[str, str]) -> None:
    manager = ServiceManager(environment)
    manager.tell("READY=1")
    async with manager.hearing_from_us():
        pass

    assert manager.watchdog_seconds is None


def test_a_manager_that_is_gone_harms_nobody(tmp_path: Path) -> None:
    ServiceManager({"NOTIFY_SOCKET": str(tmp_path / "gone")}).tell("READY=1")
