import numpy as np
import pytest
import torch

from training.comic_ink import ink_page
from training.inking import PRINTED, Drawn, ink_pages


@pytest.fixture
def art() -> np.ndarray:
    """400 pixels that grow lighter and 100 of paper, with a black line across all of them."""
    ramp = np.concatenate([np.linspace(20, 200, 400), np.full(100, 255)]).astype(np.uint8)
    pixels = ramp[None, :, None] * np.ones((120, 1, 3), np.uint8)
    pixels[58:61] = 0
    return pixels


def test_darker_tones_get_more_ink_and_white_paper_none(art: np.ndarray) -> None:
    ink = ink_page(art)

    middles = (10, 60, 130, 210, 450)
    covered = [(ink[5:50, middle - 9 : middle + 9] == 0).mean() for middle in middles]
    np.testing.assert_allclose(covered, (0.85, 0.45, 0.22, 0.08, 0.0), atol=0.06)


def test_a_line_stays_a_line_across_all_tones(art: np.ndarray) -> None:
    assert (ink_page(art)[59] == 0).all()


def test_pages_to_train_on_get_another_screen_each(art: np.ndarray) -> None:
    one, other = (ink_page(art, np.random.default_rng(seed)) for seed in (1, 2))

    assert (one != other).mean() > 0.02
    np.testing.assert_array_equal(one, ink_page(art, np.random.default_rng(1)))


def test_letters_and_balloons_are_drawn_on_a_printed_comic_page() -> None:
    white = torch.ones(1, 1, 32, 32)
    balloon, text = torch.zeros(2, 1, 1, 32, 32)
    balloon[..., 8:24, 8:24], text[..., 14:18, 12:20] = 1, 1
    drawn = Drawn(white.expand(-1, 3, -1, -1), white * 0.5, balloon, text)

    page = ink_pages(drawn, torch.tensor([PRINTED]), torch.Generator().manual_seed(0), clean=True)[0, 0]

    assert page[8, 8] == 0
    assert page[3, 8] < page[1, 8]
    assert page[6, 6] == 1
    assert page[1, 1] == 0.5
