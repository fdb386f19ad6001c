"""What the analysis found, drawn over the page for a person to look at. Pure functions; any thread.

Panels are outlined in a colour for what showed them, thinly where unsure, and numbered in reading order. Balloons are
tinted and carry the initial of their kind and a dot on the tip of their tail. Lettering is tinted by kind.
"""

from collections.abc import Mapping
from types import MappingProxyType

import cv2
import numpy as np
from numpy.typing import NDArray

from mangaflux.engine.analysis.metadata import (
    Balloon,
    BalloonKind,
    LetteringKind,
    Mask,
    PageAnalysis,
    Panel,
    PanelSource,
    Point,
)

_Colour = tuple[int, int, int]
_Image = NDArray[np.uint8]
#: sRGB.
_WHITE: _Colour = (255, 255, 255)
_BALLOON: _Colour = (40, 170, 80)
_LETTERING: Mapping[LetteringKind, _Colour] = MappingProxyType(
    {"speech": (225, 40, 60), "caption": (40, 80, 230), "sfx": (240, 130, 0)}
)
_PANEL: Mapping[PanelSource, _Colour] = MappingProxyType(
    {
        "gutter": (30, 90, 220),
        "frame": (120, 40, 190),
        "cut": (0, 140, 150),
        "detector": (200, 40, 140),
        "page": (120, 120, 120),
    }
)
_INITIALS: Mapping[BalloonKind, str] = MappingProxyType({"speech": "S", "thought": "T", "shout": "!", "caption": "C"})
#: Panels below this confidence have a thin outline.
_SURE = 0.6
#: The page shows through tints by one minus this much.
_BALLOON_TINT, _LETTERING_TINT = 0.35, 0.6
#: Sizes as parts of the long side: widths of lines, radii of the discs of numbers, of initials, and of tails.
_LINE, _NUMBER, _INITIAL, _TAIL = 1 / 380, 1 / 62, 1 / 120, 1 / 220


def draw_overlay(page: _Image, analysis: PageAnalysis) -> _Image:
    """A copy of the (H, W, 3) page with all that the analysis found drawn over it."""
    overlay = page.copy()
    _tint(overlay, analysis.balloon_mask & ~analysis.lettering_mask, _BALLOON, _BALLOON_TINT)
    _tint_lettering(overlay, analysis)
    for panel in analysis.panels:
        _outline(overlay, panel)
    for balloon in analysis.balloons:
        _mark_balloon(overlay, balloon)
    for panel in analysis.panels:
        _number(overlay, panel, from_right=analysis.reading_direction == "rtl")
    return overlay


def _tint(image: _Image, mask: Mask, colour: _Colour, amount: float) -> None:
    mixed = image[mask] * (1 - amount) + np.array(colour) * amount
    image[mask] = np.rint(mixed).astype(np.uint8)


def _tint_lettering(image: _Image, analysis: PageAnalysis) -> None:
    """Each block in the colour of its kind, boxed; what belongs to no block as speech."""
    rest = analysis.lettering_mask.copy()
    for block in analysis.lettering:
        x, y, width, height = block.bbox
        area = (slice(y, y + height), slice(x, x + width))
        _tint(image[area], rest[area], _LETTERING[block.kind], _LETTERING_TINT)
        rest[area] = False
        cv2.rectangle(image, (x, y), (x + width - 1, y + height - 1), _LETTERING[block.kind], _part(image, _LINE / 2))
    _tint(image, rest, _LETTERING["speech"], _LETTERING_TINT)


def _outline(image: _Image, panel: Panel) -> None:
    width = _part(image, _LINE if panel.confidence >= _SURE else _LINE / 3)
    corners = np.array(panel.polygon, dtype=np.int32)
    cv2.polylines(image, [corners], True, _PANEL[panel.source], width, cv2.LINE_AA)


def _mark_balloon(image: _Image, balloon: Balloon) -> None:
    outline = np.array(balloon.polygon, dtype=np.int32)
    cv2.polylines(image, [outline], True, _BALLOON, _part(image, _LINE / 2), cv2.LINE_AA)
    if balloon.tail is not None:
        cv2.circle(image, balloon.tail, _part(image, _TAIL), _BALLOON, -1, cv2.LINE_AA)
        cv2.circle(image, balloon.tail, _part(image, _TAIL), _WHITE, 1, cv2.LINE_AA)
    x, y, width, _ = balloon.bbox
    _disc(image, (x + width // 2, y), _INITIALS[balloon.kind], _INITIAL, _BALLOON)


def _number(image: _Image, panel: Panel, *, from_right: bool) -> None:
    """The number of a panel in the upper corner that is read first."""
    x, y, width, _ = panel.bbox
    inset = round(1.1 * _part(image, _NUMBER))
    place = (x + width - inset if from_right else x + inset, y + inset)
    _disc(image, place, str(panel.order), _NUMBER, _PANEL[panel.source])


def _disc(image: _Image, centre: Point, text: str, size: float, colour: _Colour) -> None:
    """White letters on a filled disc with a white rim, moved so that all of it lies in the image."""
    radius = _part(image, size)
    height, width = image.shape[:2]
    x, y = (
        min(max(place, radius + 1), max(radius + 1, side - radius - 2))
        for place, side in zip(centre, (width, height), strict=True)
    )
    cv2.circle(image, (x, y), radius + max(1, radius // 7), _WHITE, -1, cv2.LINE_AA)
    cv2.circle(image, (x, y), radius, colour, -1, cv2.LINE_AA)
    # The capitals of this face are 21 pixels high at scale 1; two digits need to be smaller.
    scale = radius * (1.15 if len(text) == 1 else 0.85) / 21
    thick = max(1, round(scale * 2.2))
    (wide, tall), _ = cv2.getTextSize(text, cv2.FONT_HERSHEY_SIMPLEX, scale, thick)
    place = (x - wide // 2, y + tall // 2)
    cv2.putText(image, text, place, cv2.FONT_HERSHEY_SIMPLEX, scale, _WHITE, thick, cv2.LINE_AA)


def _part(image: _Image, share: float) -> int:
    """A share of the long side in pixels, at least one."""
    long_side: int = max(image.shape[:2])
    return max(1, round(long_side * share))
