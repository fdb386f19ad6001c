"""An engine in a process of its own, that may die or hang there: it is killed and replaced, and the server goes on.

To others it is an engine like any: the device thread asks it and waits. Between the processes goes what goes between
engine and server anyway, values without handles, over a pipe that only the two have.
"""

import ctypes
import logging
import multiprocessing
import signal
import sys
import time
import traceback
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from multiprocessing.connection import Connection
from multiprocessing.context import SpawnProcess
from typing import Any

from mangaflux.engine.base import ColorizeRequest, ColourLayer, Engine, EngineContext, ModelInfo, RgbImage
from mangaflux.engine.silence import SilenceLimit
from mangaflux.errors import (
    AttemptAbortedError,
    DeviceLostError,
    EngineDiedError,
    EngineUnavailableError,
    MangaFluxError,
)

logger = logging.getLogger(__name__)

#: Seconds between looks at whether the attempt was aborted while the child is silent.
LOOK_SECONDS = 0.2
#: Seconds that a child has to stop at an abort, and to end: then it is killed. A stop of the server waits for both.
STOP_SECONDS = 3.0
#: A page whose child died is tried once more, in a new child: a driver that fails once is no fault of the page.
TRIES = 2
#: `prctl` option of Linux: the signal that a child gets when its parent ends, however that ends.
_PR_SET_PDEATHSIG = 1

#: What goes over the pipe: a word, and what belongs to it.
_Message = tuple[str, Any]
#: Words that a child says before its answer.
_MEANWHILE = ("progress", "preview")


class _ChildGoneError(Exception):
    """The pipe is broken: the child has ended."""


@dataclass(frozen=True, slots=True)
class _Facts:
    """What an engine says of itself; some of it only once it is loaded."""

    model: ModelInfo
    device: str
    recipe: Mapping[str, str]


class IsolatedEngine:
    """Stands for an engine that lives in a child process. Every method runs on the device thread.

    Args:
        engine: the same engine in this process, which says what it is and is never loaded.
        build: makes the engine in the child; picklable.
        least_silence_seconds: the shortest time after which a silent child is taken for hung.
    """

    def __init__(self, engine: Engine, build: Callable[[], Engine], least_silence_seconds: float) -> None:
        self.name = engine.name
        self._engine = engine
        self._build = build
        self._limit = SilenceLimit(least_silence_seconds)
        self._facts: _Facts | None = None
        self._child: _Child | None = None

    @property
    def model(self) -> ModelInfo:
        """The model that is loaded, or would be."""
        return self._facts.model if self._facts else self._engine.model

    @property
    def device(self) -> str:
        """Where it computes."""
        return self._facts.device if self._facts else self._engine.device

    @property
    def recipe(self) -> Mapping[str, str]:
        """Everything beside the request that may change the bytes of a layer."""
        return self._facts.recipe if self._facts else self._engine.recipe

    @property
    def process_id(self) -> int | None:
        """Of the child; None where there is none."""
        return self._child.process.pid if self._child else None

    def load(self) -> None:
        """Starts the child where there is none, and loads the engine in it.

        Raises:
            EngineUnavailableError: weights or device are missing, or the child ended.
        """
        try:
            self._facts = self._running_child().ask("load", None)
        except _ChildGoneError as error:
            self._end_child()
            raise EngineUnavailableError(f"The process of the engine {self.name} ended while it loaded.") from error

    def unload(self) -> None:
        """Ends the child: nothing of it stays on the device."""
        self._end_child()

    def expect(self, request: ColorizeRequest) -> None:
        """Says nothing to the child: every page would cross the pipe twice for what it spares."""

    def colorize(self, request: ColorizeRequest, context: EngineContext) -> ColourLayer:
        """The colour layer of one page, from the child. Previews are made if somebody wants them when the page begins.

        Raises:
            AttemptAbortedError: from the context.
            EngineDiedError: the child died twice, or was silent for too long and was killed.
            PageFailedError: this page cannot be coloured.
        """
        for tries_left in reversed(range(TRIES)):
            try:
                return self._colorize(request, context)
            except _ChildGoneError:
                self._end_child()
                logger.error("the process of the engine %s died; another one takes its place", self.name)
                if not tries_left:
                    break
        raise EngineDiedError("The process of the engine died twice while it coloured this page.")

    def _colorize(self, request: ColorizeRequest, context: EngineContext) -> ColourLayer:
        if self._child is None:
            self.load()
        child, limit, started = self._running_child(), self._limit.seconds(request), time.monotonic()
        try:
            layer: ColourLayer = child.ask("colorize", (request, context.wants_previews), context, limit)
        except TimeoutError as error:
            self._end_child()
            raise EngineDiedError(f"The engine was silent for {limit:.0f} s, and its process was ended.") from error
        except AttemptAbortedError:
            if not child.is_idle:
                self._end_child()
            raise
        except DeviceLostError as error:
            # A new process may use the device again.
            raise _ChildGoneError from error
        self._limit.took(request, time.monotonic() - started)
        return layer

    def _running_child(self) -> "_Child":
        if self._child is None:
            self._child = _Child(self._build)
        return self._child

    def _end_child(self) -> None:
        if self._child is not None:
            self._child.end()
            self._child = None


