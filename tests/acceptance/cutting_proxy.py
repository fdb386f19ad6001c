"""A connection to the server that breaks again and again, as a browser's or a train's does."""

import asyncio
import random
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress


class CuttingProxy:
    """Passes bytes on both ways and cuts connections: after a number of bytes of the answer, or after a time.

    Args:
        target: says where the server listens now, as (host, port): it may be another one after a restart.
        cut_bytes: least and most bytes of an answer before the cut.
        cut_seconds: seconds after which every connection is cut; None: only by bytes.
        seed: of the numbers of bytes.
    """

    def __init__(
        self,
        target: Callable[[], tuple[str, int]],
        *,
        cut_bytes: tuple[int, int] | None = None,
        cut_seconds: float | None = None,
        seed: int = 1,
    ) -> None:
        self._target = target
        self._cut_bytes = cut_bytes
        self._cut_seconds = cut_seconds
        self._random = random.Random(seed)
        self.cuts = 0
        self.url = ""

    @asynccontextmanager
    async def listening(self) -> AsyncIterator["CuttingProxy"]:
        """Listens on a free loopback port for the length of the block."""
        async with await asyncio.start_server(self._serve, "127.0.0.1", 0) as listener:
            self.url = f"http://127.0.0.1:{listener.sockets[0].getsockname()[1]}"
            yield self

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            server_reader, server_writer = await asyncio.open_connection(*self._target())
        except OSError:
            writer.close()
            return
        limit = self._random.randint(*self._cut_bytes) if self._cut_bytes else None
        sending = asyncio.create_task(_copy(reader, server_writer, None))
        try:
            async with asyncio.timeout(self._cut_seconds):
                if await _copy(server_reader, writer, limit):
                    self.cuts += 1
        except TimeoutError:
            self.cuts += 1
        finally:
            sending.cancel()
            for each in (writer, server_writer):
                with suppress(OSError):
                    each.transport.abort()


async def _copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, limit: int | None) -> bool:
    """Passes bytes on until their end, or the limit; True where it was the limit."""
    passed = 0
    with suppress(OSError):
        while data := await reader.read(4096):
            kept = data if limit is None else data[: limit - passed]
            writer.write(kept)
            await writer.drain()
            passed += len(kept)
            if limit is not None and passed >= limit:
                return True
    return False
