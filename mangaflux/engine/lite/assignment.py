"""Which colour of the palette does each patch of a page get?

Nothing here knows what a patch shows. What is known: how grey it is, how large, where in its panel, whether it runs
into the frame, whether something dark sits on top of it, and which patches it grows into. The places of the reference
that are like it vote; rules of thumb speak where they waver. Optimal transport (Sinkhorn 1967; Cuturi 2013) spreads the
palette over the patches, so that no colour floods the page: loosely beside votes, since no page has the colours in the
reference's shares (unbalanced transport: Chizat et al., 2018). Pure functions; any thread.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_array

from mangaflux.engine.analysis.metadata import Mask
from mangaflux.engine.lite.conventions import PALE_TONE, find_skin, fit_lightness, tone_down
from mangaflux.engine.lite.guidance import Guidance, agreed_colours
from mangaflux.engine.lite.heads import Head
from mangaflux.engine.lite.kinship import find_kin
from mangaflux.engine.lite.likeness import log_votes
from mangaflux.engine.lite.palette import Palette
from mangaflux.engine.lite.regions import Regions
from mangaflux.engine.lite.traits import largeness, page_share, patch_traits, rank_range

FloatArray = NDArray[np.float32]

_SINKHORN_ROUNDS = 60
#: Entropy of the transport: smaller is more decided.
_EPSILON = 0.05
#: The palette's shares are flattened by this power, so that rare colours are seen too.
_SHARE_POWER = 0.6
_SMOOTHING_ROUNDS = 24
#: Tones within this of each other belong together when neighbours are smoothed.
_TONE_AFFINITY = 0.07
#: Affinity of two patches per pixel of common border: open, and with a line between.
_OPEN_AFFINITY = 2.0
_LINE_AFFINITY = 0.06
#: What is left of the cost beside votes; and how strictly the palette's shares are kept then, 0 (not at all) … 1. Found
#: with the weights of the votes (`likeness.py`), then raised, as `_SHARE_POWER` was, until the palettes of the
#: benchmark's comic pages were nearer than the luminance curve's.
_COST_BESIDE_VOTES = 0.6
_STRICTNESS = 0.85
#: Share of the outline along the frame from which a patch is scenery.
_SCENERY_RIM = 0.1
#: a*, b* units within which the prior only shades the colour that the renderer chose.
_SAME_COLOUR = 12.0
#: How strongly the seed moves near-equal choices, in units of cost.
_SEED_WEIGHT = 0.04
#: Weight of the ranks by lightness, which follow the page and not the chapter.
_RANK_WEIGHT = 0.5
#: Hair is farther than this (Lab) from the skin it frames.
_SKIN_DISTANCE = 18.0


@dataclass(frozen=True, slots=True, eq=False)
class Assignment:
    """What each patch is filled with."""

    #: (N, 3) float32 Lab.
    fill: FloatArray
    #: (N,) 0–1: how far the reference's tone curve takes the place of the fill.
    doubt: FloatArray


def assign_colours(
    regions: Regions, palette: Palette, seed: int, heads: Sequence[Head] = (), guidance: Guidance | None = None
) -> Assignment:
    """A colour for each patch. The same arguments give the same colours; another seed decides near ties otherwise.

    Args:
        regions: the patches.
        palette: the colours to choose from.
        seed: of the page.
        heads: of the people on the page.
        guidance: what the colour prior says of the page; None without one.
    """
    if len(regions.area) == 0:
        return Assignment(np.zeros((0, 3), np.float32), np.zeros(0, np.float32))
    strictness = 1.0 if palette.places is None else _STRICTNESS
    evidence = _evidence(regions, palette, seed)
    plan = _smooth(_transport(evidence, regions.area, _wanted_shares(palette), strictness), regions)
    fill = palette.entries[plan.argmax(axis=1)]
    for head in heads:
        hair = _hair_colour(head, regions, palette, plan)
        fill[head.hair] = hair
        for patch in np.flatnonzero(head.clothes).tolist():
            fill[patch] = _cloth_colour(patch, hair, fill[patch], regions, palette)
    fill = tone_down(fit_lightness(fill, regions), palette, regions, heads)
    skin = find_skin(fill, palette.skin, regions, heads)
    fill[skin] = palette.skin
    if guidance is not None:
        fill = _guided(fill, guidance, palette, regions)
    return Assignment(fill.astype(np.float32), _doubt(regions, skin, heads))


def _evidence(regions: Regions, palette: Palette, seed: int) -> FloatArray:
    """(N, K) logarithms of likelihood: what the reference's places say, and rules of thumb; the latter alone where the
    colours were chosen.
    """
    thumb = -_cost(regions, palette, seed) / _EPSILON
    if palette.places is None:
        return np.asarray(thumb, np.float32)
    votes = log_votes(
        patch_traits(regions), _scenery_likeness(regions), palette.places, palette.entries, palette.shares
    )
    return np.asarray(votes + _COST_BESIDE_VOTES * thumb, np.float32)


def _guided(fill: FloatArray, guidance: Guidance, palette: Palette, regions: Regions) -> FloatArray:
    """The fills as the prior agrees to; a hue that changed brings the lightness along that it has in the palette."""
    ab = agreed_colours(guidance, fill[:, 1:])
    known = np.concatenate([palette.entries, palette.skin[None], palette.hairs])
    apart = np.linalg.norm(ab[:, None, :] - known[None, :, 1:], axis=2)
    lightness = known[apart.argmin(axis=1), 0]
    agreed = fit_lightness(np.column_stack([lightness, ab]).astype(np.float32), regions)
    kept = np.linalg.norm(ab - fill[:, 1:], axis=1) < _SAME_COLOUR
    return np.where(kept[:, None], np.column_stack([fill[:, 0], ab]), agreed).astype(np.float32)


def _cloth_colour(
    patch: int, hair: FloatArray, otherwise: FloatArray, regions: Regions, palette: Palette
) -> FloatArray:
    """What of the clothes under that hair in the reference is as light as the patch: the same on every page."""
    worn = [clothes for own, clothes in zip(palette.hairs, palette.clothes, strict=True) if (own == hair).all()]
    if not worn or len(worn[0]) == 0:
        return otherwise
    return np.asarray(worn[0][np.abs(worn[0][:, 0] - _lightness(float(regions.tone[patch]))).argmin()], np.float32)


def _lightness(tone: float) -> float:
    """The usual L* of hair and clothes of a tone, 0–1."""
    return 25.0 + 65.0 * tone


def _hair_colour(head: Head, regions: Regions, palette: Palette, plan: FloatArray) -> FloatArray:
    """One colour for a head of hair: the reference's own hair of that lightness, else what most of it was given."""
    weight = regions.area * head.hair
    if len(palette.hairs):
        # Solid blacks are lines, not patches: a head without a patch of hair has black hair.
        lightness = _lightness(float(weight @ regions.tone / max(1.0, weight.sum())))
        return np.asarray(palette.hairs[np.abs(palette.hairs[:, 0] - lightness).argmin()], np.float32)
    if not weight.any():
        return np.asarray(palette.entries[0], np.float32)
    unlike_skin = np.linalg.norm(palette.entries - palette.skin, axis=1) > _SKIN_DISTANCE
    return np.asarray(palette.entries[int(((weight @ plan) * (unlike_skin + 1e-6)).argmax())], np.float32)


