"""The sheets of screentone that a chapter is toned with, and the pages printed through them."""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from mangaflux.samples.drawing import SURFACES, Drawing
from mangaflux.samples.palette import Surface
from mangaflux.samples.screentone import Screen, ScreenKind, screened

Screens = Mapping[Surface, Screen]

#: Pitches of dots as shares of the page's width, finest to coarsest: 5, 6, 7.5 and 9 pixels at 1200.
_DOTS = (1 / 240, 1 / 200, 1 / 160, 1 / 133)
#: Of rulings and of sand.
_LINES, _SAND = (1 / 230, 1 / 180), (1 / 300, 1 / 220)
#: Degrees that sheets are laid at.
_ANGLES = (0.0, 30.0, 45.0, 60.0)
#: How often cloth and the grounds of moods are of each kind; hair and places have dots, which show a gradient best.
_CLOTH: Mapping[ScreenKind, float] = {"dots": 0.6, "lines": 0.2, "sand": 0.2}
_MOOD: Mapping[ScreenKind, float] = {"dots": 0.5, "lines": 0.15, "sand": 0.35}


def choose_screens(rng: np.random.Generator, width: int) -> Screens:
    """The sheets of a chapter whose pages are `width` pixels wide: dots of several pitches, and others."""
    fine, middle, coarse = np.sort(rng.choice(_DOTS, 3, replace=False)) * width
    return {
        "skin": Screen("dots", float(fine)),
        "hair": Screen("dots", float(middle), float(rng.choice(_ANGLES))),
        "place": Screen("dots", float(coarse if rng.random() < 0.5 else middle)),
        "cloth": _sheet(rng, _CLOTH, float(middle), width),
        "mood": _sheet(rng, _MOOD, float(coarse), width),
    }


def _sheet(rng: np.random.Generator, kinds: Mapping[ScreenKind, float], pitch: float, width: int) -> Screen:
    kind = list(kinds)[int(rng.choice(len(kinds), p=list(kinds.values())))]
    if kind == "dots":
        return Screen(kind, pitch, float(rng.choice(_ANGLES)))
    return Screen(kind, float(rng.choice(_LINES if kind == "lines" else _SAND)) * width, float(rng.choice(_ANGLES)))


def printed(drawing: Drawing, screens: Screens) -> NDArray[np.uint8]:
    """The ink page of a drawing, (h, w) uint8: its tone through the screen of each surface, under its lines."""
    greys = np.full(drawing.tone.shape, 255, dtype=np.uint8)
    for number, surface in enumerate(SURFACES):
        here = (drawing.surface == number) & (drawing.tone > 0)
        if here.any():
            greys[here] = screened(drawing.tone, screens[surface])[here]
    return np.minimum(greys, drawing.line)
