"""The licensed comic pages: where they lie in their folder, and what is packed of each.

A folder of them holds `pc/ExxPyy.webp` (art without letters), 1-bit masks of balloons and letters in two languages,
`pc/ExxPyy_ja.json` with the panels, and `pc_covers/Exx_cover_color.webp`.
"""

import json
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from training import comic_ink
from training.packed_image import BALLOON, GUTTER, LANGUAGES, TEXT, PackedImage

#: Episodes from here on are never trained on: they validate.
FIRST_HELD_OUT_EPISODE = 18
#: Width of a packed page in pixels.
WIDTH = 640
#: WebP quality of the packed art.
QUALITY = 86


def comic_images(folder: Path) -> Iterator[PackedImage]:
    """Every page and cover of the folder, scaled, with its masks; pages first, by name."""
    for number, path in enumerate(sorted((folder / "pc").glob("E*P*.webp"))):
        pixels, episode = _read_rgb(path), path.stem[:3]
        art, split = _scaled(pixels), _split(episode)
        yield PackedImage(
            name=f"pc/{path.stem}",
            group=f"pc/{episode}",
            split=split,
            role="page",
            colour=art,
            ink=_inked(pixels, art.shape[:2], np.random.default_rng(number) if split == "training" else None),
            mask=_masks(path, art.shape[:2]),
            source=path,
            quality=QUALITY,
        )
    for path in sorted((folder / "pc_covers").glob("E*_cover_color.webp")):
        art, episode = _scaled(_read_rgb(path)), path.stem[:3]
        yield PackedImage(
            name=f"pc_covers/{path.stem}",
            group=f"pc/{episode}",
            split=_split(episode),
            role="reference",
            colour=art,
            ink=None,
            mask=np.zeros(art.shape[:2], np.uint8),
            source=path,
            quality=QUALITY,
        )


def _split(episode: str) -> str:
    return "validation" if int(episode[1:]) >= FIRST_HELD_OUT_EPISODE else "training"


def _read_rgb(path: Path) -> NDArray[np.uint8]:
    pixels = cv2.imread(str(path), cv2.IMREAD_COLOR)
    if pixels is None:
        raise SystemExit(f"{path} is no picture that can be read.")
    return np.asarray(cv2.cvtColor(pixels, cv2.COLOR_BGR2RGB), np.uint8)


def _scaled(pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
    height = round(pixels.shape[0] * WIDTH / pixels.shape[1])
    return np.asarray(cv2.resize(pixels, (WIDTH, height), interpolation=cv2.INTER_AREA), np.uint8)


def _inked(pixels: NDArray[np.uint8], shape: tuple[int, ...], stray: np.random.Generator | None) -> NDArray[np.uint8]:
    """Inked at the size that the dots are for, then scaled as the art is."""
    size = (comic_ink.WIDTH, round(pixels.shape[0] * comic_ink.WIDTH / pixels.shape[1]))
    ink = comic_ink.ink_page(np.asarray(cv2.resize(pixels, size, interpolation=cv2.INTER_AREA), np.uint8), stray)
    return np.asarray(cv2.resize(ink, shape[::-1], interpolation=cv2.INTER_AREA), np.uint8)


def _masks(path: Path, shape: tuple[int, ...]) -> NDArray[np.uint8]:
    """(h, w) uint8 of bits: balloons and letters of both languages, and what lies outside the panels."""
    mask = np.zeros(shape, np.uint8)
    for language, shift in LANGUAGES.items():
        for bit, kind in ((BALLOON, "balloon"), (TEXT, "text")):
            layer = cv2.imread(str(path.with_name(f"{path.stem}_{language}_{kind}.png")), cv2.IMREAD_GRAYSCALE)
            if layer is not None:
                scaled = cv2.resize((layer > 0).astype(np.uint8) * 255, shape[::-1], interpolation=cv2.INTER_AREA)
                mask[scaled > 100] |= bit << shift
    mask[_gutter(path, shape)] |= GUTTER
    return mask


def _gutter(path: Path, shape: tuple[int, ...]) -> NDArray[np.bool_]:
    """Where no panel lies; nowhere on pages whose panels are not known well."""
    layout = path.with_name(f"{path.stem}_ja.json")
    known = json.loads(layout.read_text(encoding="utf-8")) if layout.exists() else {}
    if not known.get("panels_clean"):
        return np.zeros(shape, np.bool_)
    scale = np.array([shape[1] / known["size"][0], shape[0] / known["size"][1]])
    inside = np.zeros(shape, np.uint8)
    for panel in known["panels"]:
        cv2.fillPoly(inside, [np.rint(np.array(panel["polygon"]) * scale).astype(np.int32)], [1])
    return np.asarray(inside == 0)
