"""Ctrl-C, SIGTERM, and leaving a process whose threads do not come back."""

import asyncio
import logging
import os
import signal
import sys
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from typing import Any, NoReturn, TypeVar

#: What shells report for a program that SIGINT ended.
EXIT_INTERRUPTED = 130

Result = TypeVar("Result")


class InterruptedByUserError(BaseException):
    """The person, or the system on their behalf, asked the command to stop."""


def run_interruptibly(work: Coroutine[Any, Any, Result]) -> Result:
    """The result of a coroutine on an event loop of its own, which SIGINT and SIGTERM cancel.

    Raises:
        InterruptedByUserError: one of the signals came; every `finally` of the coroutine has run.
    """
    try:
        return asyncio.run(_cancelled_by_sigterm(work))
    except (KeyboardInterrupt, asyncio.CancelledError) as error:
        raise InterruptedByUserError from error


async def _cancelled_by_sigterm(work: Coroutine[Any, Any, Result]) -> Result:
    task = asyncio.current_task()
    # SIGINT is asyncio.run's own business: it cancels this task at the first and raises at the second.
    with signals_calling(lambda: task.cancel() if task else None, signal.SIGTERM):
        return await work


@contextmanager
def signals_calling(callback: Callable[[], object], *signals: signal.Signals) -> Iterator[None]:
    """Has the running loop call `callback` on these signals for the length of the block."""
    loop = asyncio.get_running_loop()
    for number in signals:
        loop.add_signal_handler(number, callback)
    try:
        yield
    finally:
        for number in signals:
            loop.remove_signal_handler(number)


def leave_at_once(code: int) -> NoReturn:
    """Ends the process without waiting for threads: executor threads are joined at interpreter exit otherwise."""
    logging.shutdown()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)