def _cost(regions: Regions, palette: Palette, seed: int) -> FloatArray:
    lightness = palette.entries[:, 0] / 100.0
    chroma = np.hypot(palette.entries[:, 1], palette.entries[:, 2]) / 60.0
    backdrop = _backdrop_likeness(regions)
    by_rank = _rank_distance(regions.tone, regions.area, lightness, palette.shares)
    by_tone = (0.25 + 0.6 * regions.tone[:, None] - lightness[None, :]) ** 2
    # Backdrops take what lies at the rim of the reference, and the paler of it; figures take its strong colours.
    by_place = (backdrop[:, None] - 0.5) * (0.6 * chroma - 0.8 * (palette.backdrop - 0.5))[None, :]
    by_paleness = backdrop[:, None] * (regions.tone[:, None] > PALE_TONE) * (1.0 - lightness[None, :])
    # Loud colours are for small things.
    by_loudness = largeness(regions)[:, None] * np.maximum(chroma - 0.7, 0.0)[None, :]
    # What the reference has much of is its backdrop.
    by_share = backdrop[:, None] * (1.0 - palette.shares / palette.shares.max())[None, :]
    cost = _RANK_WEIGHT * by_rank + by_tone + 0.5 * by_place + 0.5 * by_paleness + 0.6 * by_loudness + 0.12 * by_share
    cost = cost + _SEED_WEIGHT * _seed_preference(regions, len(lightness), seed)
    return np.asarray(cost, np.float32)


def _scenery_likeness(regions: Regions) -> FloatArray:
    """0 (part of a figure) … 1 (scenery): patches that are large or run along the frame."""
    return np.asarray(
        np.maximum(np.sqrt(largeness(regions)), np.clip(regions.rim / _SCENERY_RIM, 0.0, 1.0)), np.float32
    )


