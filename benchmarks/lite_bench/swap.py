"""Does a page follow its reference? The same page after two references, each held against the palettes of both."""

from collections.abc import Iterator

import cv2
import numpy as np

from lite_bench.contenders import Painter, SeenPage, paint
from lite_bench.measures import RgbImage, palette_distance, reference_colours, shrink, shrink_mask, to_lab
from lite_bench.pairs import Pair

#: Degrees by which all hues of a reference are turned to make the other one of it.
_TURN = 120.0


def swapped_pages(painter: Painter, pair: Pair, seen: SeenPage) -> Iterator[bool]:
    """Twice: whether the page is nearer to the palette of the reference it was coloured after than to the other's."""
    own = pair.references[0]
    other = _turned(own)
    palettes = [reference_colours(reference) for reference in (own, other)]
    drawn = shrink_mask(pair.inside)
    for mine, reference in enumerate((own, other)):
        painted = paint(painter, seen, (reference,))
        ab = to_lab(shrink(painted.image))[drawn, 1:]
        distances = [palette_distance(ab, palette) for palette in palettes]
        yield distances[mine] < distances[1 - mine]


def _turned(image: RgbImage) -> RgbImage:
    """The image with all hues turned: the same light and dark, other colours."""
    lab = to_lab(image)
    angle = np.radians(_TURN)
    turn = np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]], np.float32)
    lab[..., 1:] = lab[..., 1:] @ turn
    rgb = cv2.cvtColor(lab, cv2.COLOR_LAB2RGB)
    return np.asarray(np.rint(np.clip(rgb, 0.0, 1.0) * 255.0), np.uint8)
