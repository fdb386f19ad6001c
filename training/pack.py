"""Packs what the network is trained on into one file: `python -m training.pack --comics FOLDER --out pack.zip`.

The pack holds scaled WebP pictures, their masks and an index. The data list beside the weights holds names, hashes
and licences, never a picture.
"""

import argparse
import csv
import hashlib
import io
import json
import os
import zipfile
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from training.comic_pages import comic_images
from training.drawn_pages import drawn_images
from training.packed_image import PackedImage

_COMIC_LICENCE = "CC BY 4.0, Pepper&Carrot by David Revoy"
_DRAWN_LICENCE = "drawn by mangaflux.samples"
#: How much lower the WebP quality of ink is: dots cost more than all colours, and are blurred by scaling anyway.
_LESS_FOR_INK = 24
_COLUMNS = ("name", "split", "role", "licence", "sha256")


def write_pack(images: Iterable[PackedImage], out: Path, data_list: Path) -> int:
    """Writes the pack and its data list; returns how many pictures there are."""
    index: list[dict[str, Any]] = []
    rows: list[tuple[str, ...]] = []
    out.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(out, "w", zipfile.ZIP_STORED) as archive:
        for image in images:
            _write_image(archive, image)
            index.append(_entry(image))
            rows.append(_row(image))
        archive.writestr("index.json", json.dumps(index))
    with data_list.open("w", newline="", encoding="utf-8") as file:
        csv.writer(file, lineterminator="\n").writerows([_COLUMNS, *rows])
    return len(index)


def _write_image(archive: zipfile.ZipFile, image: PackedImage) -> None:
    archive.writestr(f"{image.name}.webp", _encoded(image.colour, "WEBP", quality=image.quality, method=5))
    archive.writestr(f"{image.name}_mask.png", _encoded(image.mask, "PNG", optimize=True))
    if image.ink is not None:
        archive.writestr(
            f"{image.name}_ink.webp", _encoded(image.ink, "WEBP", quality=image.quality - _LESS_FOR_INK, method=5)
        )


def _encoded(pixels: NDArray[np.uint8], kind: str, **options: Any) -> bytes:
    stream = io.BytesIO()
    Image.fromarray(pixels).save(stream, kind, **options)
    return stream.getvalue()


def _entry(image: PackedImage) -> dict[str, Any]:
    height, width = image.mask.shape
    return {
        "name": image.name,
        "group": image.group,
        "split": image.split,
        "role": image.role,
        "height": height,
        "width": width,
        "has_ink": image.ink is not None,
    }


def _row(image: PackedImage) -> tuple[str, ...]:
    """Of a comic page the hash of its file, of a drawn one that of its pixels."""
    data = image.colour.tobytes() if image.source is None else image.source.read_bytes()
    licence = _DRAWN_LICENCE if image.source is None else _COMIC_LICENCE
    return image.name, image.split, image.role, licence, hashlib.sha256(data).hexdigest()


def _arguments(argv: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m training.pack", description=__doc__)
    parser.add_argument("--comics", type=Path, help="folder with pc/ and pc_covers/; without it only drawn pages")
    parser.add_argument("--out", type=Path, required=True, help="the pack to write, about 60 MB")
    parser.add_argument("--data-list", type=Path, default=Path(__file__).with_name("data_list.csv"))
    parser.add_argument("--chapters", type=int, default=58, help="drawn chapters to train on")
    parser.add_argument("--held-out", type=int, default=9, help="drawn chapters to validate on")
    parser.add_argument("--pages", type=int, default=3, help="pages of a drawn chapter")
    parser.add_argument("--processes", type=int, default=os.cpu_count() or 1, help="that draw at a time")
    return parser.parse_args(argv)


def main(argv: Sequence[str] | None = None) -> None:
    """Packs comic pages and drawn chapters."""
    args = _arguments(argv)

    def images() -> Iterable[PackedImage]:
        if args.comics is not None:
            yield from comic_images(args.comics)
        yield from drawn_images(args.chapters, args.pages, args.held_out, args.processes)

    count = write_pack(images(), args.out, args.data_list)
    print(f"{count} pictures, {args.out.stat().st_size / 2**20:.1f} MiB in {args.out}")


if __name__ == "__main__":
    main()
