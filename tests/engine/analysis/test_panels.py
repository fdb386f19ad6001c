import cv2
import numpy as np
import pytest

from mangaflux.engine.analysis.detections import DetectedBox, Detections
from tests.engine.analysis.drawn_pages import Gray, analysed, balloon, blank, four_panels, panel, unlettered


def boxes(page: Gray) -> list[tuple[int, int, int, int]]:
    """Of the panels of a page without letters."""
    return [found.bbox for found in unlettered(page, "ltr").panels]


def test_framed_panels_are_found_within_a_few_pixels() -> None:
    found = boxes(four_panels())

    expected = [(30, 30, 261, 386), (310, 30, 261, 386), (30, 435, 261, 386), (310, 435, 261, 386)]
    assert np.allclose(found, expected, atol=6)


def test_the_mask_leaves_gutters_and_margins_out() -> None:
    mask = unlettered(four_panels(), "ltr").panel_mask

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

    mask = analysed(page, "ltr").panel_mask

    assert mask[38, [280, 320]].all()


def test_a_drawing_without_frames_is_one_panel_around_it() -> None:
    page = blank()
    cv2.circle(page, (300, 400), 200, (0,), 4)

    assert np.allclose(boxes(page), [(98, 198, 405, 405)], atol=6)


def leaning(page: Gray, degrees: float) -> Gray:
    height, width = page.shape
    turn = cv2.getRotationMatrix2D((width / 2, height / 2), degrees, 0.94)
    return np.asarray(cv2.warpAffine(page, turn, (width, height), borderValue=(255,)), dtype=np.uint8)


def test_a_page_that_lies_askew_comes_apart_along_its_gutters() -> None:
    found = unlettered(leaning(four_panels(), 2), "ltr").panels

    assert len(found) == 4
    assert all(panel.source == "gutter" for panel in found)


def test_a_sound_across_a_gutter_does_not_join_two_panels() -> None:
    page = four_panels()
    cv2.putText(page, "BAM", (215, 250), cv2.FONT_HERSHEY_SIMPLEX, 2.4, (0,), 14)

    assert len(analysed(page, "ltr").panels) == 4


def test_a_figure_that_breaks_out_of_its_frame_stays_in_its_panel() -> None:
    page = four_panels()
    cv2.circle(page, (160, 415), 15, (0,), -1)

    found = unlettered(page, "ltr")

    assert len(found.panels) == 4
    assert found.panel_mask[400:423, 155:165].all()


def test_lines_inside_a_panel_do_not_cut_it() -> None:
    page = blank()
    panel(page, 30, 30, 570, 820)
    for y in range(100, 700, 40):
        cv2.line(page, (30, y), (570, y), (0,), 2)

    assert len(boxes(page)) == 1


def test_a_page_number_is_no_panel() -> None:
    page = four_panels()
    cv2.putText(page, "17", (290, 840), cv2.FONT_HERSHEY_SIMPLEX, 0.5, (0,), 1)

    assert len(analysed(page, "ltr").panels) == 4


def test_a_framed_panel_in_a_larger_one_is_found_beside_its_host() -> None:
    page = blank()
    panel(page, 20, 20, 580, 830)
    cv2.circle(page, (250, 250), 150, (40,), -1)
    page[550:800, 330:560] = 255
    panel(page, 330, 550, 560, 800)

    found = unlettered(page, "ltr").panels

    assert [panel.source for panel in found] == ["gutter", "frame"]
    assert np.allclose(found[1].bbox, (328, 548, 235, 255), atol=12)


def test_panels_that_run_off_the_paper_reach_its_edge() -> None:
    page = blank()
    page[:410] = 190
    panel(page, -20, -20, 619, 410)
    panel(page, 30, 440, 570, 820)

    assert np.allclose(boxes(page)[0], (0, 0, 600, 412), atol=6)


def test_a_detector_parts_what_no_gutter_parts() -> None:
    page = blank()
    panel(page, 30, 30, 570, 820)
    seen = Detections(panels=(DetectedBox((30, 30, 540, 390), 0.9), DetectedBox((30, 425, 540, 395), 0.8)))

    found = unlettered(page, "ltr", seen).panels

    assert [(panel.source, panel.confidence) for panel in found] == [("detector", 0.9), ("detector", 0.8)]


@pytest.mark.parametrize("shape", [(1, 1), (20, 30), (1, 400), (350, 250)])
@pytest.mark.parametrize("level", [0, 128, 255])
def test_an_even_page_of_any_size_is_one_panel_nobody_is_sure_of(shape: tuple[int, int], level: int) -> None:
    found = unlettered(np.full(shape, level, dtype=np.uint8), "ltr").panels

    assert [(panel.source, panel.bbox[2:]) for panel in found] == [("page", shape[::-1])]
    assert found[0].confidence < 0.5


def test_noise_is_one_panel() -> None:
    noise = np.random.default_rng(3).integers(0, 256, (600, 400), dtype=np.uint8)

    assert len(analysed(noise, "ltr").panels) == 1
