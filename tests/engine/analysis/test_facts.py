from dataclasses import replace

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from mangaflux.engine.analysis.detections import NOTHING_DETECTED, DetectedBox, Detections
from mangaflux.engine.analysis.facts import measure_facts
from mangaflux.engine.analysis.line_art import extract_line_art
from mangaflux.engine.analysis.metadata import Lettering, PageFacts, ShotSize
from mangaflux.engine.analysis.sheet import make_sheet
from mangaflux.samples.background import BACKGROUNDS
from mangaflux.samples.cast import cast_of
from mangaflux.samples.chapter import SamplePage, draw_page
from mangaflux.samples.drawing import Canvas, Drawing
from mangaflux.samples.figure import draw_figure
from mangaflux.samples.lettering import latin_block
from mangaflux.samples.pose import Pose
from mangaflux.samples.screentone import Screen, screened
from tests.engine.analysis.drawn_pages import Gray, analysed, balloon, blank, four_panels, rgb, screentone, unlettered


def facts_of(page: Gray) -> PageFacts:
    facts = analysed(page).facts
    assert facts is not None
    return facts


def facts_without_letters(page: NDArray[np.uint8], seen: Detections = NOTHING_DETECTED) -> PageFacts:
    """Of a page without letters, grey or in colour."""
    facts = unlettered(page, seen=seen).facts
    assert facts is not None
    return facts


def framed(drawings: list[Drawing | None]) -> Gray:
    """Up to four drawings of 540 by 780 pixels as the panels of a page, from the right; None leaves paper."""
    page = blank(1200, 1700)
    places = ((620, 40), (40, 40), (620, 860), (40, 860))
    for (x, y), drawing in zip(places, drawings, strict=False):
        if drawing is not None:
            printed = np.minimum(screened(drawing.tone, Screen("dots", 6.0)), drawing.line)
            page[y : y + 780, x : x + 540] = printed
        cv2.rectangle(page, (x, y), (x + 540, y + 780), (0,), 5)
    return page


def ground(name: str, seed: int = 4) -> Drawing:
    canvas = Canvas(540, 780)
    BACKGROUNDS[name](canvas, cast_of(seed).world, np.random.default_rng(seed))
    return canvas.finish()


def figure(size: float) -> Drawing:
    """A person whose face is twice `size` pixels wide."""
    canvas = Canvas(540, 780)
    draw_figure(canvas, cast_of(4).members[1], Pose("calm", 0.0), x=270, y=max(300.0, 2.5 * size), size=size)
    return canvas.finish()


@pytest.fixture(scope="module")
def drawn() -> SamplePage:
    return draw_page(21, 2)


def test_an_empty_page_is_blank() -> None:
    facts = facts_of(blank())

    assert facts.content == "blank"
    assert not facts.panels
    assert not facts.hints
    assert not facts.bleed


def text_page(*, picture: bool) -> PageFacts:
    """The facts of a page with six paragraphs whose places are known, with or without a picture below them."""
    page, mask = blank(1200, 1700), np.zeros((1700, 1200), dtype=np.bool_)
    blocks = []
    for number in range(6):
        block = latin_block("THANK YOU FOR READING THIS FAR! THE NEXT CHAPTER COMES IN SPRING, SO LONG!", 26)
        height, width = block.shape
        y, x = 100 + 160 * number, 150 + 300 * (number % 2)
        page[y : y + height, x : x + width] = 255 - block
        mask[y : y + height, x : x + width] = block > 0
        blocks.append(Lettering(bbox=(x, y, width, height), kind="caption", direction="horizontal"))
    if picture:
        cv2.ellipse(page, (600, 1350), (300, 250), 0, 0, 360, (0,), 12)
    sheet = make_sheet(rgb(page))
    found = replace(unlettered(page), lettering=tuple(blocks), lettering_mask=mask)
    return measure_facts(found, sheet, extract_line_art(sheet.gray), Detections())


def test_a_page_of_nothing_but_text_is_text_only() -> None:
    assert text_page(picture=False).content == "text_only"


def test_a_page_of_text_with_a_picture_is_a_drawing() -> None:
    assert text_page(picture=True).content == "drawing"


def test_a_page_of_panels_is_a_drawing_even_with_balloons() -> None:
    page = four_panels()
    balloon(page, 430, 120)
    balloon(page, 160, 520)

    assert facts_of(page).content == "drawing"


def test_greys_of_dots_are_bitonal_and_true_greys_are_not() -> None:
    dotted, grey = four_panels(), four_panels()
    screentone(dotted, 40, 40, 280, 300, period=4)
    grey[40:300, 40:280] = 170

    assert facts_of(dotted).colouring == "bitonal"
    assert facts_of(grey).colouring == "grey"


