"""Does a character keep its colours from page to page of a sample chapter?"""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

import cv2
import numpy as np
from numpy.typing import NDArray

from lite_bench.contenders import Painter, paint, see
from lite_bench.measures import Mask, RgbImage, to_lab
from lite_bench.pairs import SAMPLE_SIZE
from mangaflux.engine.analysis.metadata import page_seed
from mangaflux.samples.cast import cast_of
from mangaflux.samples.chapter import draw_chapter, draw_reference
from mangaflux.samples.palette import Paint

#: Least share of a page that a part must take to be looked at.
_LEAST_SHARE = 0.0015
#: Largest step of an 8-bit channel that still is the same flat colour.
_SAME_LEVEL = 2
#: Solid black keeps itself.
_SOLID = 0.9


@dataclass(frozen=True, slots=True)
class Constancy:
    """Distances in Lab (CIE 1976) of one character's part between two pages, over all parts and pairs of pages."""

    median: float
    upper_quartile: float
    pairs: int


def constancy(painter: Painter, seeds: Sequence[int], pages: int) -> Constancy:
    """How well hair and clothes keep their colours through chapters of so many pages, by these seeds."""
    steps = [step for seed in seeds for step in _chapter_steps(painter, seed, pages)]
    return Constancy(float(np.median(steps)), float(np.quantile(steps, 0.75)), len(steps))


def _chapter_steps(painter: Painter, seed: int, pages: int) -> list[float]:
    seen: dict[str, list[NDArray[np.float32]]] = defaultdict(list)
    width, height = SAMPLE_SIZE
    reference, paints = draw_reference(seed), _paints(seed)
    for sample in draw_chapter(seed, pages, width=width, height=height):
        page = np.repeat(sample.ink[..., None], 3, axis=2)
        seed_of_page = page_seed(f"sample_{seed}", sample.page_num)
        painted = paint(painter, see(page), (reference,), seed=seed_of_page)
        for name, colour in _parts(painted.image, sample.colour, paints):
            seen[name].append(colour)
    return [float(np.linalg.norm(a - b)) for found in seen.values() for a, b in combinations(found, 2)]


def _paints(seed: int) -> Mapping[str, Paint]:
    """Hair and clothes of the cast, each colour once: what two of them share is nobody's."""
    named = {
        f"{place} {part}": getattr(who, part)
        for place, who in enumerate(cast_of(seed).members)
        for part in ("hair", "main", "second")
    }
    colours = [paint.colour for paint in named.values()]
    return {
        name: paint
        for name, paint in named.items()
        if paint.tone < _SOLID and colours.count(paint.colour) == 1 and min(paint.colour) < 250
    }


def _parts(
    finished: RgbImage, truth: RgbImage, paints: Mapping[str, Paint]
) -> Iterator[tuple[str, NDArray[np.float32]]]:
    """The mean Lab of each part that is to be seen on the page."""
    lab = to_lab(finished)
    for name, wanted in paints.items():
        where = _inner(np.abs(truth.astype(np.int16) - np.array(wanted.colour, np.int16)).max(axis=2) <= _SAME_LEVEL)
        if where.mean() > _LEAST_SHARE:
            yield name, np.asarray(lab[where].mean(axis=0), np.float32)


def _inner(mask: Mask) -> Mask:
    """Without the pixels beside lines."""
    return np.asarray(cv2.erode(mask.astype(np.uint8), np.ones((5, 5), np.uint8)) > 0)
