from pathlib import Path

import numpy as np
import onnxruntime
import pytest
import torch

from mangaflux.engine.lite.prior import ColourPrior
from training.export import example_inputs, export
from training.model import TINY, ColourMatcher

pytestmark = pytest.mark.filterwarnings(
    # The exporter that needs no further package says that there is a newer one.
    "ignore:You are using the legacy TorchScript-based ONNX export:DeprecationWarning",
)


@pytest.fixture(scope="module")
def network() -> ColourMatcher:
    torch.manual_seed(3)
    return ColourMatcher(TINY).half().float().eval()


@pytest.fixture
def model(network: ColourMatcher, tmp_path: Path) -> Path:
    export(network, tmp_path / "prior.onnx")
    return tmp_path / "prior.onnx"


@torch.no_grad()
def test_the_exported_network_says_what_the_trained_one_says_at_any_size(network: ColourMatcher, model: Path) -> None:
    session = onnxruntime.InferenceSession(model.read_bytes(), providers=["CPUExecutionProvider"])
    names = [each.name for each in session.get_inputs()]

    for sizes in ((128, 96, 2), (64, 160, 1), (96, 96, 3)):
        inputs = example_inputs(*sizes)
        expected = network(*inputs)
        found = session.run(["carried", "trust"], {n: each.numpy() for n, each in zip(names, inputs, strict=True)})

        for ours, theirs in zip(found, expected, strict=True):
            np.testing.assert_allclose(ours, theirs.numpy(), atol=2e-4)


def test_a_page_gets_colours_of_its_references_alone(model: Path) -> None:
    prior = ColourPrior(model.read_bytes())
    page = np.random.default_rng(1).integers(0, 256, (170, 120), np.uint8)
    blue = np.full((90, 80, 3), (40, 80, 200), np.uint8)

    colours = prior.predict(page, [blue, blue])

    assert colours.ab.shape[:2] == colours.confidence.shape
    assert colours.ab.dtype == colours.confidence.dtype == np.float32
    assert colours.ab.shape[0] > colours.ab.shape[1]
    spread = colours.ab.reshape(-1, 2).std(axis=0)
    assert (spread < 2).all()
    assert colours.ab[..., 1].mean() < -30
    assert colours.confidence.min() >= 0
    assert colours.confidence.max() <= 1


def test_a_page_is_told_the_same_twice(model: Path) -> None:
    prior = ColourPrior(model.read_bytes())
    page = np.random.default_rng(1).integers(0, 256, (96, 200), np.uint8)
    reference = np.random.default_rng(2).integers(0, 256, (60, 90, 3), np.uint8)

    first, second = (prior.predict(page, [reference]) for _ in range(2))

    np.testing.assert_array_equal(first.ab, second.ab)
    np.testing.assert_array_equal(first.confidence, second.confidence)
