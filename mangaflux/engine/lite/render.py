"""Paints the patches: fills, the page's own shading within them, soft seams where no line parts two colours."""

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from mangaflux.engine.analysis.line_art import LineArt
from mangaflux.engine.analysis.metadata import Mask
from mangaflux.engine.base import ColourHint, RgbImage
from mangaflux.engine.lite.assignment import Assignment
from mangaflux.engine.lite.guidance import Guidance
from mangaflux.engine.lite.palette import Palette
from mangaflux.engine.lite.regions import Regions
from mangaflux.engine.lite.tone_curve import STEPS
from mangaflux.engine.lite.traits import rank_range

FloatArray = NDArray[np.float32]

#: How much of a patch's own changes of tone is kept as shading, and how far it may go (L*).
_SHADING = 0.6
_SHADING_LIMIT = 22.0
#: Distance from a line, in pixels at a long side of 900, from which the tone is believed.
_SHADING_REACH = 7.0
#: Width, in pixels at a long side of 900, over which two colours meet where there is no line.
_SEAM_SIGMA = 1.6
#: Factors on L*, a* and b* of skin that turn it into the white of an eye.
_EYE_WHITE = np.array([1.08, 0.15, 0.15], dtype=np.float32)


def pin_hints(
    assignment: Assignment, regions: Regions, hints: Sequence[ColourHint], page_shape: tuple[int, ...]
) -> Assignment:
    """The assignment with each hint's colour on the patch under its point; hints on paper change nothing.

    Args:
        assignment: what the palette gave.
        regions: the patches, at working size.
        hints: points in pixels of the page.
        page_shape: height and width of the page first.
    """
    fill, doubt = assignment.fill.copy(), assignment.doubt.copy()
    height, width = regions.labels.shape
    for hint in hints:
        row = min(height - 1, max(0, hint.y * height // page_shape[0]))
        column = min(width - 1, max(0, hint.x * width // page_shape[1]))
        patch = int(regions.labels[row, column])
        if patch >= 0:
            colour = np.array([[hint.rgb]], dtype=np.float32) / 255.0
            fill[patch] = cv2.cvtColor(colour, cv2.COLOR_RGB2LAB)[0, 0]
            doubt[patch] = 0.0
    return Assignment(fill, doubt)


def paint(
    regions: Regions,
    assignment: Assignment,
    palette: Palette,
    art: LineArt,
    eye_whites: Mask,
    guidance: Guidance | None = None,
) -> RgbImage:
    """The layer, (h, w, 3) uint8 sRGB at working size; paper is white.

    Args:
        regions: the patches.
        assignment: their colours.
        palette: for what is in doubt.
        art: the page's lines and greys.
        eye_whites: (h, w), True where next to no colour of the patch is to be seen.
        guidance: what the colour prior says; for what is in doubt, too.
    """
    lab = np.full((*regions.labels.shape, 3), (100.0, 0.0, 0.0), dtype=np.float32)
    painted = regions.labels >= 0
    owner = regions.labels[painted]
    clear = _clear_of_ink(art)[painted]
    shading = _SHADING * 100.0 * clear * (art.tone[painted] - regions.tone[owner])
    fills = assignment.fill[owner]
    fills[:, 0] += np.clip(shading, -_SHADING_LIMIT, _SHADING_LIMIT)
    lab[painted] = _doubted(fills, _usual(art.tone, regions, palette, guidance), assignment.doubt[owner])
    lab = _soften_seams(lab, regions, art)
    lab[eye_whites & painted] *= _EYE_WHITE
    rgb = cv2.cvtColor(np.minimum(lab, np.float32(100.0)), cv2.COLOR_LAB2RGB)
    return np.asarray(np.rint(np.clip(rgb, 0.0, 1.0) * 255.0), dtype=np.uint8)


def _clear_of_ink(art: LineArt) -> FloatArray:
    """0 on lines … 1 well away from them: beside a line the tone holds some of what lies beyond it."""
    distance = cv2.distanceTransform((~art.ink).astype(np.uint8), cv2.DIST_L2, 3)
    reach = max(1.0, _SHADING_REACH * max(art.ink.shape) / 900.0)
    return np.asarray(np.clip(distance / reach, 0.0, 1.0), np.float32)


def _usual(tone: FloatArray, regions: Regions, palette: Palette, guidance: Guidance | None) -> FloatArray:
    """(P, 3) Lab of painted pixels in doubt: what the prior says of each as far as it is believed, else, as light
    as the page is there, the hue that the reference usually has at the rank of the whole patch: a sky has one.
    """
    painted = regions.labels >= 0
    low, high = rank_range(regions.tone, regions.area)
    step = np.rint((low + high) / 2 * (STEPS - 1)).astype(np.intp)
    usual = palette.tone_curve[step][regions.labels[painted]]
    if guidance is not None:
        belief = guidance.belief[painted][:, None]
        usual = usual * (1.0 - belief) + guidance.picture[painted] * belief
    return np.column_stack([18.0 + 74.0 * tone[painted], usual]).astype(np.float32)


def _doubted(fills: FloatArray, usual: FloatArray, doubt: FloatArray) -> FloatArray:
    """The fill, where in doubt mixed with what is usual."""
    share = doubt[:, None]
    return np.asarray(fills * (1.0 - share) + usual * share, np.float32)


def _soften_seams(lab: FloatArray, regions: Regions, art: LineArt) -> FloatArray:
    """Blurs across open borders only; neither lines nor paper take part, so no colour crosses a line."""
    sigma = _SEAM_SIGMA * max(regions.labels.shape) / 900.0
    trusted = ((regions.labels >= 0) & ~art.ink).astype(np.float32)
    weight = cv2.GaussianBlur(trusted, (0, 0), sigma)
    soft = cv2.GaussianBlur(lab * trusted[..., None], (0, 0), sigma) / np.maximum(weight, 1e-3)[..., None]
    near = cv2.dilate(regions.seams.astype(np.float32), np.ones((3, 3), np.uint8), iterations=max(1, round(sigma)))
    share = (cv2.GaussianBlur(near, (0, 0), sigma) * (weight > 0.05) * trusted)[..., None]
    return np.asarray(lab * (1.0 - share) + soft * share, np.float32)
