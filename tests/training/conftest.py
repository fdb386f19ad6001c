from pathlib import Path

import numpy as np
import pytest
import torch

from training.dataset import Dataset, open_pack
from training.pack import write_pack
from training.packed_image import BALLOON, PackedImage

# Pictures this small are not worth the wait of one thread for another.
torch.set_num_threads(1)


def picture(name: str, split: str, role: str = "page", *, seed: int = 0, source: Path | None = None) -> PackedImage:
    """96 × 64 pixels in four colours, with a balloon in a corner."""
    rng = np.random.default_rng(seed)
    colour = np.kron(rng.integers(30, 256, (2, 2, 3)), np.ones((48, 32, 1))).astype(np.uint8)
    mask = np.zeros((96, 64), np.uint8)
    mask[:16, :16] = BALLOON
    ink = colour.max(axis=2) if role == "page" else None
    return PackedImage(name, name.rpartition("/")[0], split, role, colour, ink, mask, source, 90)


@pytest.fixture
def pack(tmp_path: Path) -> Path:
    """Two groups to train on, two to validate on: comic pages, and drawn pages with a reference."""
    images = [
        picture(f"{group}/{name}", split, role, seed=number)
        for group, split in (
            ("pc/E01", "training"),
            ("pc/E18", "validation"),
            ("drawn/1", "training"),
            ("drawn/9", "validation"),
        )
        for number, (name, role) in enumerate((("one", "page"), ("two", "page"), ("sheet", "reference")))
    ]
    write_pack(images, tmp_path / "pack.zip", tmp_path / "list.csv")
    return tmp_path / "pack.zip"


@pytest.fixture
def data(pack: Path) -> Dataset:
    return open_pack(pack, torch.device("cpu"))
