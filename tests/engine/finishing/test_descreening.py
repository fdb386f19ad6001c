import os
from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from mangaflux.engine.finishing import dense_screens
from mangaflux.engine.finishing.descreening import without_screentone
from mangaflux.engine.finishing.drawing import read_drawing
from mangaflux.samples.screentone import Screen, screened
from tests.engine.analysis.drawn_pages import Gray, blank, screentone


def levels_of(page: Gray) -> NDArray[np.float64]:
    """The page without its screentone, 0–1."""
    return without_screentone(page) / 255


def dotted_page(period: int = 6) -> Gray:
    page = blank()
    screentone(page, 50, 50, 550, 800, period)
    return page


def test_dots_become_even_shade() -> None:
    shade = levels_of(dotted_page())[80:770, 80:520]

    assert shade.std() < 0.02
    assert 0.6 < shade.mean() < 0.95


def test_paper_beside_the_dots_stays_white() -> None:
    page = blank()
    screentone(page, 50, 50, 300, 800)

    assert (levels_of(page)[:, 320:] == 1).all()


@pytest.mark.parametrize("end", [(480, 720), (480, 200), (130, 760), (520, 120)])
def test_a_line_across_dots_stays_and_the_dots_go(end: tuple[int, int]) -> None:
    page, line = dotted_page(), np.zeros((850, 600), np.uint8)
    cv2.line(line, (90, 120), end, (1,), 3)
    page[line > 0] = 0

    levels = levels_of(page)

    assert (levels[line > 0] < 0.3).mean() > 0.99
    beyond = cv2.dilate(line, np.ones((5, 5), np.uint8)) == 0
    assert (levels[60:790, 60:540][beyond[60:790, 60:540]] > 0.6).all()


def test_dots_that_touch_a_frame_go() -> None:
    page = dotted_page()
    page[50:800, 47:52] = 0

    levels = levels_of(page)

    assert (levels[60:790, 47:52] < 0.3).mean() > 0.99
    assert (levels[60:790, 54:60] > 0.6).mean() > 0.99


def test_a_curve_among_dots_stays() -> None:
    page, curve = dotted_page(), np.zeros((850, 600), np.uint8)
    cv2.circle(curve, (300, 400), 40, (1,), 3)
    page[curve > 0] = 0

    assert (levels_of(page)[curve > 0] < 0.3).mean() > 0.98


def test_a_solid_black_among_dots_stays() -> None:
    page = dotted_page()
    cv2.circle(page, (300, 400), 60, (0,), -1)
    inside = np.zeros_like(page)
    cv2.circle(inside, (300, 400), 60, (1,), -1)

    assert (levels_of(page)[inside > 0] < 0.3).mean() > 0.99


def test_the_net_of_a_dense_tone_becomes_even_shade() -> None:
    page = blank()
    page[50:800, 50:550] = 0
    for row, column in ((0, 0), (0, 1), (1, 0), (1, 1)):
        page[53 + row : 796 : 4, 53 + column : 546 : 4] = 255

    levels = levels_of(page)

    assert levels[80:770, 80:520].std() < 0.05
    assert 0.4 < levels[80:770, 80:520].mean() < 0.8


def test_a_bold_line_in_a_dense_tone_stays() -> None:
    page = blank()
    page[50:800, 50:550] = 0
    for row, column in ((0, 0), (0, 1), (1, 0), (1, 1)):
        page[53 + row : 796 : 4, 53 + column : 546 : 4] = 255
    line = np.zeros_like(page)
    cv2.line(line, (90, 120), (480, 720), (1,), 5)
    page[line > 0] = 0

    assert (levels_of(page)[line > 0] < 0.3).mean() > 0.97


def wide_dense_page(upper: int = 140, lower: int = 140) -> Gray:
    """Dots 9 pixels apart that have grown together, framed; from one tone to another, 0 paper to 255 solid."""
    page = blank()
    tone = np.repeat(np.linspace(upper, lower, 750).astype(np.uint8)[:, None], 500, axis=1)
    page[50:800, 50:550] = screened(tone, Screen("dots", 9.0))
    cv2.rectangle(page, (50, 50), (549, 799), (0,), 4)
    return page


def test_the_outline_of_a_balloon_in_a_wide_dense_tone_stays_whole() -> None:
    page, outline = wide_dense_page(155, 155), np.zeros((850, 600), np.uint8)
    cv2.ellipse(page, (300, 400), (150, 90), 0, 0, 360, (255,), -1)
    cv2.ellipse(outline, (300, 400), (150, 90), 0, 0, 360, (1,), 3)
    page[outline > 0] = 0

    near = cv2.dilate((levels_of(page) < 0.3).view(np.uint8), np.ones((3, 3), np.uint8))
    assert near[outline > 0].mean() > 0.98


