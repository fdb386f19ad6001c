import numpy as np
import pytest

from mangaflux.engine.lite.cast import read_cast
from mangaflux.samples.chapter import draw_reference
from tests.engine.engine_contract import COLD
from tests.engine.lite.drawn_faces import draw_head


def test_the_people_of_a_drawn_reference_lend_skin_and_hair() -> None:
    cast = read_cast(draw_reference(3))
    assert len(cast.skins) >= 2
    assert (cast.skins[:, 0] > 60).all()
    assert cast.hairs[:, 2].min() < -10
    assert cast.hairs[:, 2].max() > 30


def test_clothes_go_with_the_hair_above_them() -> None:
    cast = read_cast(draw_reference(3))
    assert len(cast.clothes) == len(cast.hairs)
    blonde = cast.clothes[int(cast.hairs[:, 2].argmax())]
    assert blonde[:, 2].min() < -30


def test_buttons_of_a_jacket_are_no_face() -> None:
    assert len(read_cast(draw_reference(3)).skins) == 4


def test_black_hair_is_dark() -> None:
    assert read_cast(draw_reference(3)).hairs[:, 0].min() < 35


def test_a_reference_without_people_lends_none() -> None:
    cast = read_cast(COLD)
    assert cast.skins.shape == (0, 3)
    assert cast.hairs.shape == (0, 3)


def test_a_face_without_colour_is_not_believed() -> None:
    grey = np.repeat(draw_head()[..., None], 3, axis=2)
    assert len(read_cast(grey).skins) == 0


@pytest.mark.parametrize("shape", [(1, 1, 3), (1, 500, 3), (300, 2, 3)])
def test_a_reference_of_any_shape_is_read(shape: tuple[int, int, int]) -> None:
    assert len(read_cast(np.full(shape, 120, np.uint8)).skins) == 0
