"""Pages whose colours, masks and lettering are known."""

import json
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from mangaflux.engine.analysis.metadata import Mask
from mangaflux.samples.chapter import draw_page
from mangaflux.samples.layout import Polygon

#: Grey level below which a pixel of a lettering box is ink, and pixels that a letter's piece of it reaches across; the
#: dots of these pages are smaller.
_INK, _LEAST_LETTER = 128, 8
#: Of the first drawn page; two pages of each chapter are drawn.
_FIRST_SEED = 41


@dataclass(frozen=True, slots=True, eq=False)
class KnownPage:
    """A page with its colours and the truth about its masks."""

    name: str
    group: str
    #: (H, W, 3) uint8 sRGB: in black and white, and in colour.
    page: NDArray[np.uint8]
    colour: NDArray[np.uint8]
    panels: tuple[Polygon, ...]
    panel_mask: Mask
    balloon_mask: Mask
    lettering_mask: Mask


def drawn_pages(count: int, *, width: int = 1200, height: int = 1700) -> Iterator[KnownPage]:
    """Pages of the project's own samples."""
    for number in range(count):
        seed, page_num = _FIRST_SEED + number // 2, 1 + number % 2
        sample = draw_page(seed, page_num, width=width, height=height)
        yield KnownPage(
            name=f"drawn_{seed}_{page_num}",
            group="drawn",
            page=np.repeat(sample.ink[..., None], 3, axis=2),
            colour=sample.colour,
            panels=sample.panels,
            panel_mask=sample.panel_mask,
            balloon_mask=sample.balloon_mask,
            lettering_mask=sample.lettering_mask,
        )


def licensed_pages() -> Iterator[KnownPage]:
    """The pairs of a coloured and a black-and-white page in MANGA_FLUX_TEST_PAGES; none where it is unset."""
    folder = os.environ.get("MANGA_FLUX_TEST_PAGES")
    for path in sorted(Path(folder).glob("*_color.jpg")) if folder else []:
        ink = path.with_name(path.name.replace("_color.jpg", "_bw.png"))
        if ink.exists():
            yield _licensed(path, ink)


def _licensed(colour_path: Path, ink_path: Path) -> KnownPage:
    colour, page = read_picture(colour_path), read_picture(ink_path)
    name = colour_path.name.removesuffix("_color.jpg")
    facts = json.loads(colour_path.with_name(f"{name}.json").read_text())
    panels = tuple(tuple(map(tuple, panel["polygon"])) for panel in facts["panels"])
    boxes = filled(page.shape, [rectangle(text) for text in facts["text"]])
    return KnownPage(
        name=name,
        group="Pepper&Carrot",
        page=page,
        colour=colour,
        panels=panels,
        panel_mask=filled(page.shape, panels),
        balloon_mask=filled(page.shape, facts["balloons"]),
        lettering_mask=_letters(boxes & (page[..., 0] < _INK)),
    )


def _letters(ink: Mask) -> Mask:
    """The ink of boxes of lettering without the screentone that lies in them."""
    _, pieces, stats, _ = cv2.connectedComponentsWithStats(ink.astype(np.uint8), connectivity=4)
    reach = stats[:, [cv2.CC_STAT_WIDTH, cv2.CC_STAT_HEIGHT]].max(axis=1)
    return np.asarray(ink & (reach >= _LEAST_LETTER)[pieces])


def filled(shape: tuple[int, ...], polygons: Any) -> Mask:
    """(H, W) True inside any of the polygons of a page's facts."""
    mask = np.zeros(shape[:2], np.uint8)
    for polygon in polygons:
        cv2.fillPoly(mask, [np.rint(np.array(polygon)).astype(np.int32)], (1,))
    return mask > 0


def rectangle(text: Any) -> list[tuple[float, float]]:
    """The corners of a box, or of what has one, of a page's facts."""
    x, y, width, height = text["bbox"] if isinstance(text, dict) else text
    return [(x, y), (x + width, y), (x + width, y + height), (x, y + height)]


def read_picture(path: Path) -> NDArray[np.uint8]:
    """(H, W, 3) uint8 sRGB; ends the benchmark where the file is no picture."""
    image = cv2.imread(str(path), cv2.IMREAD_COLOR)
    if image is None:
        raise SystemExit(f"{path.name} is no picture that can be read")
    return np.asarray(cv2.cvtColor(image, cv2.COLOR_BGR2RGB), dtype=np.uint8)
