"""The lettering of a composed page: one script and one size a page, set in balloons, captions and sounds."""

from dataclasses import dataclass
from typing import Literal

import numpy as np

from mangaflux.samples.lettering import DIALOGUE, Coverage, kana_block, latin_block, turned

Script = Literal["latin", "kana_columns", "kana_rows"]

_SCRIPTS: tuple[Script, ...] = ("latin", "kana_columns", "kana_columns", "kana_rows")
_SOUNDS = ("BAM", "CRASH", "WHOOSH", "THUD", "KRAK", "SLAM", "ZAP", "RUMBLE")


@dataclass(frozen=True, slots=True)
class Hand:
    """The hand that letters a page."""

    script: Script
    #: Pixels of a line or of a glyph's cell.
    size: int

    def words(self, rng: np.random.Generator, *, bold: bool = False, most: int = 4) -> Coverage:
        """A block of lettering of at most `most` columns or rows, if the script has them."""
        if self.script == "latin":
            return latin_block(str(rng.choice(DIALOGUE)), self.size, bold=bold)
        weight = 0.12 if bold else 0.085
        lengths = self._lengths(rng, most)
        if self.script == "kana_columns":
            return kana_block(rng, lengths, self.size, weight=weight)
        return _stacked([kana_block(rng, [1] * length, self.size, weight=weight) for length in lengths])

    def sound(self, rng: np.random.Generator, size: int) -> Coverage:
        """A sound effect of letters about `size` pixels high, tilted at most 20°."""
        tilt = float(rng.uniform(-20, 20))
        if self.script == "latin":
            return turned(latin_block(str(rng.choice(_SOUNDS)), size, bold=True), tilt)
        lengths = [1] * int(rng.integers(2, 5)) if rng.random() < 0.3 else [int(rng.integers(2, 5))]
        return turned(kana_block(rng, lengths, size, weight=float(rng.uniform(0.12, 0.2))), tilt)

    def _lengths(self, rng: np.random.Generator, most: int) -> list[int]:
        longest = int(rng.integers(3, 8))
        lengths = [max(2, longest - int(rng.integers(0, 4))) for _ in range(int(rng.integers(1, most + 1)))]
        lengths[0] = longest
        return lengths


def choose_hand(rng: np.random.Generator, width: int) -> Hand:
    """The hand of a page `width` pixels wide: half of the pages have columns, the others rows."""
    script = _SCRIPTS[int(rng.integers(len(_SCRIPTS)))]
    return Hand(script, max(9, round(width * float(rng.uniform(0.018, 0.027)))))


def _stacked(rows: list[Coverage]) -> Coverage:
    """Rows below each other, left aligned."""
    width = max(row.shape[1] for row in rows)
    return np.vstack([np.pad(row, ((2, 2), (0, width - row.shape[1]))) for row in rows])
