import numpy as np
import pytest

from mangaflux.engine.analysis.line_art import extract_line_art
from mangaflux.engine.analysis.metadata import Mask
from mangaflux.engine.lite.assignment import assign_colours
from mangaflux.engine.lite.guidance import Guidance, guide
from mangaflux.engine.lite.palette import Palette, read_palette
from mangaflux.engine.lite.prior import PriorColours
from mangaflux.engine.lite.regions import Regions, find_regions
from tests.engine.engine_contract import paint_reference

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
    """A grid of two halves."""
    ab = np.zeros((20, 20, 2), np.float32)
    ab[:, :10], ab[:, 10:] = left, right
    return PriorColours(ab, np.full((20, 20), confidence, np.float32))


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


def test_a_patch_knows_the_mean_of_its_part_of_the_grid(regions: Regions) -> None:
    guidance = guide(regions, prior((30.0, 10.0), (-30.0, 5.0), 0.8))
    left, right = side_of(regions)
    assert guidance.ab[left] == pytest.approx([30.0, 10.0], abs=2.0)
    assert guidance.ab[right] == pytest.approx([-30.0, 5.0], abs=2.0)
    assert guidance.confidence[left] == pytest.approx(0.8, abs=0.1)


def test_a_patch_over_quite_different_colours_is_less_believed(regions: Regions) -> None:
    ab = np.zeros((20, 20, 2), np.float32)
    ab[::2, :, 0], ab[1::2, :, 0] = 50.0, -50.0
    guidance = guide(regions, PriorColours(ab, np.full((20, 20), 0.9, np.float32)))
    assert guidance.confidence.max() < 0.5


def test_a_page_of_paper_has_no_guidance() -> None:
    paper: Mask = np.ones((60, 60), np.bool_)
    empty = find_regions(extract_line_art(np.full((60, 60), 255, np.uint8)), paper)
    guidance = guide(empty, prior((1.0, 1.0), (2.0, 2.0), 0.5))
    assert guidance.ab.shape == (0, 2)
