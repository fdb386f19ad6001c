"""A contact sheet: what a reader would look at."""

from collections.abc import Sequence

import cv2
import numpy as np

from lite_bench.contenders import Painter, SeenPage, paint
from lite_bench.measures import RgbImage
from lite_bench.pairs import Pair

#: Width and height of one picture of the sheet; three of them, page, reference and result, make a cell.
_WIDTH, _HEIGHT = 300, 430
_CELLS_IN_ROW = 3


def contact_sheet(pages: Sequence[tuple[Pair, SeenPage]], painter: Painter) -> RgbImage:
    """Page, first reference and result of each pair, three pairs in a row."""
    cells = [_cell(pair, paint(painter, seen, pair.references).image) for pair, seen in pages]
    while len(cells) % _CELLS_IN_ROW:
        cells.append(np.full_like(cells[0], 255))
    rows = [np.hstack(cells[start : start + _CELLS_IN_ROW]) for start in range(0, len(cells), _CELLS_IN_ROW)]
    return np.vstack(rows)


def _cell(pair: Pair, result: RgbImage) -> RgbImage:
    pictures = np.hstack([_fitted(image) for image in (pair.page, pair.references[0], result)])
    title = np.full((22, pictures.shape[1], 3), 255, np.uint8)
    cv2.putText(title, pair.name, (6, 16), cv2.FONT_HERSHEY_SIMPLEX, 0.45, (0, 0, 0), 1, cv2.LINE_AA)
    return np.vstack([title, pictures])


def _fitted(image: RgbImage) -> RgbImage:
    scale = min(_WIDTH / image.shape[1], _HEIGHT / image.shape[0]) * 0.98
    size = (max(1, round(image.shape[1] * scale)), max(1, round(image.shape[0] * scale)))
    picture = np.full((_HEIGHT, _WIDTH, 3), 255, np.uint8)
    top, left = (_HEIGHT - size[1]) // 2, (_WIDTH - size[0]) // 2
    picture[top : top + size[1], left : left + size[0]] = cv2.resize(image, size, interpolation=cv2.INTER_AREA)
    return picture
