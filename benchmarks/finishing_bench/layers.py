"""What engines paint of the pages: the true colours in several states of ruin, and the lite engine's own."""

from collections.abc import Callable, Mapping

import numpy as np
from numpy.typing import NDArray

from finishing_bench.pages import KnownPage
from mangaflux.engine.analysis.metadata import PageAnalysis
from mangaflux.engine.base import ColorizeRequest, SilentContext
from mangaflux.engine.finishing.drawing import read_drawing
from mangaflux.engine.lite.engine import LiteEngine
from mangaflux.samples.chapter import draw_reference
from mangaflux.samples.engine_layers import FAULTS, redrawn, shifted, soft

Layer = NDArray[np.uint8]
#: Seed of the reference that the lite engine gets, and of its layers.
_REFERENCE, _SEED = 5, 3

#: The true colours as an engine might return them, by what became of them.
STATES: Mapping[str, Callable[[KnownPage], Layer]] = {
    "blurred": lambda known: soft(known.colour),
    "shifted 4 px": lambda known: shifted(known.colour, 4.0),
    "re-drawn": lambda known: redrawn(known.colour, _SEED),
}


def lite_layer(known: KnownPage, analysis: PageAnalysis) -> Layer:
    """What the lite engine paints of a page, in the colours of a drawn reference."""
    request = ColorizeRequest(
        page=known.page,
        drawing=read_drawing(known.page, "soften"),
        analysis=analysis,
        references=(draw_reference(_REFERENCE),),
        seed=_SEED,
        prompt="",
    )
    return LiteEngine().colorize(request, SilentContext()).image


def good_layers(known: KnownPage, analysis: PageAnalysis) -> dict[str, Layer]:
    """Layers that kept the drawing."""
    return {
        "blurred": soft(known.colour),
        "re-drawn": redrawn(known.colour, _SEED),
        "re-drawn again": redrawn(known.colour, _SEED + 1),
        "lite": lite_layer(known, analysis),
    }


def bad_layers(known: KnownPage) -> dict[str, Layer]:
    """Layers that did not, one of each kind."""
    return {name: fault(known.colour, known.panels, known.lettering_mask, _SEED) for name, fault in FAULTS.items()}
