import cv2
import numpy as np
import pytest

from mangaflux.engine.analysis.screentone_dots import find_dot_screen, find_dots
from tests.engine.analysis.drawn_pages import Gray, blank, screentone


def dots_at(page: Gray, places: list[tuple[int, int]], radius: int = 2) -> Gray:
    for place in places:
        cv2.circle(page, place, radius, (0,), -1)
    return page


def test_the_dots_of_a_screen_are_found() -> None:
    page = blank()
    screentone(page, 50, 50, 550, 800)

    found = find_dots(page)

    assert found[page == 0].mean() > 0.99
    assert not found[page == 255].any()


@pytest.mark.parametrize("period", [3, 4, 6, 8])
def test_a_screen_tells_the_distance_of_its_dots(period: int) -> None:
    page = blank()
    page[60:800:period, 60:500:period] = 0

    screen = find_dot_screen(page)

    assert np.median(screen.pitches) == pytest.approx(period, abs=0.1)


def test_the_light_holes_of_a_dense_tone_are_found() -> None:
    page = blank()
    page[50:800, 50:550] = 0
    page[53:798:4, 53:548:4] = 255

    screen = find_dot_screen(page)

    assert find_dots(page)[53:798:4, 53:548:4].mean() > 0.99
    assert screen.coverage.min() > 0.9


def test_a_turned_screen_is_found() -> None:
    page = blank()
    rows, columns = np.mgrid[0:850, 0:600]
    turned = np.cos((columns + rows) * 2 * np.pi / 9) * np.cos((columns - rows) * 2 * np.pi / 9)
    page[(turned > 0.6) & (columns > 50) & (columns < 550) & (rows > 50) & (rows < 800)] = 0

    assert find_dots(page)[page == 0].mean() > 0.97


def test_an_ellipsis_is_no_screentone() -> None:
    page = dots_at(blank(), [(300, 400), (310, 400), (320, 400)])

    assert not find_dots(page).any()


def test_two_eyes_are_no_screentone() -> None:
    page = dots_at(blank(), [(300, 400), (312, 400)], radius=3)

    assert not find_dots(page).any()


def test_freckles_are_no_screentone() -> None:
    page = dots_at(blank(), [(300, 400), (307, 396), (311, 404), (318, 399), (303, 409), (322, 407)], radius=1)

    assert not find_dots(page).any()


def test_scattered_stipple_is_no_screentone() -> None:
    rng = np.random.default_rng(7)
    page = dots_at(blank(), [(int(x), int(y)) for x, y in rng.integers(100, 500, (1500, 2))], radius=1)

    assert find_dots(page)[page == 0].mean() < 0.05


def test_hatching_is_no_screentone() -> None:
    page = blank()
    for x in range(100, 500, 6):
        cv2.line(page, (x, 300), (x + 25, 330), (0,), 1)

    assert not find_dots(page).any()


def test_a_grey_page_without_dots_has_none() -> None:
    page = np.tile(np.linspace(0, 255, 600).astype(np.uint8), (850, 1))
    cv2.circle(page, (300, 400), 150, (90,), -1)

    assert not find_dots(page).any()


@pytest.mark.parametrize("shape", [(1, 1), (2, 900), (40, 3)])
def test_tiny_and_narrow_pages_have_no_dots(shape: tuple[int, int]) -> None:
    assert find_dots(np.full(shape, 255, np.uint8)).shape == shape
