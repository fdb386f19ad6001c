from dataclasses import replace
from typing import get_args

import numpy as np
import pytest

from mangaflux.engine.analysis.metadata import (
    Balloon,
    BalloonKind,
    Lettering,
    LetteringKind,
    PageAnalysis,
    Panel,
    PanelSource,
)
from mangaflux.engine.analysis.overlay import draw_overlay
from tests.engine.analysis.drawn_pages import analysed, balloon, blank, four_panels, rgb

CORNERS = ((100, 200), (400, 200), (400, 700), (100, 700))


@pytest.fixture(scope="module")
def nothing() -> PageAnalysis:
    """Of a blank page, with nothing on it at all."""
    return replace(analysed(blank()), panels=())


def panel(order: int = 1, source: PanelSource = "gutter", confidence: float = 0.9) -> Panel:
    return Panel(order=order, bbox=(100, 200, 300, 500), polygon=CORNERS, confidence=confidence, source=source)


def changed(analysis: PageAnalysis) -> np.ndarray[tuple[int, ...], np.dtype[np.bool_]]:
    page = rgb(blank())
    return np.asarray((draw_overlay(page, analysis) != page).any(axis=2))


def test_balloons_and_lettering_are_tinted_and_the_page_stays_as_it_was() -> None:
    gray = four_panels()
    balloon(gray, 430, 120)
    page = rgb(gray)
    before = page.copy()
    analysis = analysed(gray)

    overlay = draw_overlay(page, analysis)

    assert np.array_equal(page, before)
    assert overlay.shape == page.shape
    red, green, _ = overlay[120, 370].tolist()
    assert green > red
    red, green, _ = overlay[analysis.lettering_mask].mean(axis=0).tolist()
    assert red > green


def test_panels_are_outlined_in_colour() -> None:
    page = rgb(four_panels())

    overlay = draw_overlay(page, analysed(four_panels()))

    frame = overlay[26:34, 60:250].astype(int)
    assert (np.ptp(frame, axis=2).max(axis=0) > 60).all()


def test_every_source_of_a_panel_has_its_own_colour(nothing: PageAnalysis) -> None:
    page = rgb(blank())
    colours = {
        tuple(draw_overlay(page, replace(nothing, panels=(panel(source=source),)))[450, 100].tolist())
        for source in get_args(PanelSource)
    }

    assert len(colours) == len(get_args(PanelSource))


def test_an_unsure_panel_has_a_thinner_outline(nothing: PageAnalysis) -> None:
    sure, unsure = (changed(replace(nothing, panels=(panel(confidence=c),))) for c in (0.9, 0.3))

    assert unsure[450].sum() < sure[450].sum()
    assert unsure[450, 100]


def test_numbers_stand_in_the_corner_that_is_read_first(nothing: PageAnalysis) -> None:
    from_right = changed(replace(nothing, panels=(panel(),)))
    from_left = changed(replace(nothing, panels=(panel(),), reading_direction="ltr"))

    left, right = (slice(205, 230), slice(105, 130)), (slice(205, 230), slice(370, 395))
    assert from_right[right].mean() > 0.5
    assert not from_right[left].any()
    assert from_left[left].mean() > 0.5
    assert not from_left[right].any()


def test_different_numbers_look_different(nothing: PageAnalysis) -> None:
    page = rgb(blank())
    pictures = {draw_overlay(page, replace(nothing, panels=(panel(order),))).tobytes() for order in range(1, 13)}

    assert len(pictures) == 12


def test_every_kind_of_lettering_has_its_own_tint(nothing: PageAnalysis) -> None:
    mask = np.zeros(nothing.lettering_mask.shape, dtype=np.bool_)
    mask[310:340, 210:290] = True
    tints = set()
    for kind in get_args(LetteringKind):
        block = Lettering(bbox=(200, 300, 100, 50), kind=kind)
        overlay = draw_overlay(rgb(blank()), replace(nothing, lettering_mask=mask, lettering=(block,)))
        tints.add(tuple(overlay[325, 250].tolist()))

    assert len(tints) == len(get_args(LetteringKind))


def test_a_balloon_shows_its_kind_and_its_tail(nothing: PageAnalysis) -> None:
    mask = np.zeros(nothing.balloon_mask.shape, dtype=np.bool_)
    mask[300:400, 200:350] = True
    corners = ((200, 300), (350, 300), (350, 400), (200, 400))

    def shown(kind: BalloonKind, tail: tuple[int, int] | None) -> bytes:
        balloon = Balloon(bbox=(200, 300, 150, 100), polygon=corners, panel=None, kind=kind, tail=tail)
        return draw_overlay(rgb(blank()), replace(nothing, balloon_mask=mask, balloons=(balloon,))).tobytes()

    pictures = [shown(kind, tail) for kind in get_args(BalloonKind) for tail in (None, (380, 430))]

    assert len(set(pictures)) == len(pictures)


def test_marks_at_the_edge_of_a_small_page_stay_inside() -> None:
    tiny = analysed(blank(30, 20))

    assert draw_overlay(rgb(blank(30, 20)), tiny).shape == (20, 30, 3)
