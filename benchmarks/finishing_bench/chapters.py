"""Do the colours of a chapter's pages agree, before and after they are drawn towards its palette?"""

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from mangaflux.engine.analysis.metadata import Mask
from mangaflux.engine.finishing.chapter_palette import ChapterPalette, agree, read_chapter_palette
from mangaflux.samples.chapter import draw_chapter, draw_reference

#: Of the pages.
_WIDTH, _HEIGHT = 600, 850
#: Deviations by which a page's colours are turned (radians), made stronger (a factor) and moved (a* and b*).
_TURN, _GAIN, _MOVE = 0.15, 0.12, 3.0
#: CIE C* from which a pixel has a colour.
_COLOURED = 8.0


def chapter_drift(seed: int, pages: int, strengths: Sequence[float]) -> NDArray[np.float64]:
    """Means over the pages of a drawn chapter, each in true colours gone astray in a way of its own.

    Returns:
        (S, 5), by strength of the correction, all in a* and b*: distance of the colours from the true ones, before and
        after, and of the true ones after; distance of the page's colours from the palette, before and after.
    """
    palette = read_chapter_palette([draw_reference(seed)], {})
    rows = []
    for page in draw_chapter(seed, pages, width=_WIDTH, height=_HEIGHT):
        inside = page.panel_mask & ~page.balloon_mask
        astray = _gone_astray(page.colour, np.random.default_rng([seed, page.page_num]))
        rows.append([_corrected(page.colour, astray, inside, palette, strength) for strength in strengths])
    return np.asarray(np.mean(rows, axis=0))


def _corrected(
    truth: NDArray[np.uint8], astray: NDArray[np.uint8], inside: Mask, palette: ChapterPalette, strength: float
) -> list[float]:
    agreed, agreement = agree(astray, inside, palette, strength)
    kept, _ = agree(truth, inside, palette, strength)
    errors = [_error(image, truth) for image in (astray, agreed, kept)]
    return [*errors, agreement.drift_before, agreement.drift_after]


def _gone_astray(image: NDArray[np.uint8], rng: np.random.Generator) -> NDArray[np.uint8]:
    lab = _lab(image)
    chroma = lab[..., 1] + 1j * lab[..., 2]
    share = np.clip(np.abs(chroma) / 10, 0, 1)
    moved = chroma * rng.normal(1, _GAIN) * np.exp(1j * rng.normal(0, _TURN))
    moved += share * complex(*rng.normal(0, _MOVE, 2))
    picture = np.dstack([lab[..., 0], moved.real, moved.imag]).astype(np.float32)
    return np.asarray(cv2.convertScaleAbs(cv2.cvtColor(picture, cv2.COLOR_LAB2RGB), alpha=255.0), np.uint8)


def _error(image: NDArray[np.uint8], truth: NDArray[np.uint8]) -> float:
    true = _lab(truth)[..., 1:]
    coloured: Mask = np.hypot(true[..., 0], true[..., 1]) >= _COLOURED
    return float(np.linalg.norm(_lab(image)[..., 1:] - true, axis=2)[coloured].mean())


def _lab(image: NDArray[np.uint8]) -> NDArray[np.float32]:
    return np.asarray(cv2.cvtColor(image.astype(np.float32) / 255.0, cv2.COLOR_RGB2LAB), np.float32)
