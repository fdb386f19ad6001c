import cv2
import numpy as np

from mangaflux.engine.analysis.page import analyze_page
from tests.engine.analysis.drawn_pages import Gray, balloon, blank, four_panels, panel, rgb


def boxes(page: Gray) -> list[tuple[int, int, int, int]]:
    return [found.bbox for found in analyze_page(rgb(page), reading_direction="ltr").panels]


def test_framed_panels_are_found_within_a_few_pixels() -> None:
    found = boxes(four_panels())

    expected = [(30, 30, 261, 386), (310, 30, 261, 386), (30, 435, 261, 386), (310, 435, 261, 386)]
    assert np.allclose(found, expected, atol=6)


def test_the_mask_leaves_gutters_and_margins_out() -> None:
    mask = analyze_page(rgb(four_panels())).panel_mask

    assert mask[[200, 600], [150, 450]].all()
    assert not mask[[200, 425, 10], [300, 150, 10]].any()


def test_panels_with_a_slanted_gutter_come_apart() -> None:
    page = blank()
    cv2.fillPoly(page, [np.array([(30, 30), (320, 30), (250, 500), (30, 500)])], (180,))
    cv2.fillPoly(page, [np.array([(340, 30), (570, 30), (570, 500), (270, 500)])], (120,))

    found = boxes(page)

    assert len(found) == 2
    assert found[0][0] + found[0][2] > found[1][0]


def test_black_gutters_divide_the_page_too() -> None:
    page = np.zeros((850, 600), dtype=np.uint8)
    page[40:400, 40:560] = 210
    page[430:810, 40:560] = 190

    assert np.allclose(boxes(page), [(40, 40, 520, 360), (40, 430, 520, 380)], atol=6)


def test_a_frame_with_gaps_is_still_one_panel() -> None:
    page = blank()
    panel(page, 30, 30, 570, 400)
    panel(page, 30, 430, 570, 820)
    page[425:440, 200:330] = 255

    assert np.allclose(boxes(page)[1], (30, 430, 541, 391), atol=6)


def test_a_corner_behind_a_balloon_belongs_to_its_panel() -> None:
    page = four_panels()
    balloon(page, 300, 40)

    mask = analyze_page(rgb(page)).panel_mask

    assert mask[38, [280, 320]].all()


def test_a_drawing_without_frames_is_one_panel_around_it() -> None:
    page = blank()
    cv2.circle(page, (300, 400), 200, (0,), 4)

    assert np.allclose(boxes(page), [(98, 198, 405, 405)], atol=6)
