import time
from dataclasses import dataclass

import pytest

from mangaflux.engine.base import SilentContext
from mangaflux.engine.fake import FakeEngine
from mangaflux.errors import AttemptAbortedError, EngineUnavailableError, PageFailedError
from tests.engine.engine_contract import HEIGHT, WIDTH, RecordingContext, make_request


@dataclass
class ImpatientContext(SilentContext):
    """Tells the engine to stop once `seconds` have passed."""

    seconds: float

    def __post_init__(self) -> None:
        self._deadline = time.monotonic() + self.seconds

    def progress(self, stage: str, step: int = 0, total_steps: int = 0) -> None:
        if time.monotonic() > self._deadline:
            raise AttemptAbortedError("The attempt was told to stop.")


def test_every_step_is_reported_with_the_total() -> None:
    context = RecordingContext()
    FakeEngine(steps=3).colorize(make_request(), context)
    assert context.reports == [("denoising", 1, 3), ("denoising", 2, 3), ("denoising", 3, 3)]


def test_a_long_step_is_left_soon_after_an_abort() -> None:
    engine = FakeEngine(steps=1, seconds_per_step=30.0)
    started = time.monotonic()
    with pytest.raises(AttemptAbortedError):
        engine.colorize(make_request(), ImpatientContext(seconds=0.05))
    assert time.monotonic() - started < 5.0


def test_a_step_takes_as_long_as_the_script_says() -> None:
    started = time.monotonic()
    FakeEngine(steps=2, seconds_per_step=0.05).colorize(make_request(), RecordingContext())
    assert time.monotonic() - started >= 0.1


def test_an_engine_that_ignores_aborts_paints_all_the_same() -> None:
    layer = FakeEngine(ignore_abort=True).colorize(make_request(), RecordingContext(stop_after=0))
    assert layer.image.shape == (HEIGHT, WIDTH, 3)


def test_it_fails_at_the_step_it_was_told_to() -> None:
    context = RecordingContext()
    with pytest.raises(PageFailedError):
        FakeEngine(steps=4, fail_at_step=2).colorize(make_request(), context)
    assert [step for _, step, _ in context.reports] == [1, 2]


def test_it_fails_the_second_page_and_colours_the_third() -> None:
    engine = FakeEngine(fail_pages={2})
    engine.colorize(make_request(), RecordingContext())
    with pytest.raises(PageFailedError):
        engine.colorize(make_request(), RecordingContext())
    assert engine.colorize(make_request(), RecordingContext()).image.size > 0


def test_it_fails_the_page_with_a_given_seed() -> None:
    engine = FakeEngine(fail_seeds={41})
    with pytest.raises(PageFailedError):
        engine.colorize(make_request(seed=41), RecordingContext())
    assert engine.colorize(make_request(seed=42), RecordingContext()).image.size > 0


def test_it_breaks_in_a_way_no_contract_names() -> None:
    with pytest.raises(RuntimeError):
        FakeEngine(raise_unexpected=True).colorize(make_request(), RecordingContext())


def test_it_paints_a_layer_of_the_wrong_aspect() -> None:
    layer = FakeEngine(wrong_size=True).colorize(make_request(), RecordingContext())
    assert layer.image.shape[:2] == (HEIGHT, WIDTH // 2)


def test_it_refuses_to_load() -> None:
    engine = FakeEngine(fail_at_load=True)
    with pytest.raises(EngineUnavailableError):
        engine.load()
    assert not engine.loaded


def test_another_seed_gives_another_tint() -> None:
    engine = FakeEngine()
    first = engine.colorize(make_request(seed=1), RecordingContext())
    second = engine.colorize(make_request(seed=2), RecordingContext())
    assert first.image.tobytes() != second.image.tobytes()