class _Child:
    """One child process and the pipe to it."""

    def __init__(self, build: Callable[[], Engine]) -> None:
        context = multiprocessing.get_context("spawn")
        self._pipe, childs_end = context.Pipe()
        self.process: SpawnProcess = context.Process(target=run_child, args=(childs_end, build), daemon=True)
        self.process.start()
        # Only the child may hold its end, or its death would not be noticed.
        childs_end.close()
        #: True while it waits to be asked.
        self.is_idle = True

    def ask(
        self, word: str, argument: object, context: EngineContext | None = None, silence_seconds: float | None = None
    ) -> Any:
        """What the child answers; progress and previews go to the context meanwhile.

        Raises:
            _ChildGoneError: it ended.
            TimeoutError: it was silent for too long.
            AttemptAbortedError: the context says so; `is_idle` tells whether the child has stopped.
            MangaFluxError: the engine raised it.
        """
        self.is_idle = False
        self._send((word, argument))
        progress: tuple[str, int, int] | None = None
        heard_at = time.monotonic()
        while True:
            if self._pipe.poll(LOOK_SECONDS):
                word, value = self._receive()
                heard_at = time.monotonic()
                if word not in _MEANWHILE:
                    return self._result(word, value)
                if word == "progress":
                    progress = value
                elif context is not None:
                    context.preview(*value)
            elif silence_seconds is not None and time.monotonic() - heard_at > silence_seconds:
                raise TimeoutError
            if context is not None and progress is not None:
                self._report(context, progress)

    def end(self) -> None:
        """Ends the process, whatever it does."""
        self._pipe.close()
        self.process.join(STOP_SECONDS if self.is_idle else 0)
        if self.process.is_alive():
            self.process.kill()
            self.process.join()
        self.process.close()

    def _report(self, context: EngineContext, progress: tuple[str, int, int]) -> None:
        try:
            context.progress(*progress)
        except AttemptAbortedError:
            self._stop_page()
            raise

    def _stop_page(self) -> None:
        """Asks the child to stop its page, and waits a moment for it."""
        self._send(("abort", None))
        deadline = time.monotonic() + STOP_SECONDS
        while self._pipe.poll(max(0.0, deadline - time.monotonic())):
            if self._receive()[0] not in _MEANWHILE:
                self.is_idle = True
                return

    def _result(self, word: str, value: Any) -> Any:
        self.is_idle = True
        if word == "failed":
            raise value
        return value

    def _send(self, message: _Message) -> None:
        try:
            self._pipe.send(message)
        except OSError as error:
            raise _ChildGoneError from error

    def _receive(self) -> _Message:
        try:
            message: _Message = self._pipe.recv()
        except (EOFError, OSError) as error:
            raise _ChildGoneError from error
        return message


def run_child(pipe: "Connection[_Message, _Message]", build: Callable[[], Engine]) -> None:
    """The whole life of a child: answers what it is asked until the pipe is closed."""
    _end_with_parent()
    engine = build()
    while True:
        try:
            word, argument = pipe.recv()
            if word != "abort":  # one that came too late for its page
                pipe.send(_answer(engine, word, argument, pipe))
        except (EOFError, OSError):
            return


def _end_with_parent() -> None:
    """Signals of a terminal or a service manager are for the parent, which ends the child; its death ends it too."""
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


def _answer(engine: Engine, word: str, argument: Any, pipe: "Connection[_Message, _Message]") -> _Message:
    try:
        if word == "load":
            engine.load()
            return "done", _Facts(engine.model, engine.device, dict(engine.recipe))
        request, wants_previews = argument
        return "done", engine.colorize(request, _PipeContext(pipe, wants_previews=wants_previews))
    except MangaFluxError as error:
        return "failed", error
    except Exception as error:  # noqa: BLE001 — the parent judges it as it would an engine of its own
        return "failed", RuntimeError("".join(traceback.format_exception(error)))


class _PipeContext:
    """The context of a page in the child."""

    def __init__(self, pipe: "Connection[_Message, _Message]", *, wants_previews: bool) -> None:
        self._pipe = pipe
        self.wants_previews = wants_previews

    def progress(self, stage: str, step: int = 0, total_steps: int = 0) -> None:
        if self._pipe.poll():
            self._pipe.recv()
            raise AttemptAbortedError("The attempt was told to stop.")
        self._pipe.send(("progress", (stage, step, total_steps)))

    def preview(self, picture: RgbImage, step: int, total_steps: int) -> None:
        self._pipe.send(("preview", (picture, step, total_steps)))
