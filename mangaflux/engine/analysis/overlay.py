"""What the analysis found, drawn over the page for a person to look at. Pure functions; any thread."""

import cv2
import numpy as np
from numpy.typing import NDArray

from mangaflux.engine.analysis.metadata import Mask, PageAnalysis, Panel

_Colour = tuple[int, int, int]
#: sRGB.
_BALLOON_TINT: _Colour = (60, 190, 90)
_LETTERING_TINT: _Colour = (230, 40, 60)
_PANEL_COLOURS: tuple[_Colour, ...] = ((30, 90, 220), (220, 110, 20), (130, 40, 180), (0, 140, 140))


def draw_overlay(page: NDArray[np.uint8], analysis: PageAnalysis) -> NDArray[np.uint8]:
    """A copy of the (H, W, 3) page with panels outlined and numbered in order, balloons green and lettering red."""
    overlay = page.copy()
    _tint(overlay, analysis.balloon_mask & ~analysis.lettering_mask, _BALLOON_TINT, 0.35)
    _tint(overlay, analysis.lettering_mask, _LETTERING_TINT, 0.5)
    for panel in analysis.panels:
        _outline(overlay, panel)
    return overlay


def _tint(image: NDArray[np.uint8], mask: Mask, colour: _Colour, amount: float) -> None:
    mixed = image[mask] * (1 - amount) + np.array(colour) * amount
    image[mask] = np.rint(mixed).astype(np.uint8)


def _outline(image: NDArray[np.uint8], panel: Panel) -> None:
    colour = _PANEL_COLOURS[(panel.order - 1) % len(_PANEL_COLOURS)]
    width = max(1, round(max(image.shape) / 350))
    cv2.polylines(image, [np.array(panel.polygon, dtype=np.int32)], True, colour, width)
    size = max(0.3, max(image.shape) / 1100)
    x, y = panel.bbox[0] + 3 * width, panel.bbox[1] + 3 * width + round(22 * size)
    cv2.putText(image, str(panel.order), (x, y), cv2.FONT_HERSHEY_SIMPLEX, size, (255, 255, 255), 3 * width)
    cv2.putText(image, str(panel.order), (x, y), cv2.FONT_HERSHEY_SIMPLEX, size, colour, width)
