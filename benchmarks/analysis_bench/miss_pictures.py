"""What the analysis saw, drawn over the page, with what is wrong in red."""

from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from analysis_bench.scores import Misses
from analysis_bench.truth import Polygon, TruthPage
from mangaflux.engine.analysis.metadata import PageAnalysis
from mangaflux.engine.analysis.overlay import draw_overlay

#: sRGB.
_MISSED, _SPURIOUS = (255, 0, 0), (255, 0, 255)


def write_misses(folder: Path, truth: TruthPage, found: PageAnalysis, misses: Misses) -> None:
    """Writes NAME.png: missed panels and balloons outlined in red, spurious balloons in magenta, missed letters and
    lost art filled red.
    """
    picture = np.asarray(draw_overlay(truth.page, found), dtype=np.uint8).copy()
    picture[misses.art_lost] = picture[misses.art_lost] // 2 + np.array((127, 0, 0), dtype=np.uint8)
    picture[misses.lettering] = _MISSED
    thickness = max(2, max(picture.shape) // 220)
    _outline(picture, misses.panels, _MISSED, 2 * thickness)
    _outline(picture, misses.balloons, _MISSED, thickness)
    _outline(picture, misses.false_balloons, _SPURIOUS, thickness)
    folder.mkdir(parents=True, exist_ok=True)
    cv2.imwrite(str(folder / f"{truth.name}.png"), cv2.cvtColor(picture, cv2.COLOR_RGB2BGR))


def _outline(
    picture: NDArray[np.uint8], polygons: tuple[Polygon, ...], colour: tuple[int, int, int], thickness: int
) -> None:
    for polygon in polygons:
        cv2.polylines(picture, [np.rint(polygon).astype(np.int32)], True, colour, thickness)
