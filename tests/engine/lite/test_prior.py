import numpy as np
import pytest

from mangaflux.engine.lite import prior
from mangaflux.engine.lite.prior import ColourPrior
from mangaflux.engine.lite.prior_values import fitted_size, group_colours, settle_colours


def test_without_weights_there_is_no_prior(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(prior, "_WEIGHTS", "no_such_file.onnx")
    prior._packaged.cache_clear()
    try:
        assert ColourPrior.load() is None
    finally:
        prior._packaged.cache_clear()


def test_sizes_keep_the_shape_of_a_page_and_are_multiples_of_32() -> None:
    assert fitted_size(1700, 1200, 448 * 640) == (640, 448)
    height, width = fitted_size(20_000, 800, 448 * 640)
    assert height % 32 == width % 32 == 0
    assert height * width <= 448 * 640 * 1.2
    assert min(fitted_size(1, 5000, 448 * 640)) == 64


def test_groups_tell_colours_apart_that_are_far_from_each_other() -> None:
    colours = np.repeat(np.array([[40, 0], [0, 40], [-40, 0], [0, 0]], np.float32), 50, axis=0)

    centres, groups = group_colours(colours)

    assert len(centres) == 4
    np.testing.assert_allclose(groups @ centres, colours, atol=1e-4)


def test_one_colour_makes_one_group() -> None:
    centres, groups = group_colours(np.full((30, 2), 7.0, np.float32))

    assert centres.shape == (1, 2)
    assert groups.shape == (30, 1)


def test_a_clear_majority_outvotes_the_rest_instead_of_being_mixed_with_it() -> None:
    centres = np.array([[40, 0], [44, 0], [-40, 0]], np.float32)
    shares = np.array([0.35, 0.35, 0.3], np.float32)[:, None, None]

    mean = settle_colours(shares, centres, decisiveness=0.0)[0, 0]
    settled = settle_colours(shares, centres)[0, 0]

    assert mean[0] < 20
    assert settled[0] > 25
