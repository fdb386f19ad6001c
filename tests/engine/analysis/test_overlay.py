import numpy as np

from mangaflux.engine.analysis.overlay import draw_overlay
from mangaflux.engine.analysis.page import analyze_page
from tests.engine.analysis.drawn_pages import balloon, four_panels, rgb


def test_balloons_and_lettering_are_tinted_and_the_page_stays_as_it_was() -> None:
    gray = four_panels()
    balloon(gray, 430, 120)
    page = rgb(gray)
    before = page.copy()
    analysis = analyze_page(page)

    overlay = draw_overlay(page, analysis)

    assert np.array_equal(page, before)
    assert overlay.shape == page.shape
    red, green, _ = overlay[120, 370].tolist()
    assert green > red
    red, green, _ = overlay[analysis.lettering_mask].mean(axis=0).tolist()
    assert red > green


def test_panels_are_outlined_in_colour() -> None:
    page = rgb(four_panels())

    overlay = draw_overlay(page, analyze_page(page))

    frame = overlay[26:34, 60:270].astype(int)
    assert (np.ptp(frame, axis=2).max(axis=0) > 60).all()
