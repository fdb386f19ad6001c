"""Lays a colour layer under the drawing of a page: lines, letters and whites stay what they were.

The same for every engine. The lightness rule, L = min(L of the page, L of the closed layer) over chroma of the closed
layer, was the best of nine variants tried on FLUX.2 klein pages: keeping the L of the page washes paper-white areas
out, multiplying shades twice. Screentone is laid on as even shade, since black dots look dirty on colour. Pure
functions; any thread.
"""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from mangaflux.engine.analysis.metadata import Mask, PageAnalysis
from mangaflux.engine.base import ColourLayer, RgbImage
from mangaflux.engine.finishing.descreening import without_screentone

#: Part of every fingerprint: raised with any change that changes bytes.
FINISHING_VERSION = "1"

FloatImage = NDArray[np.float32]

#: Radius of the grey closing as a share of the layer's width: 5 px at 1500, the width of a generated stroke.
_STROKE_RADIUS_SHARE = 0.0033

#: CIE L* that a layer's thin stroke lies below its surroundings before its chroma is no longer believed.
_STROKE_DEPTH = 4.0

#: Page levels (CIE L*) between which chroma fades in: none on ink, all of it from here up.
_CHROMA_FADE = (12.0, 38.0)


@dataclass(frozen=True, slots=True)
class _Fill:
    """A colour layer at page size: L* 0–100, and (H, W, 2) a* and b*, float32."""

    lightness: FloatImage
    chroma: FloatImage


def composite(page: RgbImage, layer: ColourLayer, analysis: PageAnalysis, *, colour_strength: float = 1.0) -> RgbImage:
    """The finished page, (H, W, 3) uint8 sRGB, at the page's size.

    Outside panels, inside balloons and under the lettering mask every pixel is the page's own, byte for byte.

    Args:
        page: (H, W, 3) uint8 sRGB, the original.
        layer: what an engine painted of the whole page, at any size.
        analysis: masks of the same size as the page.
        colour_strength: 0 (the original greys exactly) … 1 (all of the colour).
    """
    grey = np.asarray(cv2.cvtColor(page, cv2.COLOR_RGB2GRAY), dtype=np.uint8)
    fill = _at_page_size(_without_strokes(_to_lab(layer.image)), grey.shape)
    lightness = _lightness_of(without_screentone(grey))
    coloured = _lay_under(lightness, fill)
    return _keep_original(page, _blend(page, coloured, colour_strength), analysis)


def _to_lab(image: RgbImage) -> FloatImage:
    return np.asarray(cv2.cvtColor(image.astype(np.float32) / 255.0, cv2.COLOR_RGB2LAB), dtype=np.float32)


def _without_strokes(lab: FloatImage) -> FloatImage:
    """Fills thin dark strokes of the layer with the colour beside them: a grey closing of L*, and for a* and b* a mean
    over the pixels that the closing left alone (a closing of a* or b* itself would drift towards red and yellow).
    """
    radius = max(1, round(lab.shape[1] * _STROKE_RADIUS_SHARE))
    side = 2 * radius + 1
    disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (side, side))
    lightness = np.ascontiguousarray(lab[..., 0])
    closed = np.asarray(cv2.morphologyEx(lightness, cv2.MORPH_CLOSE, disc), dtype=np.float32)
    trusted = np.exp((lightness - closed) / _STROKE_DEPTH)[..., None]
    window = (2 * side + 1, 2 * side + 1)
    beside = cv2.blur(lab[..., 1:] * trusted, window) / np.maximum(cv2.blur(trusted, window), 1e-4)[..., None]
    chroma = lab[..., 1:] * trusted + beside * (1.0 - trusted)
    return np.concatenate([closed[..., None], chroma], axis=2).astype(np.float32)


def _at_page_size(lab: FloatImage, shape: tuple[int, ...]) -> _Fill:
    height, width = shape
    shrinks = lab.shape[0] > height
    scaled = cv2.resize(lab, (width, height), interpolation=cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR)
    return _Fill(np.asarray(scaled[..., 0], np.float32), np.asarray(scaled[..., 1:], np.float32))


def _lightness_of(level: FloatImage) -> FloatImage:
    """CIE L* of sRGB greys 0–1, by table: exact to 1/4096 of the level, without a power for each pixel."""
    ramp = np.linspace(0.0, 1.0, 4097, dtype=np.float32)
    table = cv2.cvtColor(np.repeat(ramp[None, :, None], 3, axis=2), cv2.COLOR_RGB2LAB)[0, :, 0]
    return np.asarray(table, np.float32)[np.rint(level * 4096).astype(np.int32)]


def _lay_under(lightness: FloatImage, fill: _Fill) -> RgbImage:
    start, full = _CHROMA_FADE
    share = np.clip((lightness - start) / (full - start), 0.0, 1.0)
    lab = np.dstack([np.minimum(lightness, fill.lightness), fill.chroma * share[..., None]])
    rgb = cv2.cvtColor(lab, cv2.COLOR_LAB2RGB)
    return _to_bytes(np.asarray(rgb, np.float32) * 255.0)


def _blend(page: RgbImage, coloured: RgbImage, strength: float) -> RgbImage:
    if strength >= 1.0:
        return coloured
    if strength <= 0.0:
        return page.copy()
    return np.asarray(cv2.addWeighted(coloured, strength, page, 1.0 - strength, 0.0), dtype=np.uint8)


def _keep_original(page: RgbImage, coloured: RgbImage, analysis: PageAnalysis) -> RgbImage:
    untouched: Mask = ~analysis.panel_mask | analysis.balloon_mask | analysis.lettering_mask
    return np.asarray(cv2.copyTo(page, untouched.astype(np.uint8), coloured), dtype=np.uint8)


def _to_bytes(values: FloatImage) -> RgbImage:
    return np.asarray(np.rint(np.clip(values, 0.0, 255.0)), dtype=np.uint8)
