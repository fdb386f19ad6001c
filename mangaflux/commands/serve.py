"""`mangaflux serve`: the server as a process, from the first line it prints to its exit code."""

import asyncio
import contextlib
import logging
import os
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from aiohttp import web

from mangaflux.commands.console import Terminal
from mangaflux.commands.interruption import leave_at_once, signals_calling
from mangaflux.commands.service_manager import ServiceManager
from mangaflux.engine.analysis.detectors.detector import Detector
from mangaflux.engine.registry import EngineRegistry
from mangaflux.errors import SettingsError
from mangaflux.parts import Parts
from mangaflux.pass_records import analysis_models
from mangaflux.settings import Settings
from mangaflux.web.app import create_app
from mangaflux.web.keys import PARTS, SETTINGS

logger = logging.getLogger(__name__)

#: EX_TEMPFAIL of sysexits.h: a thread did not come back and was left; start the server again.
EXIT_ABANDONED = 75
#: Seconds for which a stopping server still answers, so that whoever asks `/readyz` hears 503 and not silence.
LAST_ANSWERS_SECONDS = 0.5
#: Seconds for requests in flight. aiohttp may wait twice this long; with the drain timeout of 8 s a stop stays below
#: the 10 s after which service managers kill.
REQUESTS_TIMEOUT_SECONDS = 0.5
#: Seconds that a connection may be silent between requests, or take over the head of one.
HEAD_TIMEOUT_SECONDS = 30.0
#: Seconds between looks at the device while the engine loads.
WARM_POLL_SECONDS = 0.05


def serve(settings: Settings, engines: EngineRegistry, terminal: Terminal, detectors: tuple[Detector, ...] = ()) -> int:
    """Serves until a signal or until the worker fails; the exit code.

    0 after SIGINT or SIGTERM, 1 where the worker failed. Does not return where a thread had to be left behind.

    Raises:
        SettingsError: the address cannot be listened on.
        DataFolderError: the data folder cannot be used.
        InstallationError: the weights of the text detector are missing or unreadable.
    """
    # Before anything is accepted that could not be analysed; from then on their hash is known.
    analysis_models(detectors)
    code, abandoned = asyncio.run(_serve(create_app(settings, engines, detectors), terminal))
    if abandoned:
        leave_at_once(EXIT_ABANDONED)
    return code


async def _serve(app: web.Application, terminal: Terminal) -> tuple[int, bool]:
    stop = asyncio.Event()
    manager = ServiceManager(os.environ)
    with signals_calling(lambda: _stop_or_leave(stop), signal.SIGINT, signal.SIGTERM):
        async with _listening(app) as runner, manager.hearing_from_us():
            parts = app[PARTS]
            terminal.say(f"MangaFlux listens on {_url(parts.settings, runner)}")
            manager.tell("READY=1", f"STATUS=listens on {_url(parts.settings, runner)}")
            async with _telling_when_warm(parts, terminal):
                code = await _until_stopped(stop, parts)
            terminal.say("Stopping; what runs goes back to the queue.")
            manager.tell("STOPPING=1", "STATUS=what runs goes back to the queue")
            parts.worker.stop()
            await asyncio.wait({parts.worker_task}, timeout=LAST_ANSWERS_SECONDS)
    return code, parts.worker.abandoned


def _stop_or_leave(stop: asyncio.Event) -> None:
    """The first signal asks for a graceful stop; the second does not wait. What ran is taken back at the next start."""
    if stop.is_set():
        leave_at_once(EXIT_ABANDONED)
    stop.set()


@asynccontextmanager
async def _listening(app: web.Application) -> AsyncIterator[web.AppRunner]:
    """The server, listening for the length of the block; everything it opened is closed after it."""
    runner = web.AppRunner(
        app,
        # Query strings may hold what clients would not want in a log.
        access_log=None,
        # A compressed body is refused before it is unpacked.
        auto_decompress=False,
        keepalive_timeout=HEAD_TIMEOUT_SECONDS,
        shutdown_timeout=REQUESTS_TIMEOUT_SECONDS,
    )
    try:
        await runner.setup()
        await _listen(runner, app[SETTINGS])
        yield runner
    finally:
        await runner.cleanup()


async def _listen(runner: web.AppRunner, settings: Settings) -> None:
    host, port = settings.server.host, settings.server.port
    try:
        await web.TCPSite(runner, host, port).start()
    except OSError as error:
        # asyncio puts a sentence of its own in front; names that do not resolve have negative numbers.
        reason = os.strerror(error.errno) if error.errno and error.errno > 0 else error.strerror
        raise SettingsError(
            f"Cannot listen on {host} port {port}: {reason}. Choose another with --port; --port 0 takes a free one."
        ) from error


def _url(settings: Settings, runner: web.AppRunner) -> str:
    port = runner.addresses[0][1]
    host = settings.server.host
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


async def _until_stopped(stop: asyncio.Event, parts: Parts) -> int:
    signalled = asyncio.create_task(stop.wait(), name="stop signal")
    try:
        await asyncio.wait({signalled, parts.worker_task}, return_when=asyncio.FIRST_COMPLETED)
    finally:
        signalled.cancel()
    if stop.is_set():
        return 0
    # The traceback is logged where the parts are closed.
    logger.critical("the worker failed, so the server stops; queued pages wait for the next start")
    return 1


@asynccontextmanager
async def _telling_when_warm(parts: Parts, terminal: Terminal) -> AsyncIterator[None]:
    """Prints one line when the engine is loaded, if that happens within the block."""
    telling = asyncio.create_task(_tell_when_warm(parts, terminal), name="tell when warm")
    try:
        yield
    finally:
        telling.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await telling


async def _tell_when_warm(parts: Parts, terminal: Terminal) -> None:
    # The device thread leaves snapshots and tells nobody, so that it never waits for a reader.
    while (device := parts.device.snapshot).engine is None:
        if parts.worker.engine_problem is not None:
            terminal.say(f"{parts.worker.engine_problem} Jobs for other engines run.")
            return
        await asyncio.sleep(WARM_POLL_SECONDS)
    terminal.say(f"The engine {device.engine} is warm; ready for pages.")
