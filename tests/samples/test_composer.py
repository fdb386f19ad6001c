from collections import Counter
from functools import cache
from itertools import combinations, pairwise

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from mangaflux.errors import InvalidRequestError
from mangaflux.samples.composer.grids import ReadingDirection
from mangaflux.samples.composer.kinds import LAYOUT_KINDS, LayoutKind, kinds_of
from mangaflux.samples.composer.page import ComposedPage, compose_page
from mangaflux.samples.layout import Polygon

KINDS = tuple(LAYOUT_KINDS)
WIDTH, HEIGHT = 480, 680


#: Drawn scenes take most of the time; what they show is tested with them.
STRIPES: tuple[NDArray[np.uint8], ...] = (np.tile(np.array([[40], [200]], dtype=np.uint8), (100, 300)),)


@cache
def drawn(kind: LayoutKind, seed: int = 3, *, scan: bool = False, from_left: bool = False) -> ComposedPage:
    direction: ReadingDirection = "ltr" if from_left else "rtl"
    return compose_page(
        seed, kind, width=WIDTH, height=HEIGHT, reading_direction=direction, contents=STRIPES, scan=scan
    )


def filled(shape: tuple[int, ...], polygons: list[Polygon]) -> NDArray[np.bool_]:
    mask = np.zeros(shape, dtype=np.uint8)
    for polygon in polygons:
        cv2.fillPoly(mask, [np.rint(np.array(polygon)).astype(np.int32)], (1,))
    return mask > 0


def overlap(first: NDArray[np.bool_], second: NDArray[np.bool_]) -> float:
    return float((first & second).sum() / max(1, (first | second).sum()))


def middle(polygon: Polygon) -> tuple[float, float]:
    x, y = np.mean(polygon, axis=0)
    return float(x), float(y)


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_of_layout_draws_panels_inside_the_page(kind: LayoutKind) -> None:
    page = drawn(kind)

    assert page.gray.dtype == np.uint8
    assert len(page.panels) >= 2
    corners = np.vstack([np.array(panel) for panel in page.panels])
    height, width = page.gray.shape
    assert corners.min() >= 0
    assert (corners <= (width - 1, height - 1)).all()


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("scan", [False, True])
def test_the_panel_mask_is_what_the_panels_cover(kind: LayoutKind, *, scan: bool) -> None:
    page = drawn(kind, scan=scan)

    assert overlap(page.panel_mask, filled(page.gray.shape, list(page.panels))) > (0.98 if scan else 0.9999)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("scan", [False, True])
def test_the_balloon_mask_is_what_the_balloons_cover(kind: LayoutKind, *, scan: bool) -> None:
    page = drawn(kind, seed=5, scan=scan)

    assert page.balloons
    polygons = [balloon.polygon for balloon in page.balloons]
    assert overlap(page.balloon_mask, filled(page.gray.shape, polygons)) > 0.93


@pytest.mark.parametrize("kind", KINDS)
def test_balloons_are_of_one_level_but_for_their_lettering(kind: LayoutKind) -> None:
    page = drawn(kind)
    bare = page.balloon_mask & ~page.lettering_mask

    for balloon in page.balloons:
        inside = filled(page.gray.shape, [balloon.polygon]) & bare
        assert inside.any()
        assert (page.gray[inside] == (0 if balloon.kind == "inverted" else 255)).all(), balloon.kind


@pytest.mark.parametrize("kind", KINDS)
def test_every_block_of_lettering_has_ink_and_all_ink_is_in_a_block(kind: LayoutKind) -> None:
    page = drawn(kind)
    blocks = [filled(page.gray.shape, [block.polygon]) for block in page.lettering]

    assert all((block & page.lettering_mask).any() for block in blocks)
    assert not (page.lettering_mask & ~np.any(blocks, axis=0)).any()


def test_speech_stands_in_balloons_and_sounds_do_not() -> None:
    for seed in range(6):
        page = drawn("slanted", seed)
        for block in page.lettering:
            ink = page.lettering_mask & filled(page.gray.shape, [block.polygon])
            share = (ink & page.balloon_mask).sum() / ink.sum()
            assert share == 1 or block.kind != "speech"
            assert share == 0 or block.kind != "sfx"


def test_every_kind_of_balloon_and_of_lettering_comes_up() -> None:
    pages = [drawn(kind, seed) for kind in ("regular", "slanted", "yonkoma", "overlapping") for seed in range(6)]

    assert {balloon.kind for page in pages for balloon in page.balloons} == {
        "speech", "shout", "thought", "inverted", "open", "joined", "crossing", "tucked", "caption",
    }  # fmt: skip
    assert {block.kind for page in pages for block in page.lettering} == {"speech", "caption", "sfx"}


def test_a_balloon_tucked_into_a_leaning_corner_is_still_there() -> None:
    # A place that is tried on this page lies in the box of its leaning panel, but outside of the panel.
    page = drawn("slanted", seed=411)

    assert all(len(balloon.polygon) >= 3 for balloon in page.balloons)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("scan", [False, True])
def test_the_same_arguments_compose_the_same_bytes(kind: LayoutKind, *, scan: bool) -> None:
    first = drawn(kind, scan=scan)
    second = compose_page(3, kind, width=WIDTH, height=HEIGHT, contents=STRIPES, scan=scan)

    for name in ("gray", "panel_mask", "balloon_mask", "lettering_mask"):
        assert np.array_equal(getattr(first, name), getattr(second, name)), name
    assert (first.panels, first.balloons, first.lettering) == (second.panels, second.balloons, second.lettering)


