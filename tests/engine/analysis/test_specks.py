import cv2
import numpy as np
import pytest

from mangaflux.engine.analysis.specks import find_specks
from tests.engine.analysis.drawn_pages import blank, screentone


def test_dots_that_stand_close_together_are_specks() -> None:
    page = blank()
    screentone(page, 50, 50, 550, 800)

    specks = find_specks(page, 850 / 1600)

    assert specks.mask[page == 0].mean() > 0.99
    assert specks.zone[60:790, 60:540].all()


def test_the_holes_of_a_dark_tone_are_specks() -> None:
    dots = blank()
    screentone(dots, 50, 50, 550, 800)
    holes = np.asarray(255 - dots, dtype=np.uint8)

    specks = find_specks(holes, 850 / 1600)

    assert specks.mask[holes == 255].mean() > 0.99


def test_lines_and_single_dots_are_no_specks() -> None:
    page = blank()
    cv2.line(page, (50, 50), (500, 700), (0,), 3)
    for place in ((100, 400), (110, 400), (300, 100)):
        cv2.circle(page, place, 2, (0,), -1)

    specks = find_specks(page, 850 / 1600)

    assert not specks.mask.any()
    assert not specks.zone.any()


@pytest.mark.parametrize("shape", [(1, 1), (2, 900), (40, 3)])
def test_tiny_and_narrow_pages_have_no_specks(shape: tuple[int, int]) -> None:
    assert not find_specks(np.full(shape, 255, np.uint8), max(shape) / 1600).mask.any()
