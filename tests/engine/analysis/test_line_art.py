import cv2
import numpy as np
import pytest

from mangaflux.engine.analysis.line_art import extract_line_art
from mangaflux.samples.screentone import Screen, screened
from tests.engine.analysis.drawn_pages import blank, screentone


def test_a_line_on_paper_is_ink() -> None:
    page = blank()
    cv2.line(page, (100, 100), (500, 700), (0,), 3)

    art = extract_line_art(page)

    assert art.ink[page == 0].mean() > 0.99
    assert art.ink.mean() < 0.02


def test_the_dots_of_screentone_are_tone_and_not_ink() -> None:
    page = blank()
    screentone(page, 50, 50, 550, 800)

    art = extract_line_art(page)

    assert art.ink[100:750, 100:500].mean() < 0.01
    middle = art.tone[100:750, 100:500]
    assert abs(middle.mean() - page[98:752, 98:500].mean() / 255) < 0.05
    assert middle.std() < 0.1


def test_a_line_across_screentone_is_ink() -> None:
    page = blank()
    screentone(page, 50, 50, 550, 800)
    line = np.zeros_like(page)
    cv2.line(line, (100, 120), (480, 720), (1,), 5)
    page[line > 0] = 0

    art = extract_line_art(page)

    assert art.ink[line > 0].mean() > 0.85


@pytest.mark.parametrize(
    "screen", [Screen("dots", 8.0), Screen("dots", 5.0, 0.0), Screen("lines", 4.3), Screen("sand", 4)]
)
def test_a_line_across_any_screen_is_ink_and_the_screen_is_not(screen: Screen) -> None:
    line = np.zeros((1200, 850), dtype=np.uint8)
    cv2.line(line, (100, 120), (680, 1020), (255,), 5)
    page = np.minimum(screened(np.full(line.shape, 77, dtype=np.uint8), screen), 255 - line)

    art = extract_line_art(np.asarray(page, dtype=np.uint8))

    assert art.ink[line > 0].mean() > 0.8
    assert art.ink[cv2.dilate(line, np.ones((15, 15))) == 0].mean() < 0.01
    assert abs(art.tone[100:-100, 100:-100] - (1 - 77 / 255)).mean() < 0.06
    assert art.screened[100:-100, 100:-100].mean() > 0.95


def test_flat_grey_is_not_screened() -> None:
    page = blank()
    cv2.rectangle(page, (100, 100), (500, 700), (150,), -1)

    assert not extract_line_art(page).screened.any()


def test_a_thin_line_beside_a_thick_one_is_kept() -> None:
    page = blank(1200, 1700)
    cv2.line(page, (100, 100), (100, 1600), (0,), 9)
    cv2.line(page, (114, 100), (114, 1600), (0,), 2)

    art = extract_line_art(page)

    assert art.ink[150:1550, 114].mean() > 0.95
    assert not art.ink[150:1550, 107:110].any()


def test_a_large_black_is_solid_and_a_line_is_not() -> None:
    page = blank()
    cv2.circle(page, (300, 300), 90, (0,), -1)
    cv2.line(page, (50, 600), (550, 600), (0,), 4)

    art = extract_line_art(page)

    assert art.solid[300, 300]
    assert not art.solid[600, 300]
    assert art.ink[art.solid].all()
    assert art.tone[300, 300] == 0


def test_tone_is_filled_in_under_lines_from_beside() -> None:
    page = np.full((850, 600), 150, dtype=np.uint8)
    cv2.line(page, (50, 400), (550, 400), (0,), 5)

    tone = extract_line_art(page).tone

    assert abs(tone[400, 300] - 150 / 255) < 0.05


def test_large_pages_keep_their_size() -> None:
    page = blank(1700, 2600)
    cv2.line(page, (100, 1300), (1600, 1300), (0,), 8)

    art = extract_line_art(page)

    assert art.ink.shape == art.tone.shape == art.solid.shape == (2600, 1700)
    assert art.ink[1300, 800]
    assert art.tone.dtype == np.float32


def test_a_single_pixel_has_line_art() -> None:
    art = extract_line_art(np.full((1, 1), 255, dtype=np.uint8))

    assert not art.ink[0, 0]
    assert art.tone[0, 0] == 1