@pytest.mark.parametrize("pitch", [3.0, 6.0, 10.0])
def test_dots_are_screentone_at_any_pitch(pitch: float) -> None:
    page = blank(1200, 1700)
    cv2.rectangle(page, (40, 40), (1160, 1660), (0,), 5)
    page[300:1150, 100:1100] = screened(np.full((850, 1000), 90, np.uint8), Screen("dots", pitch))

    facts = facts_without_letters(page)

    assert facts.screentone_share == pytest.approx(850 * 1000 / page.size, abs=0.05)
    assert facts.colouring == "bitonal"


def test_a_colour_page_is_coloured(drawn: SamplePage) -> None:
    assert facts_without_letters(drawn.colour).colouring == "colour"


def test_line_density_counts_lines_and_neither_blacks_nor_letters() -> None:
    sparse, dense, black = four_panels(), four_panels(), four_panels()
    for y in range(60, 400, 12):
        cv2.line(dense, (40, y), (280, y + 6), (0,), 2)
    cv2.rectangle(black, (60, 60), (260, 280), (0,), -1)

    assert facts_without_letters(dense).line_density > 1.5 * facts_without_letters(sparse).line_density
    assert facts_without_letters(black).line_density == pytest.approx(
        facts_without_letters(sparse).line_density, abs=0.01
    )


def test_a_drawing_inside_margins_does_not_bleed() -> None:
    assert facts_without_letters(four_panels()).bleed == ()


def test_a_panel_that_runs_off_the_page_bleeds_on_that_side() -> None:
    page = framed([ground("town"), ground("hills"), None, None])
    picture = ground("room")
    page[820:1700, 600:1200] = 255
    page[920:1700, 660:1200] = np.minimum(screened(picture.tone, Screen("dots", 6.0)), picture.line)
    cv2.rectangle(page, (660, 920), (1230, 1730), (0,), 5)

    assert facts_without_letters(page).bleed == ("right", "bottom")


@pytest.mark.parametrize(("size", "shot"), [(190, "close_up"), (90, "medium"), (50, "long")])
def test_the_shot_follows_from_the_largest_face(size: float, shot: ShotSize) -> None:
    facts = facts_without_letters(framed([ground("hills"), figure(size), None, None]))

    assert facts.face_count == 1
    assert facts.shot_size == shot
    assert [panel.shot_size for panel in facts.panels] == ["none", shot, "none", "none"]


def test_faces_of_a_detector_go_first() -> None:
    seen = Detections(faces=(DetectedBox((100, 100, 400, 450), 0.9),))

    facts = facts_without_letters(framed([None, figure(45), None, None]), seen)

    assert facts.face_count == 1
    assert facts.shot_size == "close_up"


def test_motion_lines_are_told_of_their_panel() -> None:
    facts = facts_without_letters(framed([ground("speed"), ground("focus"), ground("hills"), ground("gloom")]))

    assert [panel.hints for panel in facts.panels] == [("speed_lines",), ("focus_lines",), (), ()]
    assert set(facts.hints) >= {"speed_lines", "focus_lines"}


def test_a_page_of_night_is_dark_and_one_dark_panel_is_not_a_dark_page() -> None:
    night = np.full((780, 540), 215, dtype=np.uint8)
    dark = replace(ground("hills"), tone=night)

    assert "dark" in facts_without_letters(framed([dark, dark, dark, ground("hills")])).hints
    one = facts_without_letters(framed([dark, ground("hills"), ground("town"), ground("hills")]))
    assert "dark" not in one.hints
    assert "dark" in one.panels[0].hints


def test_black_gutters_are_told() -> None:
    black = np.zeros_like(blank())
    for x, y in ((30, 30), (310, 30), (30, 435), (310, 435)):
        black[y : y + 385, x : x + 260] = 150
        cv2.circle(black, (x + 130, y + 190), 80, (20,), 3)

    assert "black_gutters" in facts_without_letters(black).hints
    assert "black_gutters" not in facts_without_letters(four_panels()).hints


def test_a_page_without_a_word_is_quiet_and_one_full_of_them_crowded() -> None:
    quiet = four_panels()
    crowded = np.asarray(cv2.resize(four_panels(), (1200, 1700)), dtype=np.uint8)
    for number in range(20):
        balloon(crowded, 140 + 280 * (number % 4) + 40 * (number % 2), 120 + 320 * (number // 4))

    assert "quiet" in facts_of(quiet).hints
    assert "crowded" in facts_of(crowded).hints


def test_the_faces_of_drawn_pages_are_counted_without_inventing_any(drawn: SamplePage) -> None:
    facts = facts_of(drawn.ink)

    assert 0 < facts.face_count <= sum(len(panel) for panel in drawn.faces)


@pytest.mark.parametrize("shape", [(1, 1), (20, 30), (17, 900)])
@pytest.mark.parametrize("level", [0, 128])
def test_pages_of_any_shape_have_facts(shape: tuple[int, int], level: int) -> None:
    page: NDArray[np.uint8] = np.full(shape, level, dtype=np.uint8)

    assert facts_of(page).content == "blank"
