import numpy as np
import pytest

from mangaflux.engine.analysis.reading_sheet import reading_sheet, seen_side
from mangaflux.engine.analysis.sheet import make_sheet
from tests.engine.analysis.drawn_pages import rgb


@pytest.mark.parametrize(
    ("shape", "side"),
    [((1700, 1200), 1700), ((1700, 2400), 1700), ((12000, 800), 1280), ((800, 12000), 1280), ((1, 1), 1)],
)
def test_a_reader_sees_a_page_at_once_but_a_strip_in_parts(shape: tuple[int, int], side: float) -> None:
    assert seen_side(shape) == side


def test_a_long_strip_is_not_shrunk_to_a_thread() -> None:
    sheet = make_sheet(rgb(np.full((6000, 800), 255, dtype=np.uint8)))

    assert reading_sheet(sheet).gray.shape == (6000, 800)


def test_a_huge_page_is_shrunk() -> None:
    sheet = make_sheet(rgb(np.full((3500, 2500), 255, dtype=np.uint8)))

    assert reading_sheet(sheet).gray.shape == (1600, 1143)
