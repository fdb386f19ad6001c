"""What on the page may be lettering? Pure functions; any thread. Pixels of the reading layout."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from mangaflux.engine.analysis.detections import NOTHING_DETECTED, Detections
from mangaflux.engine.analysis.metadata import Mask
from mangaflux.engine.analysis.reading_sheet import reading_sheet
from mangaflux.engine.analysis.sheet import Sheet
from mangaflux.engine.analysis.text_blocks import TextBlock, make_blocks
from mangaflux.engine.analysis.text_lines import find_lines


@dataclass(frozen=True, slots=True, eq=False)
class PageText:
    """What may be lettering on a page."""

    #: The page at reading size.
    sheet: Sheet
    #: What the detector sees; drawings come in among it.
    blocks: tuple[TextBlock, ...]


def find_text(sheet: Sheet, seen: Detections = NOTHING_DETECTED) -> PageText:
    """What may be lettering on a page.

    Raises:
        InstallationError: the weights of the text detector are missing or unreadable.
    """
    reading = reading_sheet(sheet)
    blocks = make_blocks(reading.gray, find_lines(reading, seen.lettering))
    return PageText(reading, tuple(block for block in blocks if not block.is_grid))


def text_area(shape: tuple[int, ...], blocks: Sequence[TextBlock]) -> Mask:
    """(h, w) True inside the lines of the blocks."""
    area = np.zeros(shape, dtype=np.bool_)
    for block in blocks:
        area[block.crop] |= block.region
    return area
