"""What the conventions of drawing say of the colour of a patch, whatever it was given.

White things are pale, dark ones dull, faces are skin. Pure functions; any thread.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from mangaflux.engine.analysis.metadata import Mask
from mangaflux.engine.lite.heads import Head
from mangaflux.engine.lite.palette import Palette
from mangaflux.engine.lite.regions import Regions
from mangaflux.engine.lite.traits import largeness, page_share

FloatArray = NDArray[np.float32]

#: Tone from which a patch is paper-white.
PALE_TONE = 0.84
#: How much of its chroma a large paper-white patch loses: what a cartoonist leaves white is pale.
_TINTED = 0.25
#: Tone of what may be a white thing or an unseen face, its share of its panel, and the part of its outline along the
#: frame.
_WHITE_TONE, _LARGE_IN_PANEL, _AMID_RIM = 0.9, 0.02, 0.05
#: Cosine of the angle between hues within which a colour may be skin; C* that is loud on white, and calm C*.
_SKIN_HUE, _LOUD, _CALM = 0.7, 18.0, 13.0
#: Tones between which patches become white, and the share of white in the reference's pictures from which they do in
#: full; how much of their chroma they lose then, how far they become as light as white, and its L*.
_WHITEST, _WHITE_SHARE = (0.965, 0.99), 0.05
_LEFT_WHITE, _LIGHTENED, _WHITE_LIGHTNESS = 0.8, 0.9, 95.0
#: Tones between which large patches become dull, and how much of their chroma they lose at most.
_DARKER, _DULLED = (0.8, 0.5), 0.5
#: Mean darkness above a pale patch from which it passes for a face under hair; screentone hair reaches 0.3.
_DARK_ENOUGH = 0.15
#: The same for a face in the shade of black hair.
_SHADED_TONE, _BLACK_ENOUGH = 0.78, 0.45
#: Smallest and largest share of the page of a face without eyes, and the part of its outline along the frame.
_LEAST_FACE, _LARGEST_FACE, _FACE_RIM = 0.0012, 0.06, 0.12
#: Largest share of the page of a face that is likely under grey, since larger white things are clouds under a sky, and
#: smallest under black, since smaller ones are highlights of hair (as patches of drawn sample pages show).
_SMALL_FACE, _NO_HIGHLIGHT = 0.012, 0.005


def fit_lightness(fill: FloatArray, regions: Regions) -> FloatArray:
    """Moves L* half-way to the patch's own tone; pale patches stay light, and large pale ones are tints."""
    target = 22.0 + 66.0 * regions.tone
    lightness = 0.55 * fill[:, 0] + 0.45 * target
    pale = regions.tone > PALE_TONE
    lightness = np.where(pale, np.maximum(lightness, 62.0), lightness)
    tint = np.where(pale, np.sqrt(largeness(regions)), 0.0)
    lightness = lightness + tint * np.maximum(84.0 - lightness, 0.0) * 0.7
    chroma = fill[:, 1:] * (1.0 - _TINTED * tint)[:, None]
    return np.column_stack([lightness, chroma]).astype(np.float32)


def tone_down(fill: FloatArray, palette: Palette, regions: Regions, heads: Sequence[Head]) -> FloatArray:
    """The fills, (N, 3) Lab: loud white things amid a panel calmed; the whitest patches white, the more so the more the
    reference leaves white; large ones duller the darker they are, but in colours that the client chose. The latter two
    leave hair and clothes of the heads as they are.
    """
    worn = np.zeros(len(fill), np.bool_)
    for head in heads:
        worn |= head.hair | head.clothes
    fill = _leave_white(_calm_pale(fill, palette.skin, regions), palette.white, regions, worn)
    return fill if palette.places is None else _dull_darkness(fill, regions, worn)


def find_skin(fill: FloatArray, skin: FloatArray, regions: Regions, heads: Sequence[Head]) -> Mask:
    """(N,) True on the skin of the heads, and on pale patches clear of the frame that may be faces without eyes under
    hair: in any colour where that is likely by their size, else where their fill has a hue like skin.
    """
    share = page_share(regions)
    middling = (share > _LEAST_FACE) & (share < _LARGEST_FACE) & (regions.rim < _FACE_RIM)
    under_hair = (regions.tone > PALE_TONE) & (regions.dark_above > _DARK_ENOUGH)
    under_black = (regions.tone > _SHADED_TONE) & (regions.dark_above > _BLACK_ENOUGH)
    likely = np.where(regions.dark_above < _BLACK_ENOUGH, share < _SMALL_FACE, share > _NO_HIGHLIGHT)
    found = np.asarray(middling & (under_hair | under_black) & (likely | _has_hue_of(skin, fill)), np.bool_)
    for head in heads:
        found = (found & ~head.hair) | head.skin
    return found


def _calm_pale(fill: FloatArray, skin: FloatArray, regions: Regions) -> FloatArray:
    """Without strong colours, far from skin in hue, on paper-white patches of middling size amid a panel: many are
    white things, some are faces nobody found; larger ones are skies and walls.
    """
    panel_area = np.bincount(regions.panel, weights=regions.area)
    share = regions.area / np.maximum(panel_area[regions.panel], 1.0)
    amid = (regions.tone > _WHITE_TONE) & (share > _LARGE_IN_PANEL) & (regions.rim < _AMID_RIM)
    chroma = np.hypot(fill[:, 1], fill[:, 2])
    loud = amid & (largeness(regions) < 1.0) & ~_has_hue_of(skin, fill) & (chroma > _LOUD)
    return _less_chroma(fill, np.where(loud, 1.0 - _CALM / np.maximum(chroma, _CALM), 0.0))


def _leave_white(fill: FloatArray, white: float, regions: Regions, worn: Mask) -> FloatArray:
    """The whitest patches white, in full where `white`, the share of the reference that is left so, is large enough."""
    low, high = _WHITEST
    whitest = np.clip((regions.tone - low) / (high - low), 0.0, 1.0)
    left = np.where(worn, 0.0, whitest) * min(1.0, white / _WHITE_SHARE)
    lightness = fill[:, 0] + _LIGHTENED * left * (_WHITE_LIGHTNESS - fill[:, 0])
    return _less_chroma(np.column_stack([lightness, fill[:, 1:]]), _LEFT_WHITE * left)


def _dull_darkness(fill: FloatArray, regions: Regions, worn: Mask) -> FloatArray:
    """Large patches with less chroma the darker they are: in the dark, colours are dull."""
    light, dark = _DARKER
    darkness = np.clip((light - regions.tone) / (light - dark), 0.0, 1.0) * np.sqrt(largeness(regions))
    return _less_chroma(fill, _DULLED * np.where(worn, 0.0, darkness))


def _less_chroma(fill: FloatArray, share: NDArray[np.floating]) -> FloatArray:
    return np.column_stack([fill[:, 0], fill[:, 1:] * (1.0 - share)[:, None]]).astype(np.float32)


def _has_hue_of(skin: FloatArray, fill: FloatArray) -> Mask:
    """(N,) True on fills whose hue may be skin's."""
    lengths = np.hypot(fill[:, 1], fill[:, 2]) * np.hypot(skin[1], skin[2])
    return np.asarray(fill[:, 1:] @ skin[1:] >= _SKIN_HUE * np.maximum(lengths, 1e-6), np.bool_)
