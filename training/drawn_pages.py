"""Pages that the project draws itself: chapters whose people keep their colours, with their references."""

from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from itertools import chain
from multiprocessing import get_context

import cv2
import numpy as np
from numpy.typing import NDArray

from mangaflux.samples.chapter import SamplePage, draw_page, draw_reference
from training.packed_image import BALLOON, GUTTER, TEXT, PackedImage

#: Chapters of these seeds are trained on, and of these validate; benchmarks and tests use seeds below both.
FIRST_TRAINING_SEED, FIRST_VALIDATION_SEED = 20_000, 90_000
#: Size that pages are drawn at, in pixels, and share of it that is packed.
_WIDTH, _HEIGHT, _SHARE = 1200, 1700, 0.48
#: Side of a packed reference, in pixels.
_REFERENCE_SIDE = 576
#: WebP quality: the ink's dots cost most, and are blurred by scaling anyway.
_QUALITY = 74


def drawn_images(chapters: int, pages: int, held_out: int, processes: int) -> Iterator[PackedImage]:
    """The pages and references of `chapters` training chapters and of `held_out` others, `pages` of each."""
    seeds = [FIRST_TRAINING_SEED + number for number in range(chapters)]
    seeds += [FIRST_VALIDATION_SEED + number for number in range(held_out)]
    # Forked processes would wait for ever for the threads of OpenCV, which do not fork.
    with ProcessPoolExecutor(processes, mp_context=get_context("spawn")) as pool:
        yield from chain.from_iterable(pool.map(_chapter, seeds, [pages] * len(seeds)))


def _chapter(seed: int, pages: int) -> list[PackedImage]:
    cv2.setNumThreads(1)
    split = "validation" if seed >= FIRST_VALIDATION_SEED else "training"
    images = [
        _packed_page(draw_page(seed, number, width=_WIDTH, height=_HEIGHT), seed, split)
        for number in range(1, pages + 1)
    ]
    sheet = draw_reference(seed, width=_REFERENCE_SIDE, height=_REFERENCE_SIDE)
    blank = np.zeros(sheet.shape[:2], np.uint8)
    reference = PackedImage(
        f"drawn/{seed}/reference", f"drawn/{seed}", split, "reference", sheet, None, blank, None, _QUALITY
    )
    return [*images, reference]


def _packed_page(page: SamplePage, seed: int, split: str) -> PackedImage:
    mask = np.zeros(page.ink.shape, np.uint8)
    for bit, area in ((BALLOON, page.balloon_mask), (TEXT, page.lettering_mask), (GUTTER, ~page.panel_mask)):
        mask[area] |= bit
    size = (round(_WIDTH * _SHARE), round(_HEIGHT * _SHARE))
    return PackedImage(
        name=f"drawn/{seed}/page_{page.page_num:02d}",
        group=f"drawn/{seed}",
        split=split,
        role="page",
        colour=_scaled(page.colour, size),
        ink=_scaled(page.ink, size),
        mask=np.asarray(cv2.resize(mask, size, interpolation=cv2.INTER_NEAREST), np.uint8),
        source=None,
        quality=_QUALITY,
    )


def _scaled(pixels: NDArray[np.uint8], size: tuple[int, int]) -> NDArray[np.uint8]:
    return np.asarray(cv2.resize(pixels, size, interpolation=cv2.INTER_AREA), np.uint8)
