"""What kind of lettering is a block: speech, a caption or a sound effect? Pure functions; any thread.

Pixels of the reading layout, where not said otherwise.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from mangaflux.engine.analysis.balloons import BalloonShape, line_inside
from mangaflux.engine.analysis.lettering import PageText, text_area
from mangaflux.engine.analysis.metadata import Lettering, LetteringKind, Mask, Panel, ReadingDirection
from mangaflux.engine.analysis.place_order import order_in_panels
from mangaflux.engine.analysis.reading_sheet import reading_unit
from mangaflux.engine.analysis.sheet import Sheet
from mangaflux.engine.analysis.text_blocks import TextBlock, make_blocks
from mangaflux.engine.analysis.text_lines import TextLine

#: Lines so many times as high as those in balloons, or tilted by more degrees, are sound effects.
_LOUD, _TILTED = 1.6, 7.0
#: Height, in thousandths of what a reader sees at once, that counts as usual where no balloon tells.
_USUAL = 20.0
#: How surely a block outside of balloons must be text; less for lines higher than this, in the same unit.
_SURE, _SURE_IF_HIGH, _HIGH = 0.85, 0.65, 28.0
#: Strokes of letters are thicker than this, in the same unit, or than this part of a letter's height.
_THICK, _SLENDER = 6.0, 0.085


@dataclass(frozen=True, slots=True, eq=False)
class LetteringBlock:
    """A block that is lettering."""

    block: TextBlock
    kind: LetteringKind
    #: Number of its balloon among the shapes; None outside of balloons.
    balloon: int | None


def tell_lettering(text: PageText, balloons: Sequence[BalloonShape]) -> list[LetteringBlock]:
    """The lettering on a page: what stands in balloons, and what the detector sees beside them."""
    gray = text.sheet.gray
    held: list[list[TextLine]] = [[] for _ in balloons]
    free: list[TextLine] = []
    for number, balloon in enumerate(balloons):
        held[number] += [line for line in balloon.lines if line.score == 0]
    for line in (line for block in text.blocks for line in block.lines):
        home = next((n for n, balloon in enumerate(balloons) if line_inside(line, balloon.contour)), None)
        if home is not None:
            held[home].append(line)
        else:
            free.append(line)
    found = [
        LetteringBlock(block, "caption" if balloon.kind == "caption" else "speech", number)
        for number, balloon in enumerate(balloons)
        for block in make_blocks(gray, held[number])
    ]
    unit = reading_unit(text.sheet)
    usual = float(np.median([each.block.letter_height for each in found])) if found else _USUAL * unit
    return found + [
        LetteringBlock(block, _free_kind(block, usual), None)
        for block in make_blocks(gray, free)
        if _is_lettering(block, unit)
    ]


def lettering_area(sheet: Sheet, text: PageText, blocks: Sequence[LetteringBlock]) -> Mask:
    """(h, w) at layout size: True inside the lines of the blocks; sound effects may lie across gutters."""
    area = text_area(text.sheet.gray.shape, [found.block for found in blocks]).astype(np.uint8)
    height, width = sheet.gray.shape
    return np.asarray(cv2.resize(area, (width, height), interpolation=cv2.INTER_AREA) > 0)


def describe_lettering(
    text: PageText,
    blocks: Sequence[LetteringBlock],
    places: Sequence[int],
    panels: tuple[Panel, ...],
    direction: ReadingDirection,
) -> tuple[Lettering, ...]:
    """The blocks in pixels of the page, in reading order; `places` are the indices of the balloons on the page."""
    boxes = [text.sheet.page_box(found.block.bbox) for found in blocks]
    return tuple(
        Lettering(
            bbox=boxes[number],
            kind=blocks[number].kind,
            direction=blocks[number].block.direction,
            is_inverted=blocks[number].block.is_inverted,
            balloon=_place(blocks[number].balloon, places),
        )
        for number in order_in_panels(boxes, panels, direction)
    )


def _place(balloon: int | None, places: Sequence[int]) -> int | None:
    return None if balloon is None else places[balloon]


def _is_lettering(block: TextBlock, unit: float) -> bool:
    """Whether a block that no balloon holds is lettering all the same: drawings have thin lines, however large."""
    if block.is_grid or block.is_scene:
        return False
    stroke = block.stroke
    if block.score > _SURE:
        return stroke > min(_THICK * unit, _SLENDER * block.letter_height)
    return block.score > _SURE_IF_HIGH and block.height > _HIGH * unit and stroke > _THICK * unit


def _free_kind(block: TextBlock, usual: float) -> LetteringKind:
    tilts = [min(abs(line.angle), abs(90 - abs(line.angle))) for line in block.lines if line.length > 2 * line.height]
    is_tilted = bool(tilts) and float(np.median(tilts)) > _TILTED
    return "sfx" if is_tilted or block.letter_height > _LOUD * usual else "caption"
