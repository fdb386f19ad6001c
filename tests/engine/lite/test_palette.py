import numpy as np
import pytest

from mangaflux.engine.lite.palette import Palette, read_palette
from tests.engine.engine_contract import COLD, WARM, paint_reference

RED, GREEN, BLUE = (200, 40, 40), (50, 160, 70), (40, 70, 190)


def hues(palette: Palette) -> list[float]:
    return sorted(float(hue) % 360 for hue in np.degrees(np.arctan2(palette.entries[:, 2], palette.entries[:, 1])))


def test_every_stripe_of_a_reference_becomes_an_entry() -> None:
    palette = read_palette([paint_reference(RED, GREEN, BLUE)], {})
    assert len(palette.entries) == 3


def test_paper_and_ink_of_a_reference_are_no_colours() -> None:
    palette = read_palette([paint_reference(RED, (255, 255, 255), (0, 0, 0))], {})
    assert len(palette.entries) == 1
    assert palette.entries[0, 1] > 40


def test_a_grey_reference_still_gives_a_palette() -> None:
    palette = read_palette([paint_reference((255, 255, 255))], {})
    assert len(palette.entries) == 1
    assert np.abs(palette.entries[0, 1:]).max() < 1


def test_no_entry_keeps_most_of_a_palette() -> None:
    sky = [(90, 170, 230)] * 40
    colours = [RED, GREEN, BLUE, (230, 200, 60), (120, 70, 30)]
    palette = read_palette([paint_reference(*sky, *colours)], {})
    assert palette.shares.max() < 0.3
    assert palette.shares.sum() == pytest.approx(1.0, abs=1e-5)


def test_references_are_read_together() -> None:
    together = read_palette([paint_reference(RED), paint_reference(BLUE)], {})
    assert len(together.entries) == 2


def test_chosen_colours_replace_those_of_the_reference() -> None:
    palette = read_palette([WARM], {"1": BLUE, "2": GREEN})
    assert hues(palette) == hues(read_palette([paint_reference(BLUE, GREEN)], {}))


def test_a_chosen_colour_named_skin_is_the_skin() -> None:
    palette = read_palette([WARM], {"hair": BLUE, "Skin": (150, 200, 150)})
    assert palette.skin[1] < -15


def test_the_skin_of_a_reference_is_found() -> None:
    palette = read_palette([paint_reference(BLUE, GREEN, (240, 205, 180))], {})
    assert palette.skin[0] > 80
    assert 3 < palette.skin[1] < 20
    assert 10 < palette.skin[2] < 30


def test_the_tone_curve_follows_the_reference() -> None:
    warm, cold = read_palette([WARM], {}), read_palette([COLD], {})
    assert warm.tone_curve[40, 1] > 15
    assert cold.tone_curve[40, 1] < -15


@pytest.mark.parametrize("size", [(1, 1), (1, 500), (3000, 2)])
def test_a_reference_of_any_shape_is_read(size: tuple[int, int]) -> None:
    palette = read_palette([np.full((*size, 3), RED, np.uint8)], {})
    assert palette.entries.shape == (1, 3)
    assert np.isfinite(palette.tone_curve).all()


def test_a_cloud_that_the_edge_cuts_off_is_left_white() -> None:
    picture = np.full((120, 120, 3), BLUE, np.uint8)
    picture[:30, :50] = 255
    assert read_palette([picture], {}).white == pytest.approx(1500 / 14400, abs=0.01)


def test_paper_around_a_reference_is_not_left_white() -> None:
    picture = np.pad(np.full((100, 100, 3), BLUE, np.uint8), ((20, 20), (20, 20), (0, 0)), constant_values=255)
    assert read_palette([picture], {}).white == 0


def test_of_several_references_the_mean_is_left_white() -> None:
    cloudy = np.full((120, 120, 3), BLUE, np.uint8)
    cloudy[40:70, 40:90] = 255
    alone = read_palette([cloudy], {}).white
    assert read_palette([cloudy, paint_reference(RED)], {}).white == pytest.approx(alone / 2)
