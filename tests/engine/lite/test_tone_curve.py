import numpy as np
import pytest

from mangaflux.engine.lite.tone_curve import STEPS, read_tone_curve


def test_each_rank_has_the_colour_of_its_lightness() -> None:
    dark, light = [(30.0, 40.0, 0.0)] * 500, [(80.0, 0.0, -30.0)] * 500
    curve = read_tone_curve(np.array(dark + light, np.float32))
    assert curve.shape == (STEPS, 2)
    assert curve[10] == pytest.approx((40.0, 0.0), abs=0.5)
    assert curve[90] == pytest.approx((0.0, -30.0), abs=0.5)


def test_hues_of_one_lightness_are_not_mixed() -> None:
    warm, cold = [(50.0, 40.0, 0.0)] * 600, [(50.0, -40.0, 0.0)] * 400
    colours = np.array(warm + cold, np.float32)[np.random.default_rng(1).permutation(1000)]
    assert read_tone_curve(colours)[50] == pytest.approx((40.0, 0.0), abs=1.0)


def test_greys_keep_a_rank_pale() -> None:
    greys, blue = [(50.0, 0.0, 0.0)] * 900, [(50.0, 0.0, -40.0)] * 100
    colours = np.array(greys + blue, np.float32)[np.random.default_rng(1).permutation(1000)]
    assert np.abs(read_tone_curve(colours)[50]).max() < 10