def test_the_frame_around_a_wide_dense_tone_stays_and_the_dots_that_touch_it_go() -> None:
    levels = levels_of(wide_dense_page())

    assert (levels[60:790, 49:51] < 0.3).mean() > 0.99
    assert (levels[70:780, 53:60] > 0.3).mean() > 0.99


@pytest.mark.parametrize(("fine", "wide", "tone"), [(4.0, 9.0, 130), (4.0, 7.0, 150), (5.0, 12.0, 130)])
def test_a_wide_dense_tone_becomes_even_shade_beside_a_fine_one(fine: float, wide: float, tone: int) -> None:
    page = np.full((1700, 1200), 255, np.uint8)
    page[:1100] = screened(np.full((1100, 1200), 45, np.uint8), Screen("dots", fine))
    page[1150:1650, 50:1150] = screened(np.full((500, 1100), tone, np.uint8), Screen("dots", wide))

    assert (levels_of(page)[1160:1640, 60:1140] < 0.3).mean() < 0.002


@pytest.mark.parametrize("tile", [150, 5000])
def test_a_dense_tone_has_no_seams(monkeypatch: pytest.MonkeyPatch, tile: int) -> None:
    page = wide_dense_page(155, 155)
    for x in range(80, 540, 37):
        cv2.line(page, (x, 60), (x + 90, 790), (0,), 1 + x % 5)
    usual = without_screentone(page)

    monkeypatch.setattr(dense_screens, "_TILE", tile)

    assert np.array_equal(without_screentone(page), usual)


def test_a_dense_tone_on_a_strip_of_any_height_becomes_even_shade() -> None:
    strip = screened(np.full((33000, 80), 150, np.uint8), Screen("dots", 7.0))

    assert without_screentone(strip)[100:-100, 10:-10].min() > 80


def test_a_wide_tone_from_dots_to_holes_is_even_everywhere() -> None:
    levels = levels_of(wide_dense_page(180, 70))[80:770, 80:520]

    assert np.abs(levels - cv2.GaussianBlur(levels, (0, 0), 6)).max() < 0.05


def test_a_gradient_of_dots_becomes_a_gradient_of_shade() -> None:
    page = blank()
    rows, columns = np.mgrid[0:850, 0:600]
    spot = np.cos((columns + rows) * 2 * np.pi / 12) * np.cos((columns - rows) * 2 * np.pi / 12)
    page[spot > 0.9 - 0.7 * rows / 850] = 0

    means = levels_of(page)[100:800, 100:500].mean(axis=1)

    assert means[0] - means[-1] > 0.1
    assert (np.diff(means[::50]) < 0.01).all()


def test_hatching_without_dots_stays_as_it_is() -> None:
    page = blank()
    for x in range(100, 500, 6):
        cv2.line(page, (x, 300), (x + 25, 330), (0,), 1)

    assert (without_screentone(page) == page).all()


def test_an_ellipsis_and_two_eyes_stay_as_they_are() -> None:
    page = blank()
    for x, y, radius in ((300, 400, 2), (310, 400, 2), (320, 400, 2), (200, 200, 3), (215, 200, 3)):
        cv2.circle(page, (x, y), radius, (0,), -1)

    assert (without_screentone(page) == page).all()


def test_a_grey_page_without_dots_stays_as_it_is() -> None:
    page = np.tile(np.linspace(0, 255, 600).astype(np.uint8), (850, 1))
    cv2.circle(page, (300, 400), 150, (90,), -1)

    assert np.array_equal(without_screentone(page), page)


def test_the_same_page_gives_the_same_levels() -> None:
    assert without_screentone(dotted_page()).tobytes() == without_screentone(dotted_page()).tobytes()


@pytest.mark.parametrize("name", ["msdemo-002-library", "msdemo-004-rain"])
def test_licensed_pages_in_greys_stay_as_they_are(name: str) -> None:
    folder = os.environ.get("MANGA_FLUX_TEST_PAGES")
    if not folder:
        pytest.skip("MANGA_FLUX_TEST_PAGES names no folder of licensed test pages")
    page = cv2.imread(str(Path(folder) / f"{name}.png"), cv2.IMREAD_GRAYSCALE)
    assert page is not None, name

    assert np.array_equal(without_screentone(np.asarray(page, np.uint8)), page)


def test_the_dots_of_a_page_too_large_for_a_search_become_even_shade() -> None:
    small = dotted_page(8)
    large = np.asarray(cv2.resize(small, None, fx=3, fy=3, interpolation=cv2.INTER_CUBIC), np.uint8)
    page = np.repeat(large[..., None], 3, axis=2)
    cv2.line(page, (1700, 200), (1700, 2400), (0, 0, 0), 9)

    drawing = read_drawing(page, "soften")

    assert drawing.shape == page.shape[:2]
    assert drawing[300:2200, 300:1500].std() < 0.2 * page[300:2200, 300:1500, 0].std()
    assert (drawing[300:2200, 1698:1703] == 0).all()
    assert (drawing[:100] == 255).all()
