"""An engine in a process of its own: what it may do to the server, and what the server does to it."""

import os
import signal
import time
from collections.abc import Iterator
from functools import partial
from typing import Any

import numpy as np
import psutil
import pytest

from mangaflux.engine.base import RgbImage, SilentContext
from mangaflux.engine.fake import FakeEngine
from mangaflux.engine.isolation import IsolatedEngine
from mangaflux.errors import AttemptAbortedError, EngineDiedError, EngineUnavailableError, PageFailedError
from tests.engine.test_executor import a_request

DEADLINE_SECONDS = 60


class AbortsAtOnce(SilentContext):
    """A context of an attempt that was cancelled."""

    def progress(self, stage: str, step: int = 0, total_steps: int = 0) -> None:
        raise AttemptAbortedError("cancelled")


class CountsSteps(SilentContext):
    def __init__(self) -> None:
        self.steps: list[int] = []

    def progress(self, stage: str, step: int = 0, total_steps: int = 0) -> None:
        self.steps.append(step)


@pytest.fixture
def opened() -> Iterator[list[IsolatedEngine]]:
    engines: list[IsolatedEngine] = []
    yield engines
    for engine in engines:
        engine.unload()


def _isolated(opened: list[IsolatedEngine], least_silence_seconds: float = 60, **script: Any) -> IsolatedEngine:
    engine = IsolatedEngine(FakeEngine(), partial(FakeEngine, **script), least_silence_seconds)
    opened.append(engine)
    return engine


def _child(engine: IsolatedEngine) -> int:
    assert engine.process_id is not None
    return engine.process_id


def test_a_page_comes_back_as_from_an_engine_in_this_process(opened: list[IsolatedEngine]) -> None:
    engine, context = _isolated(opened), CountsSteps()
    engine.load()

    layer = engine.colorize(a_request(), context)

    assert np.array_equal(layer.image, FakeEngine().colorize(a_request(), SilentContext()).image)
    assert context.steps[-1] == FakeEngine().steps
    assert _child(engine) != os.getpid()


class Looks(SilentContext):
    """A context of somebody who wants previews."""

    wants_previews = True

    def __init__(self) -> None:
        self.shown: list[tuple[int, int]] = []

    def preview(self, picture: RgbImage, step: int, total_steps: int) -> None:
        assert picture.any()
        self.shown.append((step, total_steps))


def test_previews_come_through_where_somebody_wants_them(opened: list[IsolatedEngine]) -> None:
    engine, context = _isolated(opened), Looks()
    engine.load()

    engine.colorize(a_request(), context)

    steps = FakeEngine().steps
    assert context.shown == [(step, steps) for step in range(1, steps + 1)]


def test_what_an_engine_refuses_is_refused_and_it_works_on(opened: list[IsolatedEngine]) -> None:
    engine = _isolated(opened, fail_pages=[1])
    engine.load()
    first = _child(engine)

    with pytest.raises(PageFailedError, match="told to fail"):
        engine.colorize(a_request(), SilentContext())
    engine.colorize(a_request(), SilentContext())

    assert _child(engine) == first


def test_an_error_that_no_contract_names_comes_with_its_traceback(opened: list[IsolatedEngine]) -> None:
    engine = _isolated(opened, raise_unexpected=True)

    with pytest.raises(RuntimeError, match=r"_fail_where_told[\s\S]*told to break"):
        engine.colorize(a_request(), SilentContext())


def test_a_child_that_dies_over_a_page_fails_it_and_the_next_page_has_a_new_one(opened: list[IsolatedEngine]) -> None:
    engine = _isolated(opened, die_seeds=[1])
    engine.load()
    first = _child(engine)

    with pytest.raises(EngineDiedError, match="twice"):
        engine.colorize(a_request(seed=1), SilentContext())
    engine.colorize(a_request(seed=2), SilentContext())

    assert _child(engine) != first


def test_a_child_that_was_killed_meanwhile_is_replaced_and_no_page_fails(opened: list[IsolatedEngine]) -> None:
    engine = _isolated(opened)
    engine.load()
    os.kill(_child(engine), signal.SIGKILL)

    engine.colorize(a_request(), SilentContext())


def test_a_child_that_hangs_is_ended_and_the_next_page_has_a_new_one(opened: list[IsolatedEngine]) -> None:
    engine = _isolated(opened, least_silence_seconds=0.5, hang_seeds=[1])
    engine.colorize(a_request(seed=2), SilentContext())
    hung = _child(engine)

    with pytest.raises(EngineDiedError, match="silent"):
        engine.colorize(a_request(seed=1), SilentContext())

    assert not psutil.pid_exists(hung)
    engine.colorize(a_request(seed=2), SilentContext())


def test_an_abort_stops_the_page_and_keeps_the_child(opened: list[IsolatedEngine]) -> None:
    engine = _isolated(opened, seconds_per_step=60)
    engine.load()
    child, started = _child(engine), time.monotonic()

    with pytest.raises(AttemptAbortedError):
        engine.colorize(a_request(), AbortsAtOnce())

    assert time.monotonic() - started < DEADLINE_SECONDS / 2
    assert _child(engine) == child


def test_a_child_that_ignores_the_abort_is_ended(opened: list[IsolatedEngine]) -> None:
    engine = _isolated(opened, seconds_per_step=60, ignore_abort=True)
    engine.load()

    with pytest.raises(AttemptAbortedError):
        engine.colorize(a_request(), AbortsAtOnce())

    assert engine.process_id is None


def test_an_engine_that_does_not_load_says_so(opened: list[IsolatedEngine]) -> None:
    with pytest.raises(EngineUnavailableError, match="told not to load"):
        _isolated(opened, fail_at_load=True).load()


def test_unloading_ends_the_process(opened: list[IsolatedEngine]) -> None:
    engine = _isolated(opened)
    engine.load()
    child = _child(engine)

    engine.unload()
    engine.unload()

    assert not psutil.pid_exists(child)
    assert engine.process_id is None


def test_signals_of_a_terminal_do_not_end_the_child(opened: list[IsolatedEngine]) -> None:
    engine = _isolated(opened)
    engine.load()
    child = _child(engine)
    for number in (signal.SIGINT, signal.SIGTERM):
        os.kill(child, number)

    engine.colorize(a_request(), SilentContext())

    assert _child(engine) == child
