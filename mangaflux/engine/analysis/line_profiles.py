"""How much ink lies on each of many parallel lines, and what crosses one of them? Pure functions; any thread.

A part of the page is looked at in one of two directions, transposed where its lines run down the page: lines are
v = start + slope * u, where u counts columns and v rows. What lies under balloons and lettering is unknown.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

#: (h, w) uint8, 0 or 1.
Layer = NDArray[np.uint8]

#: Pixels that are averaged along a line before it is leaned.
BLOCK = 6
#: Least part of a line that is known, and shortest line, as a part of the longest.
_KNOWN, _SHORTEST = 0.35, 0.5
#: An empty line holds at most so much ink. Neighbouring lines with less ink than a floor are one valley together; the
#: floors are tried from the lowest on.
EMPTY = 0.005
_FLOORS = (EMPTY, 0.05, 0.12, 0.25, 0.4)
#: How far beside a valley its crests are looked for, and widest valley that is not empty, in thousandths of the long
#: side; narrowest valley in pixels.
_REACH, _WIDEST, _NARROWEST = 8.0, 90.0, 2
#: Wider than this, in pixels, a valley is looked at along its middle, else where it is emptiest.
_WIDE = 6
#: What crosses a line in a run of at most this length is a stroke, in thousandths of the long side; what lies closer
#: together is one thing, a letter of a sound or a figure.
_STROKE, _THING_GAP = 7.0, 20.0
#: A stroke within this distance of the end of a line closes it, in the same unit.
_END = 12.0
#: Such a stroke is a frame where it goes on so far on both sides of the line, drawn over this part, and leans at most
#: by so much; lengths in the same unit.
_FRAME_BEYOND, _FRAME_OFF, _FRAME_DRAWN = 25.0, 6.0, 0.9
#: What speaks against a gutter: a frame and another stroke at an end of its line, and a stroke across it.
_CLOSED_END, _STROKE_AT_END, _STROKE_ACROSS = 0.4, 0.25, 0.06


@dataclass(frozen=True, slots=True)
class Direction:
    """A part of the page as it lies for lines of one direction."""

    #: Which pixels belong to the part, and what is drawn on the known ones.
    inside: Layer
    ink: Layer
    #: (h, w / BLOCK, 3) float32, averaged along the rows: inside, known, ink.
    blocks: NDArray[np.float32]

    @classmethod
    def of(cls, inside: Layer, known: Layer, ink: Layer) -> "Direction":
        """The direction of the rows of three layers; transposed layers for that of the columns."""
        height, width = inside.shape
        blocks = -(-width // BLOCK)
        layers = np.zeros((height, blocks * BLOCK, 3), dtype=np.uint8)
        for number, layer in enumerate((inside, known, ink)):
            layers[:, :width, number] = layer
        layers *= 255
        narrow = cv2.resize(layers, (blocks, height), interpolation=cv2.INTER_AREA)
        return cls(inside, ink, np.asarray(narrow / np.float32(255), dtype=np.float32))

    def hindrance(self, start: float, slope: float, unit: float) -> float:
        """What speaks against a gutter along one line: frames that close its ends, strokes and things that cross it;
        0 where nothing is in its way.
        """
        u, v = self._pixels(start, slope)
        drawn = self.ink[v, u] > 0
        things = _joined(runs(drawn), _THING_GAP * unit)
        strokes = [(first, end) for first, end in things if end - first <= _STROKE * unit]
        at_ends = [(first, end) for first, end in strokes if end <= _END * unit or first >= len(u) - _END * unit]
        frames = sum(self._is_frame(int(u[first]), int(u[end - 1]), int(v[first]), unit) for first, end in at_ends)
        gaps = (sum(end - first for first, end in things) - float(drawn.sum())) / max(1, len(drawn))
        crossing = _STROKE_AT_END * (len(at_ends) - frames) + _STROKE_ACROSS * (len(strokes) - len(at_ends))
        return gaps + _CLOSED_END * frames + crossing

    def _pixels(self, start: float, slope: float) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
        """Columns and rows of the pixels of a line, as far as it lies in the part."""
        u = np.arange(self.ink.shape[1])
        v = np.rint(start + slope * u).astype(np.intp)
        on_page = (v >= 0) & (v < len(self.ink))
        u, v = u[on_page], v[on_page]
        within = self.inside[v, u] > 0
        return u[within], v[within]

    def _is_frame(self, first: int, last: int, line: int, unit: float) -> bool:
        """Whether a stroke across a line goes on to both sides of it, as the frame of a panel does."""
        reach, off = round(_FRAME_BEYOND * unit), round(_FRAME_OFF * unit)
        band = np.asarray(self.ink[:, max(0, first - off) : last + off + 1].any(axis=1))
        before, after = band[max(0, line - reach) : line], band[line + 1 : line + 1 + reach]
        return bool(len(before) and len(after) and min(before.mean(), after.mean()) > _FRAME_DRAWN)


@dataclass(frozen=True, slots=True)
class Valley:
    """Neighbouring lines with less ink than beside them; numbers of lines, both included."""

    near: int
    far: int
    #: The emptiest one, or the middle of many.
    lowest: int
    #: How far the ink of both crests is above it, and the ink of the higher one, in shares of the line.
    relief: float
    crest: float


@dataclass(frozen=True, slots=True)
class Profile:
    """What lies on parallel lines: line number n is v = first + n + slope * u."""

    first: float
    #: (lines,) float64: the part of what is known of the line that is ink, 0–1.
    ink: NDArray[np.float64]
    #: (lines,) bool: long enough, and enough of it is known.
    usable: NDArray[np.bool_]

    @classmethod
    def of(cls, blocks: NDArray[np.float32], slope: float) -> "Profile":
        """The lines of one slope, from the blocks of a direction."""
        height, width = blocks.shape[:2]
        lean = slope * width * BLOCK
        below = max(0.0, lean)
        lines = height + int(np.ceil(abs(lean)))
        matrix = np.array([[1, 0, 0], [slope * BLOCK, 1, slope * BLOCK / 2 - below]])
        flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
        leaned = cv2.warpAffine(blocks, matrix, (width, lines), flags=flags) if slope else blocks
        length, known, ink = cv2.reduce(leaned, 1, cv2.REDUCE_SUM)[:, 0].astype(np.float64).T
        usable = (length >= _SHORTEST * length.max()) & (known >= _KNOWN * length) & (known > 0)
        return cls(-below, ink / np.maximum(known, 1e-6), usable)

    def valleys(self, unit: float) -> Iterator[Valley]:
        """Every strip of lines with less ink than a floor."""
        ink = np.where(self.usable, self.ink, 0)
        reach = max(2, round(_REACH * unit))
        seen: set[tuple[int, int]] = set()
        for floor in _FLOORS:
            widest = np.inf if floor == EMPTY else _WIDEST * unit
            for start, end in runs((ink <= floor) & self.usable):
                if (start, end) in seen or not _NARROWEST <= end - start <= widest or start == 0 or end == len(ink):
                    continue
                seen.add((start, end))
                crests = (float(ink[max(0, start - reach) : start].max()), float(ink[end : end + reach].max()))
                relief = min(crests) - float(ink[start:end].mean())
                middle = (start + end - 1) // 2
                lowest = middle if end - start > _WIDE else start + int(ink[start:end].argmin())
                yield Valley(start, end - 1, lowest, relief, max(crests))


def runs(flags: NDArray[np.bool_]) -> list[tuple[int, int]]:
    """Start and end, excluded, of each run of True."""
    bounded = np.zeros(len(flags) + 2, dtype=np.bool_)
    bounded[1:-1] = flags
    edges = np.flatnonzero(bounded[1:] != bounded[:-1]).tolist()
    return list(zip(edges[::2], edges[1::2], strict=True))


def _joined(pieces: list[tuple[int, int]], gap: float) -> list[tuple[int, int]]:
    joined: list[tuple[int, int]] = []
    for start, end in pieces:
        if joined and start - joined[-1][1] <= gap:
            joined[-1] = (joined[-1][0], end)
        else:
            joined.append((start, end))
    return joined
