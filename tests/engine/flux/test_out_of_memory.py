"""A device that runs out of memory, forced on the tiny model: once more in a lighter profile, then the page fails."""

from collections.abc import Callable
from typing import Any

import pytest
import torch

from mangaflux.engine.flux import faults
from mangaflux.engine.flux.engine import FluxEngine
from mangaflux.engine.flux.painting import Painter
from mangaflux.errors import PageFailedError
from mangaflux.settings import FluxSettings
from tests.engine.engine_contract import RecordingContext, make_request
from tests.engine.flux.folders import make_engine

#: What the device is said to have taken.
PEAK_BYTES = 7 * 1024**3

#: Lets so many paintings run out of memory from now on.
RunOut = Callable[[int], None]


@pytest.fixture
def run_out(monkeypatch: pytest.MonkeyPatch) -> RunOut:
    left = 0
    paint = Painter.paint

    def paint_or_run_out(self: Painter, *arguments: Any) -> Any:
        nonlocal left
        if left:
            left -= 1
            raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB.")
        return paint(self, *arguments)

    def set_left(count: int) -> None:
        nonlocal left
        left = count

    monkeypatch.setattr(Painter, "paint", paint_or_run_out)
    monkeypatch.setattr(faults, "peak_memory", lambda _device: PEAK_BYTES)
    return set_left


def colour(engine: FluxEngine) -> tuple[bytes, str]:
    """The layer, and the memory profile it was painted in."""
    layer = engine.colorize(make_request(), RecordingContext())
    return layer.image.tobytes(), layer.recipe["memory_profile"]


def test_a_page_that_does_not_fit_is_painted_in_the_next_lighter_profile(engine: FluxEngine, run_out: RunOut) -> None:
    engine.load()
    usual, _ = colour(engine)
    run_out(1)
    assert colour(engine) == (usual, "embeddings_only")
    # The page after it starts in the usual profile again.
    assert colour(engine) == (usual, "resident")


def test_a_page_that_fits_nowhere_fails_with_the_peak_and_the_next_one_is_good(
    engine: FluxEngine, run_out: RunOut
) -> None:
    engine.load()
    usual = colour(engine)
    run_out(2)
    with pytest.raises(PageFailedError, match=r"took 7\.0 GiB") as caught:
        colour(engine)
    assert caught.value.details == {"peak_memory_bytes": PEAK_BYTES}
    assert colour(engine) == usual


def test_it_is_tried_twice_and_not_more(engine: FluxEngine, run_out: RunOut) -> None:
    engine.load()
    run_out(3)
    with pytest.raises(PageFailedError):
        colour(engine)
    # One of the three is left for this page, which then comes out in the lighter profile.
    assert colour(engine)[1] == "embeddings_only"


def test_a_profile_without_a_lighter_one_fails_at_once(
    tiny_settings: Callable[..., FluxSettings], run_out: RunOut
) -> None:
    engine = make_engine(tiny_settings(memory_profile="offload"))
    engine.load()
    run_out(1)
    with pytest.raises(PageFailedError):
        colour(engine)
    assert colour(engine)[1] == "offload"
