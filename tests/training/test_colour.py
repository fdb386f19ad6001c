import cv2
import numpy as np
import torch

from mangaflux.engine.lite import prior
from mangaflux.engine.lite.prior_values import CHROMA_SCALE
from training.colour import ChromaChange, cell_colours, to_grey, to_lab


def test_lab_is_what_the_engine_calls_lab() -> None:
    rgb = np.random.default_rng(1).random((16, 16, 3)).astype(np.float32)

    ours = to_lab(torch.from_numpy(rgb.transpose(2, 0, 1)[None]))[0].permute(1, 2, 0).numpy()

    np.testing.assert_allclose(ours, cv2.cvtColor(rgb, cv2.COLOR_RGB2LAB), atol=0.3)


def test_the_network_is_trained_on_the_picture_of_a_reference_that_the_engine_shows_it() -> None:
    image = np.random.default_rng(2).integers(0, 256, (64, 96, 3), np.uint8)
    rgb = torch.from_numpy(image.transpose(2, 0, 1)[None] / np.float32(255))

    trained = torch.cat([to_grey(rgb), to_lab(rgb)[:, 1:] / CHROMA_SCALE], 1)[0]

    np.testing.assert_allclose(prior._on_canvas(image, (64, 96))[0], trained.numpy(), atol=0.01)


def test_ink_hardly_changes_the_colour_of_a_cell() -> None:
    lab = torch.zeros(1, 3, 8, 8)
    lab[:, 0], lab[:, 1], lab[:, 2] = 70.0, 30.0, -20.0
    lab[:, :, :3] = 0.0

    colours = cell_colours(lab)[0, :, 0, 0]

    torch.testing.assert_close(colours, torch.tensor([30.0, -20.0]), atol=0.6, rtol=0)


def test_all_hues_of_a_sample_are_turned_by_one_angle() -> None:
    generator = torch.Generator().manual_seed(4)
    change = ChromaChange(3, generator)
    hues = torch.tensor([0.2, 1.4, -2.0])
    colours = 30 * torch.stack([hues.cos(), hues.sin()])[None, :, None, :].expand(3, -1, 2, -1)

    changed = change(colours)

    turned = torch.atan2(changed[:, 1], changed[:, 0]) - hues
    assert ((turned.cos() - turned[..., :1].cos()).abs() < 1e-4).all()
    assert len({round(float(angle), 3) for angle in turned[:, 0, 0] % (2 * torch.pi)}) == 3
