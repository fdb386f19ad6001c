import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from mangaflux.engine.analysis.line_art import extract_line_art
from mangaflux.engine.analysis.tone import gutter_level, is_blank, is_color, measure_tone
from tests.engine.analysis.drawn_pages import Gray, blank, four_panels, rgb, screentone


def jpeg(page: NDArray[np.uint8], quality: int) -> NDArray[np.uint8]:
    _, data = cv2.imencode(".jpg", page, [cv2.IMWRITE_JPEG_QUALITY, quality])
    return np.asarray(cv2.imdecode(data, cv2.IMREAD_COLOR), dtype=np.uint8)


def test_a_black_and_white_page_is_not_coloured() -> None:
    assert not is_color(rgb(four_panels()))


def test_yellowed_paper_is_not_colour() -> None:
    yellowed = (rgb(four_panels()) * np.array([0.97, 0.9, 0.7])).astype(np.uint8)

    assert not is_color(yellowed)


def test_the_noise_of_a_bad_jpeg_is_not_colour() -> None:
    yellowed = (rgb(four_panels()) * np.array([0.97, 0.9, 0.7])).astype(np.uint8)

    assert not is_color(jpeg(yellowed, 25))


def test_a_page_with_a_coloured_panel_is_coloured() -> None:
    page = rgb(four_panels())
    page[40:400, 40:280] = (240, 120, 90)

    assert is_color(page)


@pytest.mark.parametrize("level", [0, 90, 255])
def test_one_level_is_blank(level: int) -> None:
    assert is_blank(np.full((300, 200), level, dtype=np.uint8))


def test_scanned_empty_paper_is_blank() -> None:
    noise = np.random.default_rng(1).normal(235, 6, (850, 600))
    page = np.clip(noise, 0, 255).astype(np.uint8)
    page[:, :6] = 20

    assert is_blank(page)


def test_a_single_line_of_text_is_not_blank() -> None:
    page = blank()
    cv2.putText(page, "THE END", (240, 420), cv2.FONT_HERSHEY_SIMPLEX, 0.8, (0,), 2)

    assert not is_blank(page)


def test_the_gutter_is_the_level_of_the_margin() -> None:
    page: Gray = four_panels()
    page[page == 255] = 231

    assert gutter_level(page) == 231


def test_a_bleeding_drawing_is_not_taken_for_a_gutter() -> None:
    page = np.full((850, 600), 120, dtype=np.uint8)
    page[:, :80] = 250

    assert gutter_level(page) == 250


def test_shares_add_up_to_the_page() -> None:
    page = four_panels()
    screentone(page, 34, 34, 286, 410)

    tone = measure_tone(page, extract_line_art(page))

    assert tone.black_share + tone.tone_share + tone.white_share == pytest.approx(1, abs=0.001)


def test_screentone_counts_as_tone_and_not_as_black() -> None:
    page = blank()
    screentone(page, 0, 0, 600, 425)

    tone = measure_tone(page, extract_line_art(page))

    assert tone.tone_share == pytest.approx(0.5, abs=0.05)
    assert tone.black_share < 0.02
