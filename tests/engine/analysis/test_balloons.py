import cv2
import numpy as np

from tests.engine.analysis.drawn_pages import Gray, analysed, balloon, blank, panel, screentone


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


def test_a_balloon_of_two_thin_letters_is_found() -> None:
    page = framed()
    cv2.ellipse(page, (300, 200), (50, 66), 0, 0, 360, (255,), -1)
    cv2.ellipse(page, (300, 200), (50, 66), 0, 0, 360, (0,), 2)
    for letter, foot in (("S", 184), ("?", 220)):
        cv2.putText(page, letter, (291, foot), cv2.FONT_HERSHEY_SIMPLEX, 0.9, (0,), 1, cv2.LINE_AA)

    found = analysed(page)

    assert found.balloon_mask[200, [255, 345]].all()
    assert not found.balloon_mask[200, [245, 355]].any()
    assert found.lettering_mask[160:230, 285:315][page[160:230, 285:315] < 128].all()


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


def test_white_letters_on_a_black_balloon_are_found() -> None:
    page = framed()
    screentone(page, 34, 34, 568, 400)
    cv2.ellipse(page, (300, 200), (85, 55), 0, 0, 360, (0,), -1)
    cv2.ellipse(page, (300, 200), (85, 55), 0, 0, 360, (255,), 2)
    for line, text in enumerate(("HELLO", "THERE")):
        cv2.putText(page, text, (255, 195 + 25 * line), cv2.FONT_HERSHEY_SIMPLEX, 0.6, (255,), 2)

    found = analysed(page)

    assert [held.is_inverted for held in found.balloons] == [True]
    assert [block.is_inverted for block in found.lettering] == [True]
    assert found.lettering_mask[180:225, 250:350][page[180:225, 250:350] > 128].all()


def test_a_balloon_with_a_wide_gap_in_its_outline_is_open() -> None:
    page = framed()
    balloon(page, 300, 200)
    cv2.ellipse(page, (300, 200), (75, 45), 0, -25, 20, (255,), 6)

    found = analysed(page)

    assert [held.is_open for held in found.balloons] == [True]
    assert found.balloon_mask.sum() < 1.15 * np.pi * 75 * 45


def test_a_balloon_tells_its_kind_and_where_its_tail_points() -> None:
    page = framed()
    balloon(page, 300, 200)
    tail = np.array([(290, 240), (318, 240), (330, 300)], dtype=np.int32)
    cv2.fillPoly(page, [tail], (255,))
    cv2.polylines(page, [tail[[0, 2, 1]]], False, (0,), 2)

    (held,) = analysed(page).balloons

    assert held.kind == "speech"
    assert held.tail is not None
    assert np.hypot(held.tail[0] - 330, held.tail[1] - 300) < 12


def test_lettering_names_its_balloon_and_both_stand_in_reading_order() -> None:
    page = blank()
    panel(page, 30, 30, 570, 400)
    panel(page, 30, 420, 570, 820)
    for x, y in ((150, 120), (450, 150), (300, 600)):
        balloon(page, x, y)

    found = analysed(page)

    assert [held.bbox[0] > 300 for held in found.balloons] == [True, False, False]
    assert [held.panel for held in found.balloons] == [1, 1, 2]
    assert [block.balloon for block in found.lettering] == [0, 1, 2]
    assert {block.direction for block in found.lettering} == {"horizontal"}


def test_balloons_are_found_on_grey_paper_and_on_crooked_pages() -> None:
    page = framed()
    balloon(page, 300, 200)
    grey = np.asarray(page * (200 / 255), dtype=np.uint8)
    turn = cv2.getRotationMatrix2D((300, 425), 2, 1)
    crooked = np.asarray(cv2.warpAffine(page, turn, (600, 850), borderValue=(255,)), dtype=np.uint8)

    assert len(analysed(grey).balloons) == 1
    assert len(analysed(crooked).balloons) == 1


def test_balloons_that_a_neck_joins_are_one() -> None:
    page = framed()
    screentone(page, 34, 34, 568, 500)
    for x, y in ((160, 120), (400, 320)):
        balloon(page, x, y)
    cv2.line(page, (210, 150), (350, 300), (0,), 13)
    cv2.line(page, (205, 145), (355, 305), (255,), 9)

    found = analysed(page)

    assert len(found.balloons) == 1
    assert [block.balloon for block in found.lettering] == [0, 0]
    assert found.balloon_mask[[120, 225, 320], [230, 280, 330]].all()


def test_a_balloon_and_a_dark_one_close_beside_it_are_both_found() -> None:
    page = framed()
    screentone(page, 34, 34, 568, 400)
    balloon(page, 220, 200)
    cv2.ellipse(page, (372, 200), (75, 45), 0, 0, 360, (0,), -1)
    for line, text in enumerate(("HELLO", "THERE")):
        cv2.putText(page, text, (327, 195 + 25 * line), cv2.FONT_HERSHEY_SIMPLEX, 0.6, (255,), 2)

    assert sorted(held.is_inverted for held in analysed(page).balloons) == [False, True]


def test_a_panel_that_holds_only_a_sound_is_no_balloon() -> None:
    page = blank()
    panel(page, 30, 330, 570, 820)
    cv2.rectangle(page, (30, 30), (330, 310), (0,), 3)
    cv2.putText(page, "BOOM", (110, 190), cv2.FONT_HERSHEY_SIMPLEX, 1.3, (0,), 5)

    found = analysed(page)

    assert found.balloons == ()
    assert found.lettering_mask[160:190, 115:220].any()


def _outline(page: Gray, x: int, y: int) -> np.ndarray[tuple[int, ...], np.dtype[np.bool_]]:
    ring = np.zeros_like(page)
    cv2.ellipse(ring, (x, y), (75, 45), 0, 0, 360, (1,), 1)
    return ring > 0
