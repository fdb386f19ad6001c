"""Tells systemd how the server is: ready, alive, stopping (sd_notify(3), the protocol is one datagram a message)."""

import asyncio
import contextlib
import os
import socket
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager


class ServiceManager:
    """Who started this process as a service; nobody where NOTIFY_SOCKET is not set.

    Args:
        environment: usually `os.environ`.
    """

    def __init__(self, environment: Mapping[str, str]) -> None:
        self._address = environment.get("NOTIFY_SOCKET", "")
        is_ours = environment.get("WATCHDOG_PID", str(os.getpid())) == str(os.getpid())
        microseconds = environment.get("WATCHDOG_USEC", "") if is_ours else ""
        #: Seconds without a sign of life after which this process is killed; None: never.
        self.watchdog_seconds = int(microseconds) / 1_000_000 if microseconds.isdecimal() else None

    def tell(self, *lines: str) -> None:
        """Sends a message, such as "READY=1". A manager that does not listen is none of our business."""
        if not self._address:
            return
        # An address in the abstract namespace begins with @ in the variable and with a null byte for the kernel.
        address = "\0" + self._address[1:] if self._address.startswith("@") else self._address
        with contextlib.suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as messages:
            messages.setblocking(False)
            messages.sendto("\n".join(lines).encode(), address)

    @asynccontextmanager
    async def hearing_from_us(self) -> AsyncIterator[None]:
        """Says within the block that the event loop ticks, as often as systemd advises: twice per deadline."""
        if self.watchdog_seconds is None:
            yield
            return
        beating = asyncio.create_task(self._beat(self.watchdog_seconds / 2), name="watchdog of systemd")
        try:
            yield
        finally:
            beating.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await beating

    async def _beat(self, interval_seconds: float) -> None:
        while True:
            self.tell("WATCHDOG=1")
            await asyncio.sleep(interval_seconds)
