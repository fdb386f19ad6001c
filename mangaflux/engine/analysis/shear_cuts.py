"""Where does a gutter cross a part of the page? Pure functions; any thread. Layout pixels throughout.

A part is cut by straight lines. Along every slope that the lines of the part lean in, the ink on each parallel line is
counted: a gutter is a valley of that profile between two crests, the frames beside it.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

import numpy as np

from mangaflux.engine.analysis.frame_lines import Segments, slopes_across, slopes_down
from mangaflux.engine.analysis.line_profiles import BLOCK, EMPTY, Direction, Layer, Profile, Valley
from mangaflux.engine.analysis.metadata import Mask
from mangaflux.engine.analysis.outlines import Outline, area_of, box_of, clipped, filled

#: How far the ink of both crests is above the valley between them, in shares of the line.
_LEAST_RELIEF = 0.42
#: A gutter without frames is empty; the ink of the higher crest, where the picture ends; narrowest and, between panels
#: side by side, widest such gutter, in thousandths of the long side; and what it scores.
_BARE_CREST, _NARROWEST_BARE, _WIDEST_BARE, _BARE_SCORE = 0.22, 4.0, 25.0, 0.4
#: Bare gutters lean at most by this tangent; panels beside them are at least so tall, as a part of what is cut.
_UPRIGHT, _TALL = 0.04, 0.25
#: A page so many times as high as it is wide is a strip; an empty gap of this width parts its panels, in thousandths of
#: the long side.
_STRIP, _STRIP_GAP = 2.0, 30.0
#: The least score of a framed gutter, and the one from which on no further slopes are tried.
_LEAST_SCORE, _SURE = 0.5, 0.8
#: A gutter with two others within this distance, in thousandths of the long side, is none but a texture; gutters that
#: are nearer than so many pixels are the same.
_TEXTURE, _SAME = 60.0, 2
#: Smallest panel, as a part of the page, and narrowest, in thousandths of the long side.
SMALLEST = 0.006
_NARROWEST_PANEL = 55.0


@dataclass(frozen=True, slots=True)
class Evidence:
    """What is known of a layout; masks are (h, w)."""

    #: True where it differs from the gutter.
    ink: Mask
    #: True where it is as dark as frames are.
    dark: Mask
    #: True under balloons and lettering.
    hidden: Mask
    segments: Segments
    #: One thousandth of the long side, in pixels.
    unit: float

    @property
    def is_strip(self) -> bool:
        """Whether the page is a long strip of panels."""
        height, width = self.ink.shape
        return bool(height > _STRIP * width)


@dataclass(frozen=True, slots=True)
class Cut:
    """A gutter between two parallel lines, v = near + slope * u and v = far + slope * u."""

    #: 0: it runs across, u is x and v is y; 1: it runs down, u is y and v is x.
    axis: int
    slope: float
    near: float
    far: float
    #: 0–1: how clean it is and how well framed.
    score: float

    @property
    def is_sure(self) -> bool:
        """Whether frames beside it and a clean way through leave no doubt."""
        return self.score >= _SURE


def best_cut(evidence: Evidence, outline: Outline) -> Cut | None:
    """The surest gutter through a convex part of the page; None where there is none."""
    place = box_of(outline)
    if min(place[2:]) < 4 * BLOCK:
        return None
    inside, known, ink = layers_of(evidence, outline)
    directions = (Direction.of(inside, known, ink), Direction.of(inside.T, known.T, ink.T))
    slopes = (slopes_across(evidence.segments, place), slopes_down(evidence.segments, place))
    best: Cut | None = None
    # The first two slopes are those of an upright page and of this one as it lies; most gutters run along them.
    for tried in (slice(0, 2), slice(2, None)):
        found = [cut for axis in (0, 1) for cut in _cuts(evidence, directions[axis], axis, slopes[axis][tried])]
        better = surest(evidence, outline, found)
        best = max(filter(None, (best, better)), key=lambda cut: cut.score, default=None)
        if best is not None and best.is_sure:
            break
    return best


def layers_of(evidence: Evidence, outline: Outline) -> tuple[Layer, Layer, Layer]:
    """Inside, known and ink, cropped to the box of an outline."""
    x, y, width, height = place = box_of(outline)
    inside = filled(outline, place)
    known = inside & ~evidence.hidden[y : y + height, x : x + width]
    return inside, known, known & evidence.ink[y : y + height, x : x + width]


def surest(evidence: Evidence, outline: Outline, cuts: Iterable[Cut]) -> Cut | None:
    """The best of some cuts that leaves two parts large enough to be panels, in pixels of the page.

    Args:
        evidence: what is known of the page.
        outline: what is cut.
        cuts: in pixels of the box around the outline.
    """
    x, y = box_of(outline)[:2]
    for cut in sorted(cuts, key=lambda cut: -cut.score):
        u, v = (y, x) if cut.axis else (x, y)
        by = v - cut.slope * u
        placed = replace(cut, near=cut.near + by, far=cut.far + by)
        if all(_may_be_panel(evidence, part) for part in parts_of(outline, placed)):
            return placed
    return None


def parts_of(outline: Outline, cut: Cut, overhang: float = 0.0) -> tuple[Outline, Outline]:
    """What a cut leaves of a convex part on the one side and the other, the gutter taken out; either may be empty.

    Args:
        outline: what is cut.
        cut: where.
        overhang: how far into the gutter, up to its middle, both parts may reach: figures break out of their frames.
    """
    reach = min(overhang, (cut.far - cut.near) / 2)
    u, v = outline[:, cut.axis].astype(np.float64), outline[:, 1 - cut.axis].astype(np.float64)
    height = v - cut.slope * u
    return clipped(outline, cut.near + reach - height), clipped(outline, height - cut.far + reach)


def _may_be_panel(evidence: Evidence, part: Outline) -> bool:
    """Whether a part is large enough, and no sliver along the edge of what is cut."""
    area = area_of(part)
    return area > SMALLEST * evidence.ink.size and area > _NARROWEST_PANEL * evidence.unit * max(box_of(part)[2:])


def _cuts(evidence: Evidence, direction: Direction, axis: int, slopes: Iterable[float]) -> Iterator[Cut]:
    """All gutters of one direction that lean by one of the slopes; of many side by side none."""
    for slope in slopes:
        profile = Profile.of(direction.blocks, slope)
        found: list[Cut] = []
        for valley in profile.valleys(evidence.unit):
            score = _score(evidence, direction, profile, valley, axis, slope)
            if score is not None:
                found.append(Cut(axis, slope, profile.first + valley.near, profile.first + valley.far, score))
        yield from _without_textures(found, evidence.unit)


def _without_textures(cuts: list[Cut], unit: float) -> Iterator[Cut]:
    middles = np.array([(cut.near + cut.far) / 2 for cut in cuts])
    for cut, middle in zip(cuts, middles.tolist(), strict=True):
        away = np.abs(middles - middle)
        if np.sum((away > cut.far - cut.near + _SAME) & (away < _TEXTURE * unit)) < 2:
            yield cut


def _score(
    evidence: Evidence, direction: Direction, profile: Profile, valley: Valley, axis: int, slope: float
) -> float | None:
    """How sure a gutter is; None where it is none."""
    line = profile.first + valley.lowest
    if valley.relief >= _LEAST_RELIEF:
        score = min(1.0, valley.relief - direction.hindrance(line, slope, evidence.unit))
        return score if score >= _LEAST_SCORE else None
    if abs(slope) > _UPRIGHT or not _is_bare_gutter(evidence, direction, profile, valley, axis):
        return None
    return _BARE_SCORE if direction.hindrance(line, slope, evidence.unit) == 0 else None


def _is_bare_gutter(evidence: Evidence, direction: Direction, profile: Profile, valley: Valley, axis: int) -> bool:
    """Whether a valley is an empty strip where pictures without frames end."""
    wide = (valley.far - valley.near + 1) / evidence.unit
    if profile.ink[valley.near : valley.far + 1].max() > EMPTY or wide < _NARROWEST_BARE:
        return False
    if axis == 0:
        return valley.crest >= _BARE_CREST or (evidence.is_strip and wide > _STRIP_GAP)
    near, far = (max(0, int(profile.first + number)) for number in (valley.near, valley.far))
    beside = (direction.ink[:near], direction.ink[far:])
    return valley.crest >= _BARE_CREST and wide <= _WIDEST_BARE and all(_is_tall(part) for part in beside)


def _is_tall(ink: Layer) -> bool:
    columns = np.flatnonzero(ink.any(axis=0))
    return bool(len(columns) and columns[-1] - columns[0] > _TALL * ink.shape[1])
