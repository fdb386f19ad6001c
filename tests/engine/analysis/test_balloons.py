import cv2
import numpy as np

from mangaflux.engine.analysis.metadata import PageAnalysis
from mangaflux.engine.analysis.page import analyze_page
from tests.engine.analysis.drawn_pages import Gray, balloon, blank, panel, rgb, screentone


def analysed(page: Gray) -> PageAnalysis:
    return analyze_page(rgb(page))


def framed() -> Gray:
    page = blank()
    panel(page, 30, 30, 570, 820)
    return page


def test_a_balloon_is_found_up_to_its_outline() -> None:
    page = framed()
    balloon(page, 300, 200)

    mask = analysed(page).balloon_mask

    assert mask[200, [230, 370]].all()
    assert not mask[200, [225, 375]].any()
    assert mask[_outline(page, 300, 200)].mean() < 0.05


def test_a_balloon_on_screentone_is_found() -> None:
    page = framed()
    screentone(page, 34, 34, 568, 400)
    balloon(page, 300, 200)

    mask = analysed(page).balloon_mask

    assert mask.sum() > 0.9 * np.pi * 74 * 44
    assert not mask[:140].any()


def test_a_balloon_with_a_gap_in_its_outline_is_found() -> None:
    page = framed()
    balloon(page, 300, 200)
    cv2.line(page, (370, 197), (380, 197), (255,), 3)

    mask = analysed(page).balloon_mask

    assert mask[200, 300]
    assert not mask[200, 450]


def test_a_balloon_across_a_gutter_joins_no_panels() -> None:
    page = blank()
    panel(page, 30, 30, 570, 400)
    panel(page, 30, 420, 570, 820)
    balloon(page, 300, 410)

    found = analysed(page)

    assert len(found.panels) == 2
    assert len(found.balloons) == 1


def test_a_balloon_outside_of_all_panels_belongs_to_none() -> None:
    page = blank()
    panel(page, 30, 300, 570, 820)
    balloon(page, 300, 150)

    found = analysed(page)

    assert [held.panel for held in found.balloons] == [None]


def test_a_face_is_no_balloon() -> None:
    page = framed()
    cv2.ellipse(page, (300, 300), (80, 100), 0, 0, 360, (0,), 3)
    for x in (265, 335):
        cv2.ellipse(page, (x, 290), (14, 18), 0, 0, 360, (0,), -1)
        cv2.line(page, (x - 18, 262), (x + 18, 258), (0,), 3)
    cv2.line(page, (300, 310), (296, 325), (0,), 2)
    cv2.ellipse(page, (300, 355), (22, 8), 0, 0, 180, (0,), 3)

    assert analysed(page).balloons == ()


def test_an_empty_light_shape_is_no_balloon() -> None:
    page = framed()
    screentone(page, 34, 34, 568, 400)
    cv2.circle(page, (300, 200), 80, (255,), -1)
    cv2.circle(page, (300, 200), 80, (0,), 2)

    assert analysed(page).balloons == ()


def test_a_wall_with_windows_is_no_balloon() -> None:
    page = framed()
    cv2.rectangle(page, (150, 150), (420, 420), (0,), 3)
    for x in range(180, 400, 45):
        for y in range(180, 390, 45):
            cv2.rectangle(page, (x, y), (x + 22, y + 26), (0,), 2)

    assert analysed(page).balloons == ()


def test_lettering_in_a_box_is_a_caption() -> None:
    page = framed()
    screentone(page, 34, 34, 568, 400)
    cv2.rectangle(page, (60, 60), (260, 110), (255,), -1)
    cv2.rectangle(page, (60, 60), (260, 110), (0,), 2)
    cv2.putText(page, "LATER THAT DAY", (75, 92), cv2.FONT_HERSHEY_SIMPLEX, 0.6, (0,), 2)

    assert {block.kind for block in analysed(page).lettering} == {"caption"}


def _outline(page: Gray, x: int, y: int) -> np.ndarray[tuple[int, ...], np.dtype[np.bool_]]:
    ring = np.zeros_like(page)
    cv2.ellipse(ring, (x, y), (75, 45), 0, 0, 360, (1,), 1)
    return ring > 0
