from itertools import pairwise

import cv2
import numpy as np
import pytest

from mangaflux.errors import InvalidRequestError
from mangaflux.samples.chapter import SamplePage, draw_chapter, draw_page, draw_reference
from mangaflux.samples.layout import Polygon

SEEDS = range(4)


@pytest.fixture(scope="module", params=SEEDS)
def page(request: pytest.FixtureRequest) -> SamplePage:
    return draw_page(request.param, 1, width=600, height=850)


def centre(panel: Polygon) -> tuple[float, float]:
    x, y = np.mean(panel, axis=0)
    return float(x), float(y)


def test_a_page_has_the_size_asked_for() -> None:
    page = draw_page(0, width=640, height=900)

    assert page.ink.shape == page.panel_mask.shape == (900, 640)
    assert page.colour.shape == (900, 640, 3)
    assert page.ink.dtype == page.colour.dtype == np.uint8
    assert page.balloon_mask.dtype == page.lettering_mask.dtype == np.bool_


def test_the_same_arguments_draw_the_same_bytes() -> None:
    first, second = (draw_page(7, 2, width=600, height=850) for _ in range(2))

    for name in ("ink", "colour", "panel_mask", "balloon_mask", "lettering_mask"):
        assert np.array_equal(getattr(first, name), getattr(second, name)), name
    assert first.panels == second.panels


def test_another_seed_draws_another_page() -> None:
    first, second = (draw_page(seed, width=600, height=850) for seed in (1, 2))

    assert not np.array_equal(first.ink, second.ink)


def test_balloons_are_white_but_for_their_lettering(page: SamplePage) -> None:
    bare = page.balloon_mask & ~page.lettering_mask

    assert bare.any()
    assert (page.ink[bare] == 255).all()
    assert (page.colour[bare] == 255).all()


def test_lettering_is_the_same_on_both_pages_inside_balloons(page: SamplePage) -> None:
    letters = page.balloon_mask & page.lettering_mask

    assert letters.any()
    assert np.array_equal(page.colour[letters], np.repeat(page.ink[letters][:, None], 3, axis=1))
    assert (page.ink[letters] < 255).all()


def test_lettering_holds_solid_ink_on_both_pages(page: SamplePage) -> None:
    assert (page.ink[page.lettering_mask] < 64).mean() > 0.15
    assert (page.colour[page.lettering_mask].max(axis=1) < 64).mean() > 0.15


def test_what_lies_outside_the_panels_has_no_colour(page: SamplePage) -> None:
    gutter = page.colour[~page.panel_mask].astype(int)

    assert (gutter.max(axis=1) == gutter.min(axis=1)).all()
    assert (gutter == 255).mean() > 0.6


def test_the_panel_mask_is_the_panels(page: SamplePage) -> None:
    drawn = np.zeros(page.panel_mask.shape, dtype=np.uint8)
    cv2.fillPoly(drawn, [np.rint(panel).astype(np.int32) for panel in page.panels], [1])

    assert (drawn.astype(bool) != page.panel_mask).mean() < 0.01


def test_a_page_has_three_to_seven_panels(page: SamplePage) -> None:
    assert 3 <= len(page.panels) <= 7


def test_an_ink_page_is_grey_paper_with_solid_blacks(page: SamplePage) -> None:
    assert page.ink.ndim == 2
    assert (page.ink == 255).mean() > 0.4
    assert (page.ink == 0).mean() > 0.03


def test_a_colour_page_is_colourful_where_there_are_panels(page: SamplePage) -> None:
    inside = page.colour[page.panel_mask].astype(int)

    assert (inside.max(axis=1) - inside.min(axis=1)).mean() > 20


def test_the_lines_of_both_pages_lie_on_the_same_pixels(page: SamplePage) -> None:
    line = page.colour.max(axis=2) == 0

    assert line.any()
    assert (page.ink[line] == 0).all()


def test_panels_side_by_side_are_read_from_the_right() -> None:
    for seed in SEEDS:
        panels = [centre(panel) for panel in draw_page(seed, width=600, height=850).panels]
        beside = [(a, b) for a, b in pairwise(panels) if abs(a[1] - b[1]) < 50]

        assert all(b[0] < a[0] for a, b in beside)


def test_left_to_right_pages_are_read_from_the_left() -> None:
    seen = 0
    for seed in SEEDS:
        panels = [centre(panel) for panel in draw_page(seed, width=600, height=850, reading_direction="ltr").panels]
        beside = [(a, b) for a, b in pairwise(panels) if abs(a[1] - b[1]) < 50]
        seen += len(beside)

        assert all(b[0] > a[0] for a, b in beside)
    assert seen > 0


def test_faces_lie_in_their_panels_and_differ_in_number() -> None:
    page = draw_page(21, 2, width=600, height=850)

    assert len(page.faces) == len(page.panels)
    for panel, faces in zip(page.panels, page.faces, strict=True):
        (left, top), (right, bottom) = np.min(panel, axis=0), np.max(panel, axis=0)
        assert all(left < (face.x0 + face.x1) / 2 < right for face in faces)
        assert all(top < (face.y0 + face.y1) / 2 < bottom for face in faces)
    assert any(page.faces)


def test_a_chapter_is_its_pages_in_order() -> None:
    pages = list(draw_chapter(3, 2, width=600, height=850))

    assert [page.page_num for page in pages] == [1, 2]
    assert np.array_equal(pages[1].ink, draw_page(3, 2, width=600, height=850).ink)


def test_a_chapter_without_pages_is_empty() -> None:
    assert list(draw_chapter(3, 0)) == []


def test_a_reference_shares_its_colours_with_the_pages_of_its_seed() -> None:
    reference = _common_colours(draw_reference(5, width=500, height=500))
    own = [_common_colours(page.colour) for page in draw_chapter(5, 3, width=600, height=850)]

    assert len(reference & set[int]().union(*own)) >= 6


def test_palettes_are_plainly_different_worlds() -> None:
    means = [
        cv2.cvtColor(draw_reference(1, palette=name, width=300, height=300), cv2.COLOR_RGB2LAB).reshape(-1, 3).mean(0)
        for name in ("spring", "night", "autumn")
    ]

    for a, b in ((0, 1), (1, 2), (0, 2)):
        assert np.linalg.norm(means[a] - means[b]) > 12


def test_another_palette_keeps_the_drawing() -> None:
    day, night = (draw_reference(1, palette=name, width=400, height=400) for name in ("spring", "night"))

    assert np.array_equal(day.max(axis=2) == 0, night.max(axis=2) == 0)
    assert not np.array_equal(day, night)


def test_a_palette_that_does_not_exist_is_refused_with_the_names_of_those_that_do() -> None:
    with pytest.raises(InvalidRequestError, match="autumn, lagoon, night, spring"):
        draw_reference(1, palette="mauve")


def _common_colours(picture: np.ndarray[tuple[int, ...], np.dtype[np.uint8]]) -> set[int]:
    """Colours that fill at least one pixel in five hundred, packed into one number each."""
    packed = picture.reshape(-1, 3).astype(np.int64) @ np.array([65536, 256, 1])
    values, counts = np.unique(packed, return_counts=True)
    return set(values[counts > packed.size / 500].tolist()) - {0, 0xFFFFFF}
