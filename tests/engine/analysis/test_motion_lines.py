import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from mangaflux.engine.analysis.motion_lines import find_segments, motion_lines
from mangaflux.samples.background import BACKGROUNDS
from mangaflux.samples.cast import cast_of
from mangaflux.samples.drawing import Canvas

SIDE = 500
PANEL = (0, 0, SIDE, SIDE)


def ground(name: str, seed: int) -> NDArray[np.bool_]:
    canvas = Canvas(SIDE, SIDE)
    BACKGROUNDS[name](canvas, cast_of(seed).world, np.random.default_rng(seed))
    return np.asarray(canvas.finish().line < 128)


@pytest.mark.parametrize("seed", [1, 2, 3])
@pytest.mark.parametrize(("name", "lines"), [("speed", "speed_lines"), ("focus", "focus_lines")])
def test_motion_lines_are_named(name: str, lines: str, seed: int) -> None:
    assert motion_lines(find_segments(ground(name, seed)), PANEL) == lines


@pytest.mark.parametrize("seed", [1, 2, 3])
@pytest.mark.parametrize("name", ["sky", "night", "town", "hills", "room", "sparkles", "gloom"])
def test_nothing_is_said_of_other_grounds(name: str, seed: int) -> None:
    assert motion_lines(find_segments(ground(name, seed)), PANEL) is None


def test_upright_lines_may_be_rain_and_are_not_named() -> None:
    turned = np.rot90(ground("speed", 1))

    assert motion_lines(find_segments(np.ascontiguousarray(turned)), PANEL) is None


def test_only_the_lines_of_the_panel_count() -> None:
    ink = np.zeros((SIDE, 2 * SIDE), dtype=np.bool_)
    ink[:, :SIDE] = ground("speed", 1)

    segments = find_segments(ink)

    assert motion_lines(segments, (0, 0, SIDE, SIDE)) == "speed_lines"
    assert motion_lines(segments, (SIDE, 0, SIDE, SIDE)) is None


def test_a_segment_is_told_by_middle_direction_and_length() -> None:
    page = np.zeros((SIDE, SIDE), dtype=np.uint8)
    cv2.line(page, (100, 250), (400, 250), (1,), 3)

    segments = find_segments(page > 0)

    assert len(segments.length) == 2
    assert segments.length == pytest.approx([300, 300], abs=12)
    assert segments.middle[:, 0] == pytest.approx([250, 250], abs=6)
    assert np.abs(segments.along[:, 0]) == pytest.approx([1, 1], abs=0.01)


@pytest.mark.parametrize("shape", [(1, 1), (3, 60), (SIDE, SIDE)])
def test_a_page_without_ink_has_no_segments(shape: tuple[int, int]) -> None:
    segments = find_segments(np.zeros(shape, dtype=np.bool_))

    assert len(segments.length) == 0
    assert motion_lines(segments, (0, 0, shape[1], shape[0])) is None
