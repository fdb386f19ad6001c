import cv2
import numpy as np

from mangaflux.samples.lettering import latin_block
from tests.engine.analysis.drawn_pages import analysed, balloon, blank, four_panels, panel, screentone


def test_every_glyph_pixel_in_a_balloon_is_under_the_mask() -> None:
    page = four_panels()
    before = page.copy()
    balloon(page, 430, 120)
    letters = page.copy()
    cv2.ellipse(before, (430, 120), (75, 45), 0, 0, 360, (255,), -1)
    cv2.ellipse(before, (430, 120), (75, 45), 0, 0, 360, (0,), 2)

    mask = analysed(page).lettering_mask

    assert mask[before != letters].all()


def test_glyphs_are_covered_on_pages_larger_than_the_layout() -> None:
    page = four_panels()
    balloon(page, 430, 120)
    large = np.asarray(cv2.resize(page, (1800, 2550), interpolation=cv2.INTER_CUBIC), dtype=np.uint8)
    inside = np.zeros_like(large)
    cv2.ellipse(inside, (1291, 361), (215, 125), 0, 0, 360, (1,), -1)

    mask = analysed(large).lettering_mask

    assert mask[(inside > 0) & (large < 128)].all()


def test_a_line_of_text_needs_no_balloon() -> None:
    page = blank()
    panel(page, 30, 30, 570, 820)
    cv2.putText(page, "SOMEWHERE IN TOWN", (150, 120), cv2.FONT_HERSHEY_SIMPLEX, 0.7, (0,), 2)

    found = analysed(page)

    assert [block.kind for block in found.lettering] == ["caption"]
    assert found.lettering_mask[100:125, 145:380][page[100:125, 145:380] < 128].all()


def test_screentone_is_no_lettering() -> None:
    page = blank()
    panel(page, 30, 30, 570, 820)
    screentone(page, 34, 34, 568, 400)

    assert not analysed(page).lettering_mask.any()


def test_a_large_word_across_the_drawing_is_a_sound_effect() -> None:
    page = blank()
    panel(page, 30, 30, 570, 820)
    word = latin_block("CRASH", 90, bold=True)
    place = np.s_[400 : 400 + word.shape[0], 100 : 100 + word.shape[1]]
    page[place] = 255 - word

    found = analysed(page)

    assert "sfx" in {block.kind for block in found.lettering}
    assert found.lettering_mask[place][word > 128].mean() > 0.97


def test_letters_stacked_in_a_column_are_vertical() -> None:
    page = blank()
    panel(page, 30, 30, 570, 820)
    cv2.ellipse(page, (300, 250), (45, 105), 0, 0, 360, (0,), 2)
    for line, letter in enumerate("HELLO"):
        cv2.putText(page, letter, (291, 185 + 33 * line), cv2.FONT_HERSHEY_SIMPLEX, 0.8, (0,), 2)

    found = analysed(page)

    assert [block.direction for block in found.lettering] == ["vertical"]
    assert [block.balloon for block in found.lettering] == [0]


def test_white_text_on_a_black_page_is_covered() -> None:
    page = np.zeros((850, 600), dtype=np.uint8)
    cv2.putText(page, "SOMEWHERE IN TOWN", (120, 400), cv2.FONT_HERSHEY_SIMPLEX, 0.8, (255,), 2)

    found = analysed(page)

    assert [block.is_inverted for block in found.lettering] == [True]
    assert found.lettering_mask[page > 60].mean() > 0.99


def test_the_letters_of_a_long_strip_are_found() -> None:
    page = blank(300, 2400)
    for y in (200, 1200, 2200):
        balloon(page, 150, y)

    assert len(analysed(page).balloons) == 3
