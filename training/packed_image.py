"""One picture of a pack: its pixels, its masks, and what it is for."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

#: Bits of a mask: inside a balloon, ink of a letter, outside every panel. Comic pages have them in two languages.
BALLOON, TEXT, GUTTER = 1, 2, 16
#: By how many bits the balloons and letters of each language are shifted.
LANGUAGES = {"en": 0, "ja": 2}


@dataclass(frozen=True, slots=True, eq=False)
class PackedImage:
    """A page or a reference, at the size it is packed at."""

    #: Names the picture in the pack and in the data list.
    name: str
    #: Pictures of one group show the same people in the same colours.
    group: str
    #: "training" or "validation".
    split: str
    #: "page", or "reference": coloured, but never an input.
    role: str
    #: (h, w, 3) uint8 sRGB.
    colour: NDArray[np.uint8]
    #: (h, w) uint8, the page in black and white, as it is printed or inked from its colours; None for a reference.
    ink: NDArray[np.uint8] | None
    #: (h, w) uint8 of the bits above.
    mask: NDArray[np.uint8]
    #: The file it comes from; None for a drawn picture.
    source: Path | None
    #: WebP quality, 1–100.
    quality: int
