"""A pack, opened on the device that trains: every picture as one row of a tensor of bytes."""

import io
import json
import zipfile
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor

#: Threads that decode; Pillow lets others run meanwhile.
_THREADS = 12


@dataclass(frozen=True, slots=True, eq=False)
class Group:
    """Pictures of the same people in the same colours, by their row."""

    name: str
    pages: tuple[int, ...]
    references: tuple[int, ...]

    @property
    def is_drawn(self) -> bool:
        """Whether the project drew it itself."""
        return self.name.startswith("drawn/")


@dataclass(frozen=True, slots=True, eq=False)
class Dataset:
    """All pictures of a pack. Those smaller than the largest are white beyond their size."""

    #: (N, 3, H, W), (N, 1, H, W) and (N, 1, H, W) uint8. Where there is no ink the ink is white.
    colours: Tensor
    inks: Tensor
    masks: Tensor
    #: (N, 2) float: height and width of each.
    sizes: Tensor
    #: (N,) bool: whether it is of a comic, whose balloons and letters are known in two languages and not drawn yet.
    is_comic: Tensor
    training: tuple[Group, ...]
    validation: tuple[Group, ...]


def open_pack(path: Path, device: torch.device) -> Dataset:
    """Decodes a pack and moves it to a device; about 4 bytes a pixel."""
    with zipfile.ZipFile(path) as archive:
        index: list[dict[str, Any]] = json.loads(archive.read("index.json"))
        files = {name: archive.read(name) for name in archive.namelist()}
    height, width = (max(entry[side] for entry in index) for side in ("height", "width"))
    colours = np.full((len(index), 3, height, width), 255, np.uint8)
    inks = np.full((len(index), 1, height, width), 255, np.uint8)
    masks = np.zeros((len(index), 1, height, width), np.uint8)

    def decode(row: int) -> None:
        entry = index[row]
        area = (slice(None), slice(0, entry["height"]), slice(0, entry["width"]))
        colours[row][area] = _pixels(files[f"{entry['name']}.webp"], "RGB").transpose(2, 0, 1)
        masks[row][area] = _pixels(files[f"{entry['name']}_mask.png"], "L")
        if entry["has_ink"]:
            inks[row][area] = _pixels(files[f"{entry['name']}_ink.webp"], "L")

    with ThreadPoolExecutor(_THREADS) as pool:
        list(pool.map(decode, range(len(index))))
    return Dataset(
        colours=torch.from_numpy(colours).to(device),
        inks=torch.from_numpy(inks).to(device),
        masks=torch.from_numpy(masks).to(device),
        sizes=torch.tensor([[entry["height"], entry["width"]] for entry in index], device=device).float(),
        is_comic=torch.tensor([entry["group"].startswith("pc/") for entry in index], device=device),
        training=_groups(index, "training"),
        validation=_groups(index, "validation"),
    )


def _pixels(data: bytes, mode: str) -> NDArray[np.uint8]:
    with Image.open(io.BytesIO(data)) as image:
        return np.asarray(image.convert(mode), np.uint8)


def _groups(index: Sequence[dict[str, Any]], split: str) -> tuple[Group, ...]:
    names = sorted({entry["group"] for entry in index if entry["split"] == split})
    return tuple(Group(name, _rows(index, name, "page"), _rows(index, name, "reference")) for name in names)


def _rows(index: Sequence[dict[str, Any]], group: str, role: str) -> tuple[int, ...]:
    return tuple(row for row, entry in enumerate(index) if entry["group"] == group and entry["role"] == role)
