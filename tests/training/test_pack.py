import csv
import hashlib
from pathlib import Path

import torch

from tests.training.conftest import picture
from training.batches import REFERENCES, Batches
from training.dataset import Dataset
from training.pack import write_pack


def test_a_pack_opens_with_its_groups_apart_by_split(data: Dataset) -> None:
    assert [group.name for group in data.training] == ["drawn/1", "pc/E01"]
    assert [group.name for group in data.validation] == ["drawn/9", "pc/E18"]
    assert len(data.training[0].pages) == 2
    assert len(data.training[0].references) == 1
    assert data.colours.shape == (12, 3, 96, 64)


def test_the_data_list_names_each_picture_with_licence_and_hash(tmp_path: Path) -> None:
    source = tmp_path / "page.webp"
    source.write_bytes(b"what the page is read from")
    images = [picture("pc/E01", "training", source=source), picture("drawn/1/page", "training")]

    write_pack(images, tmp_path / "pack.zip", tmp_path / "list.csv")

    with (tmp_path / "list.csv").open(encoding="utf-8") as file:
        comic, drawn = csv.DictReader(file)
    assert comic["sha256"] == hashlib.sha256(source.read_bytes()).hexdigest()
    assert "David Revoy" in comic["licence"]
    assert drawn["licence"] == "drawn by mangaflux.samples"


def test_a_batch_holds_the_colours_of_its_references_cell_by_cell(data: Dataset) -> None:
    batch = Batches(data, 3, 64, seed=5).draw()

    assert batch.page.shape == (3, 1, 64, 64)
    assert batch.references.shape == (3, REFERENCES, 3, 64, 64)
    assert batch.values.shape == (3, REFERENCES * 64, 2)
    assert batch.truth.shape == (3, 2, 8, 8)
    assert batch.page.min() >= 0
    assert batch.page.max() <= 1
    chroma = batch.references[:, :, 1:].norm(dim=2).mean() * 50
    torch.testing.assert_close(batch.values.norm(dim=-1).mean(), chroma, rtol=0.3, atol=2.0)


def test_equal_seeds_give_equal_batches(data: Dataset) -> None:
    first, second = (Batches(data, 2, 64, seed=5).draw() for _ in range(2))

    torch.testing.assert_close(first.page, second.page)
    torch.testing.assert_close(first.values, second.values)
