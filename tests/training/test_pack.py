import csv
import hashlib
from pathlib import Path

import torch
from torch.nn import functional

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
    cells = functional.avg_pool2d(batch.references[:, :, 1:].flatten(0, 1) * 50, 8)
    colours = cells.flatten(2).transpose(1, 2).reshape(batch.values.shape)
    # Cells across two colours are weighted by lightness.
    assert (colours - batch.values).norm(dim=-1).median() < 1.0


def test_the_truth_is_changed_as_its_references_are(data: Dataset) -> None:
    batches = Batches(data, 8, 64, seed=5)
    apart = []
    for batch in (batches.draw() for _ in range(6)):
        for sample, which in batch.is_same.nonzero().tolist():
            at = batch.twins[sample, :, :, which].round().long()
            seen = ((at >= 0) & (at < 8)).all(-1) & (batch.free[sample] > 0.9) & batch.shown[sample, which].bool()
            colours = batch.values[sample].unflatten(0, (REFERENCES, 8, 8))[which]
            there = colours[at[..., 1].clamp(0, 7), at[..., 0].clamp(0, 7)]
            apart.append((there - batch.truth[sample].permute(1, 2, 0)).norm(dim=-1)[seen])

    assert len(torch.cat(apart)) > 100
    assert torch.cat(apart).median() < 3.0


def test_equal_seeds_give_equal_batches(data: Dataset) -> None:
    first, second = (Batches(data, 2, 64, seed=5).draw() for _ in range(2))

    torch.testing.assert_close(first.page, second.page)
    torch.testing.assert_close(first.values, second.values)
