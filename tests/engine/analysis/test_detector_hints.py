import cv2
import numpy as np

from mangaflux.engine.analysis.detections import DetectedBox, Detections
from mangaflux.engine.analysis.page import analyze_page
from tests.engine.analysis.drawn_pages import Gray, analysed, blank, panel, rgb


def roomy() -> Gray:
    """A balloon with a short word in one corner of it: too much empty ground to be sure of."""
    page = blank()
    panel(page, 30, 30, 570, 820)
    cv2.ellipse(page, (300, 250), (95, 55), 0, 0, 360, (0,), 2)
    cv2.putText(page, "WAIT", (247, 238), cv2.FONT_HERSHEY_SIMPLEX, 0.7, (0,), 2)
    return page


def test_a_balloon_that_another_detector_sees_needs_less_proof() -> None:
    seen = Detections(balloons=(DetectedBox((205, 195, 190, 110), 0.9),))

    assert analysed(roomy()).balloons == ()
    assert len(analysed(roomy(), seen=seen).balloons) == 1


def test_a_box_elsewhere_proves_nothing() -> None:
    seen = Detections(balloons=(DetectedBox((100, 500, 260, 150), 0.9),))

    assert analysed(roomy(), seen=seen).balloons == ()


def test_letters_that_another_detector_sees_are_lettering() -> None:
    page = blank()
    panel(page, 30, 30, 570, 820)
    # Nothing that a text detector takes for letters by itself.
    cv2.fillPoly(page, [np.array([(260, 355), (340, 350), (300, 280)], dtype=np.int32)], (0,))
    seen = Detections(lettering=(DetectedBox((250, 270, 100, 95), 0.95),))

    mask = analysed(page, seen=seen).lettering_mask

    assert not analysed(page).lettering_mask.any()
    assert mask[280:356, 260:341][page[280:356, 260:341] < 128].mean() > 0.97


def test_hints_do_not_change_an_answer_from_run_to_run() -> None:
    seen = Detections(balloons=(DetectedBox((205, 195, 190, 110), 0.9),))

    first, second = analysed(roomy(), seen=seen), analyze_page(rgb(roomy()), seen=seen)

    assert np.array_equal(first.balloon_mask, second.balloon_mask)
    assert first.balloons == second.balloons
