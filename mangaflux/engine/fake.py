"""A scripted engine: it tints pages, and fails, stalls and misbehaves exactly as its attributes say.

It ships with the package so that a server can be started with it and driven from outside, as the acceptance tests do.
"""

import threading
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from mangaflux.engine.base import ColorizeRequest, ColourLayer, EngineContext, ModelInfo, RgbImage
from mangaflux.errors import AttemptAbortedError, EngineUnavailableError, PageFailedError

#: An abort is noticed within one slice, however long a step takes.
_SLICE_SECONDS = 0.02

#: Largest change of one channel by the seed, in 8-bit levels.
_SEED_TINT = 24


@dataclass(eq=False)
class FakeEngine:
    """An engine without a model. Every attribute may be changed between two pages."""

    name: str = field(default="fake", init=False)
    model: ModelInfo = field(default=ModelInfo(id="mangaflux-fake", revision="1"), init=False)
    device: str = field(default="cpu", init=False)
    recipe: Mapping[str, str] = field(default_factory=lambda: {"fake": "1"}, init=False)

    #: Steps of the stage "denoising" of each page, and how long each of them waits.
    steps: int = 4
    seconds_per_step: float = 0.0
    #: The step, counted from 1, at which every page fails with PageFailedError; None: never.
    fail_at_step: int | None = None
    #: Pages that fail with PageFailedError: by the number of the call, counted from 1, or by the seed of the request.
    fail_pages: Collection[int] = ()
    fail_seeds: Collection[int] = ()
    #: Whether it carries on when the context tells it to stop, as a hung driver would.
    ignore_abort: bool = False
    #: Whether the layer has another aspect than the page.
    wrong_size: bool = False
    #: Whether every page ends in a RuntimeError that no contract names.
    raise_unexpected: bool = False
    #: Whether `load` raises EngineUnavailableError.
    fail_at_load: bool = False

    #: What happened so far; for tests to read.
    loaded: bool = field(default=False, init=False)
    calls: int = field(default=0, init=False)
    last_request: ColorizeRequest | None = field(default=None, init=False)

    def load(self) -> None:
        """Makes the engine ready; loading a loaded engine changes nothing.

        Raises:
            EngineUnavailableError: `fail_at_load` is set.
        """
        if self.fail_at_load:
            raise EngineUnavailableError("The fake engine was told not to load; start the server without that.")
        self.loaded = True

    def unload(self) -> None:
        """Forgets that it was loaded."""
        self.loaded = False

    def colorize(self, request: ColorizeRequest, context: EngineContext) -> ColourLayer:
        """The page, tinted by the mean colour of the first reference and a little by the seed, after all its steps.

        Raises:
            AttemptAbortedError: from the context, unless `ignore_abort` is set.
            PageFailedError: the script says that this page fails.
            RuntimeError: `raise_unexpected` is set.
        """
        self.calls += 1
        self.last_request = request
        for step in range(1, self.steps + 1):
            self._take_step(step, context)
        self._fail_where_told(request)
        tinted = _tint(request)
        return ColourLayer(image=tinted[:, : max(1, tinted.shape[1] // 2)] if self.wrong_size else tinted)

    def _take_step(self, step: int, context: EngineContext) -> None:
        self._report(step, context)
        if step == self.fail_at_step:
            raise PageFailedError(f"The fake engine was told to fail at step {step}.")
        remaining = self.seconds_per_step
        while remaining > 0:
            threading.Event().wait(min(remaining, _SLICE_SECONDS))
            remaining -= _SLICE_SECONDS
            self._report(step, context)

    def _report(self, step: int, context: EngineContext) -> None:
        try:
            context.progress("denoising", step, self.steps)
        except AttemptAbortedError:
            if not self.ignore_abort:
                raise

    def _fail_where_told(self, request: ColorizeRequest) -> None:
        if self.raise_unexpected:
            raise RuntimeError("the fake engine was told to break")
        if self.calls in self.fail_pages or request.seed in self.fail_seeds:
            raise PageFailedError("The fake engine was told to fail this page.")


def _tint(request: ColorizeRequest) -> RgbImage:
    area = request.region
    page = request.page
    if area is not None:
        page = page[area.y : area.y + area.height, area.x : area.x + area.width]
    tint = _mean_colour(request.references[0]) + _seed_offset(request.seed)
    shaded = page.astype(np.float32) * np.clip(tint, 0, 255) / 255
    return np.asarray(np.rint(shaded), dtype=np.uint8)


def _mean_colour(reference: RgbImage) -> NDArray[np.float32]:
    return np.asarray(reference.reshape(-1, 3).mean(axis=0), dtype=np.float32)


def _seed_offset(seed: int) -> NDArray[np.float32]:
    channels = np.random.default_rng(seed).uniform(-_SEED_TINT, _SEED_TINT, 3)
    return channels.astype(np.float32)
