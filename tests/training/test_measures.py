import numpy as np
import pytest

from training.measures import luminance_curve, measure


def test_true_colours_are_hit_in_full() -> None:
    colours = np.random.default_rng(1).normal(0, 25, (500, 2)).astype(np.float32)

    found = measure(colours, colours)

    assert found.hue_hit == 1.0
    assert found.ab_error == found.palette == 0.0
    assert found.colourfulness == pytest.approx(1.0)


def test_grey_hits_no_hue_and_opposite_hues_neither() -> None:
    colours = np.random.default_rng(1).normal(0, 25, (500, 2)).astype(np.float32)

    assert measure(np.zeros_like(colours), colours).hue_hit == 0.0
    assert measure(-colours, colours).hue_hit == 0.0


def test_the_luminance_curve_gives_the_colour_of_what_is_as_grey() -> None:
    greys = np.linspace(0, 1, 2000, dtype=np.float32)
    colours = np.where(greys[:, None] < 0.5, [[30.0, 0.0]], [[0.0, -30.0]]).astype(np.float32)

    found = luminance_curve(np.array([0.2, 0.8], np.float32), greys, colours)

    np.testing.assert_allclose(found, [[30, 0], [0, -30]], atol=1e-3)
