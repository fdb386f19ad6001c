"""Which pixels of the page do letters touch? Pure functions; any thread."""

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from mangaflux.engine.analysis.balloons import BalloonShape, on_page
from mangaflux.engine.analysis.lettering import PageText
from mangaflux.engine.analysis.lettering_kinds import LetteringBlock
from mangaflux.engine.analysis.metadata import Mask
from mangaflux.engine.analysis.reading_sheet import seen_side
from mangaflux.engine.analysis.sheet import Sheet
from mangaflux.engine.analysis.text_blocks import TextBlock

#: The soft edge of a letter begins so far from the paper, as a part of the way to its ink, and at least so many levels.
_EDGE_SHARE, _EDGE_LEVELS = 0.15, 16.0
#: What is kept around a letter, in thousandths of what a reader sees at once.
_MARGIN = 1.0


def lettering_pixels(text: PageText, blocks: Sequence[LetteringBlock], balloons: Sequence[BalloonShape]) -> Mask:
    """(H, W) at page size: True on the ink of the blocks and on all ink inside balloons, and a few pixels around it."""
    page = text.sheet.page
    ink = np.zeros(page.shape, dtype=np.uint8)
    for found in blocks:
        part, near = _near_letters(text.sheet, found.block)
        ink[part][near & _is_ink(page[part], found.block)] = 1
    for balloon in balloons:
        part, filled = on_page(text.sheet, balloon)
        ink[part][(filled > 0) & _is_ink(page[part], balloon)] = 1
    side = 2 * max(1, round(_MARGIN * seen_side(page.shape) / 1000)) + 1
    return np.asarray(cv2.dilate(ink, np.ones((side, side), np.uint8)) > 0)


def _is_ink(levels: NDArray[np.uint8], ground: TextBlock | BalloonShape) -> Mask:
    seen = 255 - levels if ground.is_inverted else levels
    edge = max(_EDGE_LEVELS, _EDGE_SHARE * (ground.paper - ground.ink))
    return np.asarray(seen < ground.paper - edge)


def _near_letters(sheet: Sheet, block: TextBlock) -> tuple[tuple[slice, slice], Mask]:
    """The rectangle of the page that holds a block, and where in it its letters are, with their edges."""
    rows, columns = block.crop
    x, y, width, height = sheet.page_box(
        (columns.start, rows.start, columns.stop - columns.start, rows.stop - rows.start)
    )
    letters = cv2.dilate(block.letters.astype(np.uint8), np.ones((3, 3), np.uint8))
    near = cv2.resize(letters * 255, (width, height), interpolation=cv2.INTER_LINEAR)
    return (slice(y, y + height), slice(x, x + width)), np.asarray(near > 0)
