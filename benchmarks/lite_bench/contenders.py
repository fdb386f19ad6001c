"""What the renderer is held against: the grey page, and the luminance curve, the oldest way to take over colours."""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter1d

from mangaflux.engine.analysis.line_art import extract_line_art
from mangaflux.engine.analysis.metadata import Mask, PageAnalysis
from mangaflux.engine.analysis.page import analyze_page
from mangaflux.engine.base import ColorizeRequest, ColourLayer, Quality, SilentContext
from mangaflux.engine.finishing.chapter_palette import agree, read_chapter_palette
from mangaflux.engine.finishing.compositing import DEFAULT_RECIPE, composite
from mangaflux.engine.finishing.drawing import read_drawing
from mangaflux.engine.lite.engine import LiteEngine
from mangaflux.engine.lite.prior import weights_sha256

Image = NDArray[np.uint8]
#: Makes the colour layer of a request.
Painter = Callable[[ColorizeRequest], ColourLayer]

#: Long side at which the luminance curve is laid over a page, and bins of the curve.
_SIDE, _BINS = 900, 128


@dataclass(frozen=True, slots=True, eq=False)
class SeenPage:
    """A page with what is known of it before it is painted."""

    page: Image
    analysis: PageAnalysis
    drawing: Image


@dataclass(frozen=True, slots=True, eq=False)
class Painted:
    """A finished page, and the CPU seconds that its layer took."""

    image: Image
    layer: ColourLayer
    seconds: float


def see(page: Image) -> SeenPage:
    """What Pass 1 and finishing say of a page."""
    return SeenPage(page, analyze_page(page), read_drawing(page, DEFAULT_RECIPE.screentone))


def request_of(
    seen: SeenPage, references: Sequence[Image], seed: int = 1, quality: Quality = "best"
) -> ColorizeRequest:
    """What an engine gets for a page."""
    return ColorizeRequest(seen.page, seen.drawing, seen.analysis, tuple(references), seed, prompt="", quality=quality)


def paint(
    painter: Painter, seen: SeenPage, references: Sequence[Image], *, seed: int = 1, quality: Quality = "best"
) -> Painted:
    """A page as it comes out of this painter and finishing, at strength 1."""
    request = request_of(seen, references, seed, quality)
    started = time.process_time()
    layer = painter(request)
    seconds = time.process_time() - started
    return Painted(_finish(seen, layer, references), layer, seconds)


def _finish(seen: SeenPage, layer: ColourLayer, references: Sequence[Image]) -> Image:
    takes_colour = seen.analysis.panel_mask & ~seen.analysis.balloon_mask
    palette = read_chapter_palette(references, {})
    agreed, _ = agree(layer.image, takes_colour, palette, DEFAULT_RECIPE.palette_strength)
    return composite(seen.page, replace(layer, image=agreed), seen.analysis, drawing=seen.drawing)


def painters() -> Mapping[str, Painter]:
    """The rows of the tables by name, the engine as it ships last."""
    rows: dict[str, Painter] = {"grey page": _grey, "luminance curve": _luminance_curve}
    rows["renderer"] = _engine(LiteEngine(use_prior=False))
    if weights_sha256() is not None:
        rows["renderer + network"] = _engine(LiteEngine())
    return rows


def _engine(engine: LiteEngine) -> Painter:
    engine.load()
    return lambda request: engine.colorize(request, SilentContext())


def _grey(request: ColorizeRequest) -> ColourLayer:
    grey = cv2.cvtColor(request.page, cv2.COLOR_RGB2GRAY)
    return ColourLayer(image=np.repeat(grey[..., None], 3, axis=2))


def _luminance_curve(request: ColorizeRequest) -> ColourLayer:
    """The page's greys, dots averaged away, by rank: as dark among the page as in the references (after Welsh et al.,
    2002).
    """
    height, width = request.page.shape[:2]
    shrink = min(1.0, _SIDE / max(height, width))
    size = (max(1, round(width * shrink)), max(1, round(height * shrink)))
    grey = cv2.resize(cv2.cvtColor(request.page, cv2.COLOR_RGB2GRAY), size, interpolation=cv2.INTER_AREA)
    tone = extract_line_art(np.asarray(grey, np.uint8)).tone
    drawn = _shrunk(request.analysis.panel_mask & ~request.analysis.balloon_mask, size)
    lab = np.full((*tone.shape, 3), (100.0, 0.0, 0.0), np.float32)
    if drawn.any():
        ranks = np.searchsorted(np.sort(tone[drawn]), tone[drawn], side="left") / drawn.sum()
        curve = _curve(request.references)
        lab[drawn] = curve[np.minimum((ranks * _BINS).astype(np.intp), _BINS - 1)]
    rgb = cv2.cvtColor(lab, cv2.COLOR_LAB2RGB)
    return ColourLayer(image=np.asarray(np.rint(np.clip(rgb, 0, 1) * 255), np.uint8))


def _curve(references: Sequence[Image]) -> NDArray[np.float32]:
    """(128, 3) Lab by rank of L*, of everything in the references but paper and ink, smoothed."""
    lab = np.concatenate([_drawn_lab(reference) for reference in references])
    lab = lab[np.argsort(lab[:, 0], kind="stable")]
    means = np.stack([part.mean(axis=0) for part in np.array_split(lab, _BINS)])
    return np.asarray(gaussian_filter1d(means, 2.0, axis=0, mode="nearest"), np.float32)


def _drawn_lab(reference: Image) -> NDArray[np.float32]:
    small = cv2.resize(reference, (256, 256), interpolation=cv2.INTER_AREA).astype(np.float32) / 255.0
    lab = np.asarray(cv2.cvtColor(small, cv2.COLOR_RGB2LAB), np.float32).reshape(-1, 3)
    chroma = np.hypot(lab[:, 1], lab[:, 2])
    kept = ~((lab[:, 0] > 94) & (chroma < 6)) & ~((lab[:, 0] < 12) & (chroma < 8))
    return lab[kept] if kept.sum() >= _BINS else lab


def _shrunk(mask: Mask, size: tuple[int, int]) -> Mask:
    return np.asarray(cv2.resize(mask.astype(np.uint8) * 255, size, interpolation=cv2.INTER_AREA) > 127)
