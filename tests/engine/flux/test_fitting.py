"""Pages on their canvases and back, without a model."""

from itertools import pairwise

import numpy as np
import pytest

from mangaflux.engine.flux.fitting import CELL, SHORTEST_SIDE, Limits, fit_page, fit_reference, lay, lift, resize
from mangaflux.engine.flux.sheet import lay_out
from mangaflux.engine.flux.strips import OVERLAP, cut, join, slice_scale

MIN_PIXELS, MAX_PIXELS = 262_144, 1_048_576
LIMITS = Limits(MIN_PIXELS, MAX_PIXELS)
BUCKETS = Limits(MIN_PIXELS, MAX_PIXELS, ((848, 1216), (1216, 848)))


def noise(rng: np.random.Generator, height: int, width: int) -> np.ndarray[tuple[int, ...], np.dtype[np.uint8]]:
    return rng.integers(0, 256, (height, width, 3), dtype=np.uint8)


def test_the_transform_of_200_random_pages_is_inverted_exactly(rng: np.random.Generator) -> None:
    sizes = rng.integers(40, 1400, (600, 2))
    pages = sizes[sizes.max(1) < 3 * sizes.min(1)][:200]
    assert len(pages) == 200
    for width, height in pages:
        page = noise(rng, int(height), int(width))
        fit = fit_page(int(width), int(height), Limits(4096, 200_000))
        canvas = lay(page, fit)
        assert canvas.shape == (fit.canvas_height, fit.canvas_width, 3)
        assert (lift(canvas, fit) == resize(page, fit.width, fit.height)).all()


def test_a_canvas_has_whole_cells_and_no_more_pixels_than_allowed(rng: np.random.Generator) -> None:
    for width, height in rng.integers(60, 9000, (2000, 2)):
        if max(width, height) > 8 * min(width, height):
            continue
        fit = fit_page(int(width), int(height), LIMITS)
        assert fit.canvas_width % CELL == fit.canvas_height % CELL == 0
        assert fit.canvas_width * fit.canvas_height <= MAX_PIXELS
        assert 0 <= fit.canvas_width - fit.width < max(CELL, SHORTEST_SIDE)
        assert abs(fit.width / fit.height - width / height) < 1.01 * (1 + width / height) / fit.height


def test_a_page_between_the_limits_keeps_every_pixel(rng: np.random.Generator) -> None:
    page = noise(rng, 1200, 848)
    sheet = lay_out(page, None, LIMITS)
    assert (sheet.assemble(sheet.canvases) == page).all()


def test_a_small_page_is_scaled_up(rng: np.random.Generator) -> None:
    fit = fit_page(240, 340, LIMITS)
    assert fit.width * fit.height > 0.99 * MIN_PIXELS


@pytest.mark.parametrize("size", [(3000, 20), (20, 3000), (1, 1), (9000, 9000)])
def test_extreme_sizes_have_a_canvas(size: tuple[int, int], rng: np.random.Generator) -> None:
    page = noise(rng, size[1], size[0])
    sheet = lay_out(page, None, LIMITS)
    assert all(min(canvas.shape[:2]) >= SHORTEST_SIDE for canvas in sheet.canvases)
    picture = sheet.assemble(sheet.canvases)
    assert picture.shape[0] >= 1
    assert picture.shape[1] >= 1


def test_a_reference_is_as_long_as_told_and_keeps_its_aspect(rng: np.random.Generator) -> None:
    fitted = fit_reference(noise(rng, 2000, 1300), 512)
    assert fitted.shape == (512, 336, 3)
    assert fit_reference(noise(rng, 20, 200), 512).shape == (64, 192, 3)


@pytest.mark.parametrize("sideways", [False, True])
def test_a_strip_that_nobody_paints_on_comes_back_exactly(sideways: bool, rng: np.random.Generator) -> None:
    strip = noise(rng, 6000, 600)
    page = np.ascontiguousarray(np.swapaxes(strip, 0, 1)) if sideways else strip
    sheet = lay_out(page, None, LIMITS)
    assert len(sheet.canvases) > 3
    assert all(canvas.shape[0] * canvas.shape[1] <= MAX_PIXELS for canvas in sheet.canvases)
    assert (sheet.assemble(sheet.canvases) == page).all()


@pytest.mark.parametrize(("size", "is_cut"), [((300, 2700), True), ((2700, 300), True), ((300, 2300), False)])
def test_a_picture_beyond_eight_to_one_is_cut_also_where_one_canvas_would_hold_it(
    size: tuple[int, int], is_cut: bool, rng: np.random.Generator
) -> None:
    sheet = lay_out(noise(rng, size[1], size[0]), None, LIMITS)
    assert (len(sheet.canvases) > 1) == is_cut
    if is_cut:
        # Scaled up, as small pages are.
        assert all(canvas.shape[0] * canvas.shape[1] > MIN_PIXELS / 2 for canvas in sheet.canvases)
        assert abs(np.divide(*sheet.assemble(sheet.canvases).shape[1::-1]) - size[0] / size[1]) < 0.02


def test_the_slices_of_a_wide_strip_stay_below_the_limit() -> None:
    for side in (300, 800, 1600, 5000):
        scale = slice_scale(side, MIN_PIXELS, MAX_PIXELS)
        strip = np.full((round(side * scale) * 12, round(side * scale), 3), 255, np.uint8)
        for piece in cut(strip):
            assert (piece.bottom - piece.top + CELL) * (strip.shape[1] + CELL) <= MAX_PIXELS * 1.05


def test_strips_are_cut_where_nothing_is_drawn(rng: np.random.Generator) -> None:
    strip = noise(rng, 3800, 400)
    gaps = [(560, 640), (1180, 1260), (1800, 1900), (2500, 2580), (3080, 3160)]
    for top, bottom in gaps:
        strip[top:bottom] = 255
    pieces = cut(strip)
    for above, below in pairwise(pieces):
        assert above.bottom - below.top == OVERLAP
        assert any(top <= below.top and above.bottom <= bottom for top, bottom in gaps)


def test_neighbours_of_different_colour_fade_into_each_other() -> None:
    strip = np.full((2000, 300, 3), 128, np.uint8)
    pieces = cut(strip)
    painted = [
        np.full((piece.bottom - piece.top, 300, 3), 40 * number + 20, np.uint8) for number, piece in enumerate(pieces)
    ]
    steps = np.abs(np.diff(join(pieces, painted)[:, 0, 0].astype(int)))
    assert steps.max() <= 3


@pytest.mark.parametrize("size", [(848, 1216), (848, 1200), (840, 1190), (1200, 1700), (1114, 1600), (1350, 1920)])
def test_pages_of_the_usual_shapes_lie_on_one_bucket(size: tuple[int, int]) -> None:
    fit = fit_page(*size, BUCKETS)
    assert (fit.canvas_width, fit.canvas_height) == (848, 1216)
    assert abs(fit.width / fit.height - size[0] / size[1]) < 0.002


@pytest.mark.parametrize("size", [(1000, 1000), (600, 860), (700, 1400)])
def test_pages_of_other_shapes_get_a_canvas_of_their_own(size: tuple[int, int]) -> None:
    assert fit_page(*size, BUCKETS) == fit_page(*size, LIMITS)


def test_a_page_smaller_than_its_bucket_keeps_every_pixel(rng: np.random.Generator) -> None:
    page = noise(rng, 1190, 840)
    sheet = lay_out(page, None, BUCKETS)
    assert sheet.canvases[0].shape == (1216, 848, 3)
    assert (sheet.assemble(sheet.canvases) == page).all()