def test_scenes_of_the_own_cast_are_drawn_alike_every_time() -> None:
    first, second = (compose_page(3, "slanted", width=WIDTH, height=HEIGHT) for _ in range(2))

    assert np.array_equal(first.gray, second.gray)
    assert 0.02 < (first.gray[first.panel_mask] < 64).mean() < 0.8


def test_another_seed_composes_another_page() -> None:
    assert drawn("regular", 1).panels != drawn("regular", 2).panels


@pytest.mark.parametrize("kind", ["regular", "slanted", "borderless", "black_gutter", "full_bleed"])
@pytest.mark.parametrize("from_left", [False, True])
def test_no_panel_is_read_before_one_that_lies_above_it(kind: LayoutKind, *, from_left: bool) -> None:
    for seed in range(4):
        for first, later in combinations(drawn(kind, seed, from_left=from_left).panels, 2):
            assert max(y for _, y in later) > min(y for _, y in first)


@pytest.mark.parametrize(("from_left", "sign"), [(False, -1), (True, 1)])
def test_neighbours_are_read_from_the_side_that_is_asked_for(*, from_left: bool, sign: int) -> None:
    beside = 0
    for seed in range(6):
        panels = drawn("regular", seed, from_left=from_left).panels
        for first, second in pairwise(panels):
            if min(y for _, y in first) == min(y for _, y in second):
                beside += 1
                assert (middle(second)[0] - middle(first)[0]) * sign > 0
    assert beside


def test_four_panel_strips_are_read_column_by_column() -> None:
    pages = [drawn("yonkoma", seed) for seed in range(8)]
    doubles = [page for page in pages if len(page.panels) in (8, 9)]

    assert doubles
    for page in doubles:
        right, left = page.panels[-8:-4], page.panels[-4:]
        assert len({round(middle(panel)[0]) for panel in right}) == 1
        assert middle(right[0])[0] > middle(left[0])[0]
        assert [middle(panel)[1] for panel in right] == sorted(middle(panel)[1] for panel in right)


def test_an_inset_lies_inside_a_panel_that_is_read_before_it() -> None:
    page = drawn("inset")
    areas = [filled(page.gray.shape, [panel]) for panel in page.panels]

    inside = [
        (host, inset)
        for inset, small in enumerate(areas)
        for host, large in enumerate(areas)
        if host != inset and not (small & ~large).any()
    ]
    assert inside
    assert all(host < inset for host, inset in inside)


def test_black_gutters_are_black() -> None:
    page = drawn("black_gutter")
    bare = ~page.panel_mask & ~page.balloon_mask
    bare[1:-1, 1:-1] = False

    assert (page.gray[bare] == 0).all()


def test_full_bleed_panels_reach_the_edge_of_the_paper() -> None:
    page = drawn("full_bleed")
    border = np.ones(page.gray.shape, dtype=bool)
    border[1:-1, 1:-1] = False

    assert (page.panel_mask & border).sum() > 0.1 * border.sum()


def test_a_spread_is_two_pages_wide() -> None:
    assert drawn("spread").gray.shape == (HEIGHT, 2 * WIDTH)


def test_a_webtoon_is_a_long_strip_read_downwards() -> None:
    page = drawn("webtoon")
    height, width = page.gray.shape

    assert height > 3 * width
    assert page.reading_direction == "vertical"
    assert [middle(panel)[1] for panel in page.panels] == sorted(middle(panel)[1] for panel in page.panels)


def test_a_scan_is_grey_and_askew_by_two_degrees_at_most() -> None:
    for seed in range(5):
        page = drawn("regular", seed, scan=True)
        (x0, y0), (x1, y1) = page.panels[0][:2]

        assert np.median(page.gray[~page.panel_mask]) < 252
        assert abs(np.degrees(np.arctan2(y1 - y0, x1 - x0))) <= 2.2


def test_panels_show_the_pictures_that_are_given() -> None:
    page = compose_page(1, "borderless", width=WIDTH, height=HEIGHT, contents=[np.full((50, 80), 77, dtype=np.uint8)])

    assert (page.gray[page.panel_mask] == 77).mean() > 0.5


def test_no_pictures_at_all_are_refused() -> None:
    with pytest.raises(InvalidRequestError, match="at least one"):
        compose_page(1, "regular", contents=[])


def test_coloured_pictures_are_refused() -> None:
    with pytest.raises(InvalidRequestError, match="uint8"):
        compose_page(1, "regular", contents=[np.zeros((50, 80, 3), dtype=np.uint8)])


def test_a_page_too_small_for_letters_is_refused() -> None:
    with pytest.raises(InvalidRequestError, match="at least 300"):
        compose_page(1, "regular", width=200)


def test_an_unknown_kind_is_refused_with_the_known_ones() -> None:
    with pytest.raises(InvalidRequestError, match="yonkoma"):
        compose_page(1, "circular")  # type: ignore[arg-type]


@pytest.mark.parametrize("pages", [1, 7, 100, 500])
def test_kinds_come_in_their_shares(pages: int) -> None:
    counts = Counter(kinds_of(pages))

    assert sum(counts.values()) == pages
    assert all(abs(counts[kind] - share * pages) < 1.01 for kind, share in LAYOUT_KINDS.items())