def _backdrop_likeness(regions: Regions) -> FloatArray:
    """0 (figure) … 1 (backdrop): large patches that run along the frame."""
    return np.asarray(np.clip(regions.rim / 0.25, 0.0, 1.0) * np.sqrt(largeness(regions)), np.float32)


def _rank_distance(tone: FloatArray, area: FloatArray, lightness: FloatArray, shares: FloatArray) -> FloatArray:
    """Squared distance of ranks by lightness; patches of one tone share a range of ranks, with distance 0 within."""
    low, high = rank_range(np.round(tone, 1), area)
    _, own_high = rank_range(lightness, shares)
    middle = own_high - shares / 2
    outside = np.maximum(np.maximum(low[:, None] - middle[None, :], middle[None, :] - high[:, None]), 0.0)
    return np.asarray(2.0 * outside**2, np.float32)


def _seed_preference(regions: Regions, entries: int, seed: int) -> FloatArray:
    """Smooth waves over place, size and tone, −1 … 1 per patch and entry: like patches lean to like colours."""
    random = np.random.default_rng(seed)
    size = np.log(np.maximum(regions.area, 1.0)) / 6.0
    features = np.column_stack([regions.centre * 1.2, size, regions.tone * 3.0])
    waves = random.normal(0.0, 3.0, (features.shape[1], entries))
    return np.asarray(np.cos(features @ waves + random.uniform(0, 2 * np.pi, entries)), np.float32)


def _wanted_shares(palette: Palette) -> FloatArray:
    """The palette's shares, flattened, and less of its greys: paper and ink are enough grey for a page."""
    chroma = np.hypot(palette.entries[:, 1], palette.entries[:, 2])
    return np.asarray(palette.shares**_SHARE_POWER * (0.05 + np.clip((chroma - 4.0) / 16.0, 0.0, 1.0)), np.float32)


def _transport(evidence: FloatArray, area: FloatArray, shares: FloatArray, strictness: float) -> FloatArray:
    """(N, K) share of each entry in each patch, rows summing to 1; the palette's shares are kept over the page with
    strictness 1, and not at all with 0.
    """
    kernel = np.exp(evidence - evidence.max(axis=1, keepdims=True)).astype(np.float64) + 1e-12
    mass = np.sqrt(area).astype(np.float64)
    mass /= mass.sum()
    wanted = shares.astype(np.float64) / shares.sum()
    columns = np.ones(len(wanted))
    for _ in range(_SINKHORN_ROUNDS):
        rows = mass / (kernel @ columns)
        columns = (wanted / (kernel.T @ rows)) ** strictness
    plan = kernel * columns
    return np.asarray(plan / plan.sum(axis=1, keepdims=True), np.float32)


def _smooth(plan: FloatArray, regions: Regions) -> FloatArray:
    """Neighbours of one tone and pieces of one thing come to agree; then every patch decides."""
    kin = find_kin(regions)
    first, second = regions.pairs.T
    step = (regions.tone[first] - regions.tone[second]) / _TONE_AFFINITY
    contact = _OPEN_AFFINITY * regions.open_border + _LINE_AFFINITY * (regions.border - regions.open_border)
    affinity = np.concatenate([contact * np.exp(-(step**2)), kin.affinity])
    first, second = np.concatenate([first, kin.first]), np.concatenate([second, kin.second])
    count = len(regions.area)
    ways = (np.concatenate([first, second]), np.concatenate([second, first]))
    pull = coo_array((np.tile(affinity, 2), ways), shape=(count, count)).tocsr()
    own = plan * np.sqrt(regions.area)[:, None]
    smoothed = plan
    for _ in range(_SMOOTHING_ROUNDS):
        pulled = own + pull @ smoothed
        smoothed = pulled / np.maximum(pulled.sum(axis=1, keepdims=True), 1e-9)
    return np.asarray(smoothed, np.float32)


def _doubt(regions: Regions, skin: Mask, heads: Sequence[Head]) -> FloatArray:
    """Large patches of changing tone may be several things at once: what is like them says little, and the tone curve
    knows better. There is none about skin, hair and clothes.
    """
    known = skin.copy()
    for head in heads:
        known |= head.hair | head.clothes
    uneven = np.clip((regions.spread - 0.08) / 0.14, 0.0, 1.0)
    large = np.clip(page_share(regions) / 0.02, 0.0, 1.0)
    return np.where(known, 0.0, 0.8 * uneven * large).astype(np.float32)
