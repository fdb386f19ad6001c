"""Is the page coloured, is it blank, how dark is it, and what is its paper? Pure functions; any thread."""

import cv2
import numpy as np
from numpy.typing import NDArray

from mangaflux.engine.analysis.line_art import LineArt
from mangaflux.engine.analysis.metadata import Tone

#: Chroma (CIE Lab) that one pixel in a hundred must exceed on a coloured page.
_COLOUR_CHROMA = 12.0
#: Long side at which colour is judged: averaging takes the chroma noise of JPEG away.
_COLOUR_SIDE = 500
#: Share of pixels that must differ from the rest of the page for it to show anything.
_INK_SHARE = 0.0005
#: Grey levels by which such a pixel differs.
_INK_CONTRAST = 48
#: The gutter is looked for in a strip of so many pixels along the borders of the layout.
_BORDER = 6


def is_color(page: NDArray[np.uint8]) -> bool:
    """True where a page, (H, W, 3) uint8 sRGB, holds colours beside the tint of its paper and ink.

    A tint goes evenly from the colour of the ink to that of the paper, as on yellowed paper and in sepia prints; a
    colour is what differs from it.
    """
    shrunk = _shrunk(page).astype(np.float32) / 255
    lab = np.asarray(cv2.cvtColor(shrunk, cv2.COLOR_RGB2LAB).reshape(-1, 3), dtype=np.float32)
    dark, light = np.percentile(lab[:, 0], (5, 80))
    ink = np.median(lab[lab[:, 0] <= dark], axis=0)
    paper = np.median(lab[lab[:, 0] >= light], axis=0)
    place = np.clip((lab[:, :1] - ink[0]) / max(1.0, float(paper[0] - ink[0])), 0, 1)
    tint = ink[1:] + place * (paper[1:] - ink[1:])
    chroma = np.hypot(*(lab[:, 1:] - tint).T)
    return bool(np.percentile(chroma, 99) > _COLOUR_CHROMA)


def is_blank(gray: NDArray[np.uint8]) -> bool:
    """True where an (H, W) uint8 page shows nothing: paper, black or one grey; noise and scan edges do not count."""
    height, width = gray.shape
    inner = gray[height // 50 : height - height // 50, width // 50 : width - width // 50]
    usual = int(np.median(inner))
    return bool(np.mean(cv2.absdiff(inner, np.full_like(inner, usual)) > _INK_CONTRAST) < _INK_SHARE)


def measure_tone(gray: NDArray[np.uint8], art: LineArt) -> Tone:
    """How dark an (H, W) uint8 page with this line art is. Shares are rounded to four places."""
    black = float(np.mean(art.ink))
    white = float(np.mean(~art.ink & (art.tone > 0.93 * gutter_level(gray) / 255)))
    shares = {"black_share": round(black, 4), "white_share": round(white, 4)}
    return Tone(**shares, tone_share=round(max(0.0, 1 - black - white), 4), gutter_level=gutter_level(gray))


def gutter_level(gray: NDArray[np.uint8]) -> int:
    """The grey level, 0–255, of gutters and margins: the commonest along the borders; dark only with black gutters."""
    border = _border_strip(gray)
    counts = np.bincount(border, minlength=256)
    if np.mean(border < 60) > 0.6 and np.mean(border > 200) < 0.15:
        return int(np.argmax(counts[:60]))
    # Below 170 it is a drawing that bleeds off the page, not paper.
    return 170 + int(np.argmax(counts[170:])) if counts[170:].any() else 255


def _border_strip(gray: NDArray[np.uint8]) -> NDArray[np.uint8]:
    top, bottom = gray[:_BORDER].ravel(), gray[-_BORDER:].ravel()
    left, right = gray[:, :_BORDER].ravel(), gray[:, -_BORDER:].ravel()
    return np.concatenate([top, bottom, left, right])


def _shrunk(page: NDArray[np.uint8]) -> NDArray[np.uint8]:
    height, width = page.shape[:2]
    shrink = min(1.0, _COLOUR_SIDE / max(height, width))
    size = (max(1, round(width * shrink)), max(1, round(height * shrink)))
    return np.asarray(cv2.resize(page, size, interpolation=cv2.INTER_AREA), dtype=np.uint8)
