"""Lettering: lines of Latin capitals, and columns of an invented syllabary that reads like kana and says nothing.

A block of lettering is a coverage image: (h, w) uint8, 0 untouched to 255 full ink.
"""

import functools
from collections.abc import Callable, Sequence
from typing import Literal

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from mangaflux.samples.curve import Points, bow, ellipse, joined

Script = Literal["latin", "kana"]
Coverage = NDArray[np.uint8]

DIALOGUE: tuple[str, ...] = (
    "WAIT FOR ME!", "DID YOU HEAR THAT?", "IT CAME FROM THE HARBOUR.", "WE ARE LATE AGAIN...", "LOOK AT THE SKY!",
    "I BROUGHT LUNCH.", "LET US GO TOGETHER.", "THAT IS NOT MY CAT.", "YOU REMEMBERED!", "ONE MORE TIME!",
    "WHO LEFT THE WINDOW OPEN?", "THE MAP SAYS LEFT.", "I KNEW IT!", "SHH... LISTEN.", "IT IS ONLY RAIN.",
    "THANK YOU FOR WAITING.", "NO WAY!", "THE TRAIN LEAVES AT SIX.", "LEAVE IT TO ME.", "WHAT A LOVELY DAY.",
    "I CAN SEE THE SEA!", "ARE YOU ALL RIGHT?", "THIS BOOK IS MINE.", "RUN!", "HEH. TOO EASY.",
)  # fmt: skip

_GLYPHS = 46
_GLYPH_POINTS = 12

_STROKES: tuple[Callable[[float], Points], ...] = (
    lambda v: bow((0.14, 0.22 + 0.2 * v), (0.86, 0.18 + 0.2 * v), 0.03),
    lambda v: bow((0.22, 0.5 + 0.1 * v), (0.78, 0.46 + 0.1 * v), 0.02),
    lambda v: joined(bow((0.46 + 0.1 * v, 0.1), (0.48 + 0.1 * v, 0.8), 0.03), [(0.36 + 0.1 * v, 0.9)]),
    lambda v: bow((0.6 - 0.1 * v, 0.12), (0.16, 0.88), -0.14),
    lambda v: bow((0.3 + 0.1 * v, 0.3), (0.84, 0.82), -0.12),
    lambda v: ellipse((0.52, 0.64), 0.27, 0.2 + 0.04 * v, start=150, end=440, samples=_GLYPH_POINTS),
    lambda v: joined([(0.18, 0.24), (0.82, 0.22)], bow((0.82, 0.22), (0.42 + 0.1 * v, 0.86), -0.14)),
    lambda v: bow((0.74, 0.1 + 0.06 * v), (0.86, 0.26 + 0.06 * v), 0.0),
    lambda v: joined(bow((0.2, 0.2), (0.26, 0.74), 0.08), [(0.36, 0.64 + 0.06 * v)]),
    lambda v: bow((0.68, 0.24), (0.8, 0.66 + 0.1 * v), -0.16),
    lambda v: joined(
        [(0.2, 0.16), (0.72, 0.14)],
        bow((0.72, 0.14), (0.24, 0.56 + 0.05 * v), -0.06),
        bow((0.24, 0.56), (0.5, 0.9), -0.4),
    ),
    lambda v: joined(bow((0.42, 0.1), (0.2, 0.62 + 0.1 * v), 0.1), bow((0.2, 0.62 + 0.1 * v), (0.82, 0.6), 0.36)),
    lambda v: joined([(0.2, 0.34), (0.8, 0.3)], bow((0.56, 0.08), (0.34 + 0.08 * v, 0.9), -0.08)),
)

#: Which strokes make a glyph of each build; the glyphs of one build differ in their strokes' places.
_BUILDS: tuple[tuple[int, ...], ...] = (
    (0, 2, 5), (8, 9), (0, 1, 2), (6,), (0, 3, 4), (6, 7), (3, 2), (0, 1, 5), (8, 0, 9), (6, 1), (1, 3), (0, 2, 7),
    (0, 6), (2, 5), (4, 3, 7), (8, 5), (0, 9, 3), (6, 2), (10, 1), (11, 7), (10, 2), (0, 11), (12, 5), (12, 9),
)  # fmt: skip


def latin_block(text: str, size: int, *, bold: bool = False) -> Coverage:
    """The text in centred lines of about equal length, `size` pixels a line."""
    font = _font(size)
    lines = "\n".join(_wrapped(text))
    weight = max(1, size // 16) if bold else 0
    probe = ImageDraw.Draw(Image.new("L", (1, 1)))
    left, top, right, bottom = probe.multiline_textbbox(
        (0, 0), lines, font=font, spacing=size * 0.18, align="center", stroke_width=weight
    )
    image = Image.new("L", (int(right - left) + 4, int(bottom - top) + 4))
    ImageDraw.Draw(image).multiline_text(
        (2 - left, 2 - top), lines, fill=255, font=font, spacing=size * 0.18, align="center", stroke_width=weight
    )
    return np.asarray(image, dtype=np.uint8)


def kana_block(rng: np.random.Generator, columns: Sequence[int], size: int, *, weight: float = 0.075) -> Coverage:
    """Columns of glyphs from right to left, top aligned.

    Args:
        rng: chooses the glyphs.
        columns: glyphs in each column.
        size: pixels of a glyph's cell.
        weight: thickness of the strokes as a share of the cell.
    """
    pitch = round(size * 1.25)
    image = np.zeros((max(columns) * size + 4, len(columns) * pitch + 4), dtype=np.uint8)
    for place, count in enumerate(columns):
        x = image.shape[1] - 2 - (place + 1) * pitch + (pitch - size) // 2
        for row in range(count):
            _draw_glyph(image, int(rng.integers(_GLYPHS)), x, 2 + row * size, size, weight)
    return image


def turned(block: Coverage, degrees: float) -> Coverage:
    """The block turned counter-clockwise, on a larger image."""
    image = Image.fromarray(block).rotate(degrees, resample=Image.Resampling.BICUBIC, expand=True)
    return np.asarray(image, dtype=np.uint8)


@functools.lru_cache(maxsize=32)
def _font(size: int) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    return ImageFont.load_default(size)


def _wrapped(text: str) -> list[str]:
    words = text.split()
    width = max(len(text) / max(1.0, round((len(text) / 7) ** 0.5 * 1.2)), *(len(word) for word in words), 4)
    lines = [words[0]]
    for word in words[1:]:
        if len(lines[-1]) + 1 + len(word) <= width + 1:
            lines[-1] += " " + word
        else:
            lines.append(word)
    return lines


@functools.cache
def _glyph(number: int) -> tuple[Points, ...]:
    own = np.random.default_rng(number)
    build = _BUILDS[number % len(_BUILDS)]
    return tuple(_STROKES[stroke](float(own.uniform(-1, 1))) for stroke in build)


def _draw_glyph(image: Coverage, number: int, x: int, y: int, size: int, weight: float) -> None:
    for stroke in _glyph(number):
        points = np.rint((stroke * size * 0.92 + (x + size * 0.04, y + size * 0.04)) * 16).astype(np.int32)
        cv2.polylines(image, [points], False, [255], max(1, round(size * weight)), cv2.LINE_AA, 4)
