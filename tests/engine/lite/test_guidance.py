import numpy as np
import pytest

from mangaflux.engine.analysis.line_art import extract_line_art
from mangaflux.engine.analysis.metadata import Mask
from mangaflux.engine.lite.assignment import assign_colours
from mangaflux.engine.lite.guidance import Guidance, agreed_colours, can_guide, guide
from mangaflux.engine.lite.palette import Palette, read_palette
from mangaflux.engine.lite.prior import PriorColours
from mangaflux.engine.lite.regions import Regions, find_regions
from tests.engine.engine_contract import make_request, paint_reference

RED, GREEN = (190, 70, 60), (70, 130, 60)
SIDE = 320


@pytest.fixture(scope="module")
def regions() -> Regions:
    """Two greys side by side."""
    page = np.full((SIDE, SIDE), 150, np.uint8)
    page[:, SIDE // 2 :] = 165
    page[:, SIDE // 2 - 2 : SIDE // 2 + 2] = 0
    return find_regions(extract_line_art(page), np.zeros(page.shape, np.bool_))


@pytest.fixture(scope="module")
def palette() -> Palette:
    return read_palette([paint_reference(RED, GREEN)], {})


def side_of(regions: Regions) -> tuple[int, int]:
    return int(regions.labels[SIDE // 2, 40]), int(regions.labels[SIDE // 2, SIDE - 40])


def prior(left: tuple[float, float], right: tuple[float, float], confidence: float) -> PriorColours:
    """A grid of two halves, each of one colour."""
    shares = np.zeros((2, 20, 20), np.float32)
    shares[0, :, :10] = shares[1, :, 10:] = 1.0
    return PriorColours(np.array([left, right], np.float32), shares, np.full((20, 20), confidence, np.float32))


def ab_of(palette: Palette, *, warm: bool) -> tuple[float, float]:
    reddest = palette.entries[(palette.entries[:, 1] if warm else -palette.entries[:, 1]).argmax()]
    return float(reddest[1]), float(reddest[2])


def fills(regions: Regions, palette: Palette, guidance: Guidance | None) -> tuple[float, float]:
    """a* of the left and of the right patch."""
    fill = assign_colours(regions, palette, 0, (), guidance).fill
    left, right = side_of(regions)
    return float(fill[left, 1]), float(fill[right, 1])


def test_a_sure_prior_decides_either_way(regions: Regions, palette: Palette) -> None:
    red, green = ab_of(palette, warm=True), ab_of(palette, warm=False)
    one, other = (guide(regions, prior(*pair, 0.95)) for pair in ((red, green), (green, red)))
    assert fills(regions, palette, one)[0] > 10 > -10 > fills(regions, palette, one)[1]
    assert fills(regions, palette, other)[0] < -10 < 10 < fills(regions, palette, other)[1]


def test_a_prior_without_confidence_changes_nothing(regions: Regions, palette: Palette) -> None:
    unsure = guide(regions, prior((60.0, 0.0), (-60.0, 0.0), 0.0))
    assert fills(regions, palette, unsure) == pytest.approx(fills(regions, palette, None), abs=1e-3)


def test_a_patch_knows_what_its_part_of_the_grid_looked_at(regions: Regions) -> None:
    guidance = guide(regions, prior((30.0, 10.0), (-30.0, 5.0), 0.8))
    left, right = side_of(regions)
    assert guidance.shares[left] == pytest.approx([1.0, 0.0], abs=0.05)
    assert guidance.shares[right] == pytest.approx([0.0, 1.0], abs=0.05)
    assert guidance.confidence[left] == pytest.approx(0.8, abs=0.1)


def test_sure_cells_say_more_of_a_patch_than_unsure_ones(regions: Regions) -> None:
    told = prior((30.0, 10.0), (-30.0, 5.0), 0.9)
    told.shares[:, ::2] = told.shares[::-1, ::2].copy()
    told.confidence[::2] = 0.1
    left, _ = side_of(regions)
    assert guide(regions, told).shares[left, 0] > 0.8


def test_where_the_prior_wavers_the_renderer_decides(regions: Regions) -> None:
    wavering = prior((40.0, 0.0), (-40.0, 0.0), 0.6)
    wavering.shares[:] = 0.5
    guidance = guide(regions, wavering)
    for chosen in (40.0, -40.0):
        ab = np.tile(np.array([chosen, 0.0], np.float32), (len(regions.area), 1))
        assert agreed_colours(guidance, ab)[:, 0] == pytest.approx(chosen, abs=8.0)


@pytest.mark.parametrize(("level", "is_asked"), [(0, True), (130, False), (255, True)])
def test_the_prior_is_not_asked_where_greys_say_more(level: int, is_asked: bool) -> None:
    request = make_request()
    assert can_guide(np.full_like(request.page, level), request.analysis) == is_asked


def test_a_page_of_paper_has_no_guidance() -> None:
    paper: Mask = np.ones((60, 60), np.bool_)
    empty = find_regions(extract_line_art(np.full((60, 60), 255, np.uint8)), paper)
    guidance = guide(empty, prior((1.0, 1.0), (2.0, 2.0), 0.5))
    assert guidance.shares.shape == (0, 2)
