"""Finished pages side by side, to be looked at."""

from collections.abc import Iterable, Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from finishing_bench.layers import STATES, lite_layer
from finishing_bench.pages import KnownPage
from mangaflux.engine.analysis.page import analyze_page
from mangaflux.engine.base import ColourLayer
from mangaflux.engine.finishing.compositing import composite
from mangaflux.engine.finishing.drawing import read_drawing

Picture = NDArray[np.uint8]

#: Size of a page on the sheet in pixels, white between pages, and pages side by side.
_WIDTH, _HEIGHT, _SPACE, _ACROSS = 400, 570, 10, 5


def contact_sheet(pages: Iterable[KnownPage]) -> Picture:
    """An RGB picture of finished pages: in turns from the lite engine's layer and from a re-drawn one."""
    finished = [_finished(known, by_lite=number % 2 == 0) for number, known in enumerate(pages)]
    cells = [_cell(picture) for picture in finished]
    rows = [_row(cells[start : start + _ACROSS]) for start in range(0, len(cells), _ACROSS)]
    return np.vstack(rows)


def _finished(known: KnownPage, *, by_lite: bool) -> Picture:
    analysis = analyze_page(known.page)
    layer = lite_layer(known, analysis) if by_lite else STATES["re-drawn"](known)
    return composite(known.page, ColourLayer(image=layer), analysis, drawing=read_drawing(known.page, "soften"))


def _cell(picture: Picture) -> Picture:
    """The picture, whole, in the middle of a white cell."""
    shrink = min(_WIDTH / picture.shape[1], _HEIGHT / picture.shape[0])
    size = (round(picture.shape[1] * shrink), round(picture.shape[0] * shrink))
    small = np.asarray(cv2.resize(picture, size, interpolation=cv2.INTER_AREA), np.uint8)
    cell = np.full((_HEIGHT + _SPACE, _WIDTH + _SPACE, 3), 255, np.uint8)
    top, left = (_HEIGHT - size[1]) // 2, (_WIDTH - size[0]) // 2
    cell[top : top + size[1], left : left + size[0]] = small
    return cell


def _row(cells: Sequence[Picture]) -> Picture:
    blank = np.full((_HEIGHT + _SPACE, _WIDTH + _SPACE, 3), 255, np.uint8)
    return np.hstack([*cells, *[blank] * (_ACROSS - len(cells))])
