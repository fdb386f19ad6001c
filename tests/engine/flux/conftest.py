from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch

from mangaflux.engine.flux.engine import FluxEngine
from mangaflux.engine.flux.random_klein import TINY, save_random_klein
from mangaflux.settings import FluxSettings
from tests.engine.flux.folders import make_engine


@pytest.fixture(scope="session", autouse=True)
def _one_thread() -> None:
    # Two threads on a busy machine wait for each other longer than a model of this size computes.
    torch.set_num_threads(1)


@pytest.fixture(scope="session")
def tiny_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_random_klein(tmp_path_factory.mktemp("tiny-klein"), TINY)


@pytest.fixture(scope="session")
def tiny_kv_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_random_klein(tmp_path_factory.mktemp("tiny-klein-kv"), TINY, keeps_reference_kv=True)


@pytest.fixture(scope="session")
def tiny_base_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_random_klein(tmp_path_factory.mktemp("tiny-klein-base"), TINY, is_distilled=False)


@pytest.fixture
def tiny_settings(tiny_folder: Path, tmp_path: Path) -> Callable[..., FluxSettings]:
    """Settings of the tiny model on the CPU; keyword arguments change them."""

    def make(**changes: object) -> FluxSettings:
        values = {
            "model": str(tiny_folder),
            "device": "cpu",
            "cache_dir": str(tmp_path / "cache"),
            "min_pixels": 4096,
            "max_pixels": 128 * 128,
            "style_long_side": 64,
        }
        return FluxSettings.model_validate(values | changes)

    return make


@pytest.fixture
def engine(tiny_settings: Callable[..., FluxSettings]) -> FluxEngine:
    return make_engine(tiny_settings())


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.default_rng(5)
