"""Screentone: grey levels turned into rows of dots, as the printed page has them."""

import numpy as np
from numpy.typing import NDArray

#: Dot pitch as a share of the page width: 6 pixels at 1200.
PITCH = 1 / 200

#: Tones below are paper, tones above are solid black (the averaged edges of solid blacks stay free of dots).
_PAPER, _SOLID = 10, 236


def screen(tone: NDArray[np.uint8], *, pitch: float) -> NDArray[np.uint8]:
    """The ink page's greys of a tone layer: (h, w) uint8, 0 black to 255 paper, in dots at 45°.

    The dot is the cosine spot function of clustered-dot halftoning: dots grow from the lattice points, meet at half
    tone and leave holes beyond.

    Args:
        tone: (h, w), 0 paper to 255 solid.
        pitch: distance between neighbouring dots along the screen's own axes, in pixels.
    """
    height, width = tone.shape
    turn = 2 * np.pi / (pitch * np.sqrt(2))
    # cos(a + b) + cos(a - b) = 2 cos a cos b: the 45° screen from one row and one column.
    across, down = (np.cos(turn * np.arange(length, dtype=np.float32)) for length in (width, height))
    spot = ((down * 127.5)[:, None] * across[None, :] + 128.0).astype(np.uint8)
    place = (tone.astype(np.uint16) << 8) | spot
    greys: NDArray[np.uint8] = _ink_table(pitch)[place]
    return greys


def _ink_table(pitch: float) -> NDArray[np.uint8]:
    """Brightness by tone × 256 + spot value; dot edges run over about one pixel."""
    angle = np.linspace(0, 2 * np.pi, 256, endpoint=False)
    spots = (np.cos(angle)[:, None] * np.cos(angle)[None, :]).ravel()
    # For each tone the spot value above which just that share of the screen is ink.
    threshold = np.quantile(spots, 1 - np.arange(256) / 255)
    values = (np.arange(256) - 127.5) / 127.5
    ink = np.clip((values[None, :] - threshold[:, None]) * pitch * 0.7 + 0.5, 0, 1)
    ink[:_PAPER] = 0
    ink[_SOLID:] = 1
    table: NDArray[np.uint8] = np.rint(255 * (1 - ink)).astype(np.uint8)
    return table.ravel()
