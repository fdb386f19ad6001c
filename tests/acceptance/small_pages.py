"""Pages that take little time, told apart by their seeds."""

import io

import numpy as np
from PIL import Image


def page_png(seed: int) -> bytes:
    """A page of 120×160 pixels with one frame and a few strokes; another seed, other strokes."""
    pixels = np.full((160, 120, 3), 255, np.uint8)
    pixels[8:152, 8:112] = 0
    pixels[11:149, 11:109] = 255
    for x, y in np.random.default_rng(seed).integers(20, 80, (10, 2)):
        pixels[y, 20 : 20 + x] = 0
    return _png(pixels)


def style_png() -> bytes:
    """A coloured picture."""
    return _png(np.full((32, 32, 3), (200, 120, 90), np.uint8))


def _png(pixels: np.ndarray) -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "PNG")
    return buffer.getvalue()
