"""The single thread that may touch the device, and keeps the model warm."""

import asyncio
import contextvars
import logging
import math
import time
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from typing import Literal, TypeVar

from mangaflux.engine.base import ColorizeRequest, ColourLayer, Engine, EngineContext, RgbImage
from mangaflux.engine.silence import SilenceLimit
from mangaflux.errors import AttemptAbortedError, DeviceLostError, EngineUnavailableError, MangaFluxError

logger = logging.getLogger(__name__)

Result = TypeVar("Result")


@dataclass(frozen=True, slots=True)
class DeviceSnapshot:
    """What the device thread last said of itself; read by everyone, from any thread."""

    #: "unloaded" where somebody asked for it: the next page loads its engine again.
    state: Literal["idle", "loading", "busy", "unloaded", "failed", "closed"] = "idle"
    #: The engine that is loaded.
    engine: str | None = None
    stage: str | None = None
    #: Why the last load failed.
    error: str | None = None
    peak_memory_bytes: int | None = None
    #: `time.monotonic` of the last load or page.
    used_at: float = field(default_factory=time.monotonic)

    @property
    def idle_seconds(self) -> float:
        """Seconds since the device did anything; 0 while it works."""
        return time.monotonic() - self.used_at if self.state == "idle" else 0.0


class _WatchedContext:
    """Passes progress on, and notes it: the stage, and that there is life."""

    def __init__(self, context: EngineContext, note: Callable[[str], None]) -> None:
        self._context = context
        self._note = note

    def progress(self, stage: str, step: int = 0, total_steps: int = 0) -> None:
        self._note(stage)
        self._context.progress(stage, step, total_steps)

    @property
    def wants_previews(self) -> bool:
        return self._context.wants_previews

    def preview(self, picture: RgbImage, step: int, total_steps: int) -> None:
        self._context.preview(picture, step, total_steps)


class DeviceExecutor:
    """Runs engines on one thread. One engine is loaded at a time, and stays until another is asked for.

    Args:
        engines: by name.
        least_silence_seconds: the shortest time after which an engine that gives no sign of life is taken for hung.
    """

    def __init__(self, engines: Mapping[str, Engine], least_silence_seconds: float = math.inf) -> None:
        self._engines = engines
        self._limits = {name: SilenceLimit(least_silence_seconds) for name in engines}
        #: `time.monotonic` of the last sign of life while a page is on the device, and how long it may be silent.
        self._heard_at = 0.0
        self._silence_seconds = math.inf
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="device")
        self._snapshot = DeviceSnapshot()
        #: Why the device is lost. Set once, for good: every further call to the device would fail.
        self.lost: DeviceLostError | None = None

    @property
    def snapshot(self) -> DeviceSnapshot:
        """The latest word of the device thread."""
        return self._snapshot

    @property
    def is_hung(self) -> bool:
        """True where a page is on the device and its engine was silent for longer than it may be."""
        return self._snapshot.state == "busy" and time.monotonic() - self._heard_at > self._silence_seconds

    async def load(self, name: str) -> None:
        """Loads an engine on the device thread.

        Raises:
            EngineUnavailableError: it cannot be loaded.
        """
        await self._run(lambda: self._ensure_loaded(name))

    async def unload(self) -> None:
        """Frees what is loaded, after the page that is on the device; the next page loads its engine again."""
        await self._run(self._unload_on_request)

    async def colorize(self, name: str, request: ColorizeRequest, context: EngineContext) -> ColourLayer:
        """The colour layer of one page, from the named engine, on the device thread.

        Cancelling the awaiting task does not stop the thread: only the context's abort does.

        Raises:
            AttemptAbortedError: from the context, or because the device was lost on another page.
            DeviceLostError: the device was lost on this page.
        """
        self._engines[name].expect(request)
        return await self._run(lambda: self._colorize(name, request, context))

    async def close(self, timeout_seconds: float) -> bool:
        """Unloads and ends the thread; False where it did not come back in time and was left behind."""
        unloading = asyncio.ensure_future(self._run(self._unload))
        done, _ = await asyncio.wait({unloading}, timeout=timeout_seconds)
        self._thread.shutdown(wait=bool(done), cancel_futures=True)
        self._snapshot = replace(self._snapshot, state="closed")
        return bool(done)

    async def _run(self, call: Callable[[], Result]) -> Result:
        # With its context, so that what the thread logs names its page.
        return await asyncio.get_running_loop().run_in_executor(self._thread, contextvars.copy_context().run, call)

    def _ensure_loaded(self, name: str) -> Engine:
        engine = self._engines[name]
        if self.lost is not None:
            raise EngineUnavailableError(self.lost.message)
        if self._snapshot.engine == name:
            return engine
        self._unload()
        self._snapshot = DeviceSnapshot(state="loading")
        try:
            engine.load()
        except DeviceLostError as error:
            self._lose(error)
            raise
        except MangaFluxError as error:
            self._snapshot = DeviceSnapshot(state="failed", error=error.message)
            raise
        except Exception as error:
            logger.exception("the engine %s could not be loaded", name)
            self._snapshot = DeviceSnapshot(state="failed", error=f"{type(error).__name__} while loading")
            raise EngineUnavailableError(f"The engine {name} could not be loaded; the log says why.") from error
        self._snapshot = DeviceSnapshot(state="idle", engine=name)
        return engine

    def _colorize(self, name: str, request: ColorizeRequest, context: EngineContext) -> ColourLayer:
        watched = _WatchedContext(context, self._note)
        # An attempt that was aborted while it waited for the device ends here.
        watched.progress("loading")
        if self.lost is not None:
            # The page is not to blame; it goes back to the queue.
            raise AttemptAbortedError(self.lost.message)
        engine = self._ensure_loaded(name)
        started = self._heard_at = time.monotonic()
        self._silence_seconds = self._limits[name].seconds(request)
        self._snapshot = replace(self._snapshot, state="busy")
        try:
            layer = engine.colorize(request, watched)
            self._limits[name].took(request, time.monotonic() - started)
            self._snapshot = replace(self._snapshot, peak_memory_bytes=layer.peak_memory_bytes)
            return layer
        except DeviceLostError as error:
            self._lose(error)
            raise
        finally:
            if self._snapshot.state == "busy":
                self._snapshot = replace(self._snapshot, state="idle", stage=None, used_at=time.monotonic())

    def _lose(self, error: DeviceLostError) -> None:
        # Nothing is loaded any more: unloading would fail, too.
        self.lost = error
        self._snapshot = DeviceSnapshot(state="failed", error=error.message)

    def _note(self, stage: str) -> None:
        self._heard_at = time.monotonic()
        if stage != self._snapshot.stage:
            self._snapshot = replace(self._snapshot, stage=stage)

    def _unload_on_request(self) -> None:
        self._unload()
        self._snapshot = DeviceSnapshot(state="unloaded")

    def _unload(self) -> None:
        if self._snapshot.engine is not None:
            self._engines[self._snapshot.engine].unload()
        self._snapshot = DeviceSnapshot()
