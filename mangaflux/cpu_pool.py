"""Threads for analysis and finishing. What the device waits for goes first."""

import asyncio
import contextvars
import heapq
import os
import sys
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from enum import IntEnum
from typing import Any, TypeVar

#: Niceness of the threads, so that the event loop and the device thread get a core whenever they want one.
NICENESS = 10

Result = TypeVar("Result")


class Urgency(IntEnum):
    """The order in which waiting work is taken, smallest first."""

    #: The device is about to need it.
    PREPARE = 0
    #: A reader waits for it.
    FINISH = 1
    #: Pass 1, which is ahead anyway.
    ANALYZE = 2


class CpuPool:
    """A fixed number of threads and a waiting line by urgency, then by age. Used on the event loop only."""

    def __init__(self, threads: int) -> None:
        self.threads = threads
        self._executor = ThreadPoolExecutor(threads, thread_name_prefix="cpu", initializer=_be_nice)
        self._free = threads
        self._calls: set[asyncio.Future[Any]] = set()
        self._waiting: list[tuple[Urgency, int, asyncio.Future[None]]] = []
        self._arrivals = 0

    async def run(self, urgency: Urgency, call: Callable[[], Result]) -> Result:
        """Runs `call` on a thread of the pool. Cancelling the awaiting task does not stop a call that runs."""
        await self._take_thread(urgency)
        # With its context, so that what the thread logs names its page.
        future = asyncio.get_running_loop().run_in_executor(self._executor, contextvars.copy_context().run, call)
        self._calls.add(future)
        # The thread is free when the call ends, not when somebody stops waiting for it.
        future.add_done_callback(self._ended)
        # Shielded: cancelling the wrapped future would call back while the call still runs.
        return await asyncio.shield(future)

    async def close(self, timeout_seconds: float) -> bool:
        """Ends the threads; False where a call did not come back in time and was left behind."""
        if self._calls:
            await asyncio.wait(self._calls, timeout=timeout_seconds)
        done = all(call.done() for call in self._calls)
        self._executor.shutdown(wait=done, cancel_futures=True)
        return done

    async def _take_thread(self, urgency: Urgency) -> None:
        if self._free > 0:
            self._free -= 1
            return
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._arrivals += 1
        heapq.heappush(self._waiting, (urgency, self._arrivals, turn))
        try:
            await turn
        except asyncio.CancelledError:
            if turn.done() and not turn.cancelled():
                self._give_thread()
            raise

    def _ended(self, call: asyncio.Future[Any]) -> None:
        self._calls.discard(call)
        self._give_thread()

    def _give_thread(self) -> None:
        while self._waiting:
            _, _, turn = heapq.heappop(self._waiting)
            if not turn.done():
                turn.set_result(None)
                return
        self._free += 1


def _be_nice() -> None:
    """Lowers the priority of the calling thread; on Linux niceness belongs to a thread, elsewhere nothing happens."""
    if sys.platform == "linux":
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), NICENESS)
