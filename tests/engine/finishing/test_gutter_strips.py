from dataclasses import replace

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from mangaflux.engine.analysis.metadata import PageAnalysis
from mangaflux.engine.finishing.gutter_strips import gutter_in_panels
from tests.engine.engine_contract import describe_page

HEIGHT, WIDTH, MARGIN = 850, 600, 24
Gray = NDArray[np.uint8]


def page_of_two_panels(gutter: int = 10, slope: float = 0.0) -> Gray:
    """Two framed panels of light grey with a gutter between them, level or slanted."""
    page = np.full((HEIGHT, WIDTH), 255, np.uint8)
    rise = round(slope * (WIDTH - 2 * MARGIN) / 2)
    left, right, middle = MARGIN, WIDTH - MARGIN, HEIGHT // 2
    upper = [(left, MARGIN), (right, MARGIN), (right, middle + rise), (left, middle - rise)]
    lower = [
        (left, middle - rise + gutter + 4),
        (right, middle + rise + gutter + 4),
        (right, HEIGHT - MARGIN),
        (left, HEIGHT - MARGIN),
    ]
    for panel in (upper, lower):
        cv2.fillPoly(page, [np.array(panel)], (180,))
        cv2.polylines(page, [np.array(panel)], True, (0,), 4)
    return page


def analysis_of(panels: NDArray[np.bool_], gutter_level: int = 255) -> PageAnalysis:
    none = np.zeros(panels.shape, np.bool_)
    analysis = describe_page()
    tone = analysis.tone.model_copy(update={"gutter_level": gutter_level})
    return replace(analysis, tone=tone, panel_mask=panels, balloon_mask=none, lettering_mask=none)


def one_panel() -> NDArray[np.bool_]:
    """Both panels and the gutter between them, as one."""
    panels = np.zeros((HEIGHT, WIDTH), np.bool_)
    panels[MARGIN : HEIGHT - MARGIN, MARGIN : WIDTH - MARGIN] = True
    return panels


@pytest.mark.parametrize("slope", [0.0, 0.1, -0.2])
def test_a_gutter_within_a_panel_is_found(slope: float) -> None:
    page = page_of_two_panels(slope=slope)
    found = gutter_in_panels(page, analysis_of(one_panel()))
    assert found[one_panel() & (page == 255)].mean() > 0.99


def test_a_gutter_behind_a_balloon_is_found_where_two_panels_touch() -> None:
    page = page_of_two_panels()
    seam, middle, right = HEIGHT // 2 + 7, WIDTH // 2, WIDTH - MARGIN
    # Closed at its right end, so that only the balloon joins it to the rest.
    cv2.line(page, (right, MARGIN), (right, HEIGHT - MARGIN), (0,), 4)
    balloon = np.zeros(page.shape, np.uint8)
    cv2.circle(balloon, (middle, seam), 62, (1,), -1)
    page[balloon > 0] = 255
    cv2.circle(page, (middle, seam), 61, (0,), 3)
    sides = ((MARGIN, seam), (seam, HEIGHT - MARGIN))
    corners = [((MARGIN, top), (right, top), (right, bottom), (MARGIN, bottom)) for top, bottom in sides]
    one = analysis_of(one_panel())
    panels = tuple(
        one.panels[0].model_copy(update={"order": order, "polygon": polygon})
        for order, polygon in enumerate(corners, 1)
    )
    analysis = replace(one, balloon_mask=balloon > 0, panels=panels)

    behind = np.s_[seam - 3 : seam + 3, middle + 70 : right - 6]
    assert gutter_in_panels(page, analysis)[behind].all()
    assert not gutter_in_panels(page, replace(analysis, panels=one.panels))[behind].any()


def test_nothing_but_the_gutter_and_its_rim_is_found() -> None:
    page = page_of_two_panels()
    assert not gutter_in_panels(page, analysis_of(one_panel()))[page == 180].any()


def test_a_margin_within_a_panel_is_found() -> None:
    panels = one_panel()
    panels[:, WIDTH - MARGIN :] = True
    found = gutter_in_panels(page_of_two_panels(), analysis_of(panels))
    assert found[2 * MARGIN : HEIGHT // 2 - MARGIN, WIDTH - MARGIN + 3 :].all()


def test_paper_between_a_frame_and_the_edge_of_its_panel_is_found() -> None:
    page = page_of_two_panels()
    # Below, a drawing without a frame.
    page[HEIGHT // 2 + 4 :] = 255
    page[HEIGHT // 2 + 16 :] = 180
    panels = np.zeros((HEIGHT, WIDTH), np.bool_)
    panels[: HEIGHT // 2 + 16] = True
    found = gutter_in_panels(page, analysis_of(panels))
    assert found[HEIGHT // 2 + 4 : HEIGHT // 2 + 16].all()


def test_paper_inside_a_frame_is_no_gutter() -> None:
    page = page_of_two_panels()
    # A white strip as straight as a gutter, with lines along both sides, which the frame closes off.
    cv2.rectangle(page, (MARGIN, 100), (WIDTH - MARGIN, 114), (255,), -1)
    cv2.rectangle(page, (MARGIN, 100), (WIDTH - MARGIN, 114), (0,), 4)
    assert not gutter_in_panels(page, analysis_of(one_panel()))[104:110, MARGIN + 8 : WIDTH - MARGIN - 8].any()


def test_the_white_ground_of_an_open_panel_is_no_gutter() -> None:
    page = np.full((HEIGHT, WIDTH), 255, np.uint8)
    cv2.circle(page, (300, 400), 80, (0,), 3)
    found = gutter_in_panels(page, analysis_of(one_panel()))
    assert not found[MARGIN + 20 : HEIGHT - MARGIN - 20, MARGIN + 20 : WIDTH - MARGIN - 20].any()


def test_black_gutters_are_not_looked_for() -> None:
    page = 255 - page_of_two_panels()
    assert not gutter_in_panels(page, analysis_of(one_panel(), gutter_level=0)).any()


@pytest.mark.parametrize("size", [(1, 1), (40, 30), (30, 400)])
def test_pages_of_any_size_are_taken(size: tuple[int, int]) -> None:
    page = np.full(size, 255, np.uint8)
    assert gutter_in_panels(page, analysis_of(np.ones(size, np.bool_))).shape == size
