"""Screentone: grey levels turned into dots, rulings or grains, as the printed page has them."""

from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

import cv2
import numpy as np
from numpy.typing import NDArray

ScreenKind = Literal["dots", "lines", "sand"]
Greys = NDArray[np.uint8]
FloatImage = NDArray[np.float32]

#: Tones below are paper, tones above are solid black (the averaged edges of solid blacks stay free of dots).
_PAPER, _SOLID = 10, 236
#: Side of the tile of grains that a sand tone repeats, in pixels.
_TILE = 512
#: How steeply ink sets in at the edge of a dot, a line and a grain, per pitch: it runs over about one pixel.
_EDGE: dict[ScreenKind, float] = {"dots": 0.7, "lines": 0.35, "sand": 0.5}


@dataclass(frozen=True, slots=True)
class Screen:
    """A sheet of screentone."""

    kind: ScreenKind
    #: Distance between neighbouring dots along the screen's own axes, between lines, or between grains; in pixels.
    pitch: float
    #: Degrees by which the rows of dots or the lines are turned; without meaning for sand.
    angle: float = 45.0


def screened(tone: Greys, screen: Screen) -> Greys:
    """The ink page's greys of a tone layer: (h, w) uint8, 0 black to 255 paper.

    The dot is the cosine spot function of clustered-dot halftoning: dots grow from the lattice points, meet at half
    tone and leave holes beyond. Lines swell in the same way, and so do the grains of sand, which lie at random.

    Args:
        tone: (h, w), 0 paper to 255 solid.
        screen: what it is printed through.
    """
    place = (tone.astype(np.uint16) << 8) | _spots(screen, tone.shape)
    greys: Greys = _ink_table(screen.kind, screen.pitch)[place]
    return greys


def _spots(screen: Screen, shape: tuple[int, ...]) -> Greys:
    """(h, w) uint8: where ink sets in first (255) and last (0)."""
    height, width = shape
    if screen.kind == "sand":
        tile = _grains(screen.pitch)
        return np.tile(tile, (height // _TILE + 1, width // _TILE + 1))[:height, :width]
    along = _wave(screen, shape, turned=0.0)
    wave = along if screen.kind == "lines" else (along + _wave(screen, shape, turned=90.0)) / 2
    return np.asarray(wave * 127.5 + 128.0, dtype=np.uint8)


def _wave(screen: Screen, shape: tuple[int, ...], *, turned: float) -> FloatImage:
    """(h, w) a cosine wave across the rows of a screen; cos(a + b) = cos a cos b − sin a sin b keeps it cheap."""
    angle = np.radians(screen.angle + turned)
    turn = 2 * np.pi / screen.pitch
    down, across = (np.arange(length, dtype=np.float32) * turn for length in shape)
    down, across = down * np.float32(np.sin(angle)), across * np.float32(np.cos(angle))
    wave: FloatImage = np.outer(np.cos(down), np.cos(across)) - np.outer(np.sin(down), np.sin(across))
    return wave


@lru_cache(maxsize=8)
def _grains(pitch: float) -> Greys:
    """A tile of grains about `pitch` pixels apart, any level as frequent as any other; it repeats without a seam."""
    noise = np.random.default_rng(1).standard_normal((_TILE, _TILE)).astype(np.float32)
    room = _TILE // 4
    wide = np.pad(noise, room, mode="wrap")
    fine, coarse = (cv2.GaussianBlur(wide, (0, 0), pitch * share) for share in (0.22, 0.45))
    grains = (fine - coarse)[room:-room, room:-room]
    ranks = np.empty(grains.size, dtype=np.int64)
    ranks[np.argsort(grains, axis=None, kind="stable")] = np.arange(grains.size)
    return np.asarray(ranks * 256 // grains.size, dtype=np.uint8).reshape(grains.shape)


@lru_cache(maxsize=16)
def _ink_table(kind: ScreenKind, pitch: float) -> Greys:
    """Brightness by tone × 256 + spot value."""
    # For each tone the spot value above which just that share of the screen is ink.
    threshold = np.quantile(_values(kind), 1 - np.arange(256) / 255)
    values = (np.arange(256) - 127.5) / 127.5
    ink = np.clip((values[None, :] - threshold[:, None]) * pitch * _EDGE[kind] + 0.5, 0, 1)
    ink[:_PAPER] = 0
    ink[_SOLID:] = 1
    table: Greys = np.rint(255 * (1 - ink)).astype(np.uint8)
    return table.ravel()


def _values(kind: ScreenKind) -> NDArray[np.float64]:
    """The spot values of a screen, each as often as it occurs."""
    if kind == "sand":
        return np.linspace(-1, 1, 256)
    wave = np.cos(np.linspace(0, 2 * np.pi, 256, endpoint=False))
    return wave if kind == "lines" else ((wave[:, None] + wave[None, :]) / 2).ravel()
