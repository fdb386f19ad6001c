"""Pages for tests that do not look at what is on a page: so small that their analysis costs next to nothing."""

import cv2
import numpy as np
from numpy.typing import NDArray

from mangaflux.engine.imaging import encode_png

#: Pixels of every page of this module.
WIDTH, HEIGHT = 48, 68


def draw_page(seed: int = 1) -> NDArray[np.uint8]:
    """(HEIGHT, WIDTH, 3): two framed panels with a few slanted strokes; another seed, other strokes."""
    pixels = np.full((HEIGHT, WIDTH, 3), 255, dtype=np.uint8)
    rng = np.random.default_rng(seed)
    for top, bottom in ((3, 32), (36, 65)):
        cv2.rectangle(pixels, (3, top), (WIDTH - 4, bottom), (0, 0, 0), 2)
        for x in range(9, WIDTH - 12, 10):
            y = int(rng.integers(top + 5, bottom - 10))
            cv2.line(pixels, (x, y), (x + 4, y + 6), (0, 0, 0), 2)
    return pixels


def page_bytes(seed: int = 1) -> bytes:
    """A black-and-white page as PNG."""
    return encode_png(draw_page(seed))


def colour_page_bytes() -> bytes:
    """A page that is in colour already."""
    pixels = draw_page()
    pixels[5:31, 5:43], pixels[38:64, 5:43] = (220, 40, 60), (30, 90, 220)
    return encode_png(pixels)


def blank_page_bytes() -> bytes:
    return encode_png(np.full((HEIGHT, WIDTH), 255, dtype=np.uint8))
