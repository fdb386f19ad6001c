"""Into which panels is a page divided? Pure functions; any thread. Layout pixels throughout.

A page is cut along its surest gutter, and the parts again, until no gutter crosses a part. Parts that no cut parts may
still hold complete frames: those inside of a larger panel, and those that lie on top of their neighbours.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from mangaflux.engine.analysis.frame_quads import CompleteFrame, choose_frames
from mangaflux.engine.analysis.frames import framed_share, panel_outline
from mangaflux.engine.analysis.gutters import square
from mangaflux.engine.analysis.metadata import Mask, PanelSource
from mangaflux.engine.analysis.outlines import (
    Outline,
    area_of,
    box_of,
    box_outline,
    filled,
    hull_of,
    share_inside,
)
from mangaflux.engine.analysis.seams import best_seam
from mangaflux.engine.analysis.shear_cuts import SMALLEST, Evidence, best_cut, parts_of

#: More cuts on the way to a panel than this are a texture; a strip may have its panels cut off one by one.
_DEEPEST = 40
#: How far figures may break out of their frames into a gutter, in thousandths of the long side.
_OVERHANG = 12.0
#: A page lies askew where the smallest rectangle around it is smaller than the upright one by this factor.
_ASKEW = 0.97
#: Parts larger than this part of the page are searched for complete frames, up to this part of their own area.
_SEARCHED, _LARGEST_FRAME = 0.12, 0.88
#: Parts smaller than this part of the page are one panel, with smaller ones in it at most.
_SEVERAL = 0.28
#: A part whose outline is drawn to this share is a panel, and so is one that runs off the paper on so many sides;
#: frames in such a part are smaller panels, up to this part of its area.
_FRAMED, _LARGEST_INSET, _BLEED_EDGES = 0.9, 0.4, 2
#: Frames and what lies beside them leave at most this part of what is drawn.
_MOST_LEFT = 0.12
#: Pixels around a complete frame that belong to it, and the side of slivers that are left between frames.
_RIM, _SLIVER = 4, 7
#: A panel holds a frame where this part of it lies inside.
_HELD = 0.9


@dataclass(frozen=True, slots=True)
class Division:
    """One part of a divided page."""

    outline: Outline
    source: PanelSource


def divide(evidence: Evidence, frames: tuple[CompleteFrame, ...]) -> list[Division]:
    """The panels of a page; none where nothing is drawn on it.

    Args:
        evidence: what is known of the page.
        frames: its complete frames.
    """
    height, width = evidence.ink.shape
    drawn = _tightened(evidence, box_outline((0, 0, width, height)))
    return [] if drawn is None else list(_divided(evidence, frames, _page_outline(evidence, drawn), "gutter", 0))


def _divided(
    evidence: Evidence, frames: tuple[CompleteFrame, ...], region: Outline, source: PanelSource, depth: int
) -> Iterator[Division]:
    hull = _tightened(evidence, region)
    if hull is None or area_of(hull) < SMALLEST * evidence.ink.size:
        return
    cut = (best_cut(evidence, hull) or best_seam(evidence, hull)) if depth < _DEEPEST else None
    if cut is not None:
        for part in parts_of(region, cut, _OVERHANG * evidence.unit):
            yield from _divided(evidence, frames, part, source if cut.is_sure else "cut", depth + 1)
        return
    outline = panel_outline(region, hull, evidence.ink)
    yield from _with_frames(evidence, frames, Division(outline, source))


def _page_outline(evidence: Evidence, hull: Outline) -> Outline:
    """The rectangle around everything that is drawn, askew where the page lies askew."""
    height, width = evidence.ink.shape
    upright = box_outline(box_of(hull))
    turned = np.clip(np.rint(cv2.boxPoints(cv2.minAreaRect(hull))), 0, (width - 1, height - 1)).astype(np.int32)
    return turned if area_of(turned) < _ASKEW * area_of(upright) else upright


def _tightened(evidence: Evidence, region: Outline) -> Outline | None:
    """The hull of what is drawn in a region, balloons and lettering left out; None where nothing is."""
    if len(region) < 3:
        return None
    x, y, width, height = box = box_of(region)
    place = np.s_[y : y + height, x : x + width]
    return hull_of((filled(region, box) > 0) & evidence.ink[place] & ~evidence.hidden[place], x, y)


def _with_frames(evidence: Evidence, frames: tuple[CompleteFrame, ...], whole: Division) -> list[Division]:
    """A part that no gutter crosses, with the complete frames in it: around it, or beside what they leave of it."""
    if area_of(whole.outline) < _SEARCHED * evidence.ink.size:
        return [whole]
    is_small = area_of(whole.outline) < _SEVERAL * evidence.ink.size
    if is_small or framed_share(whole.outline, evidence.ink) >= _FRAMED or _bleeds(whole.outline, evidence.ink):
        closed = (frame.outline for frame in frames if frame.is_closed)
        return [whole, *(Division(frame, "frame") for frame in choose_frames(closed, whole.outline, _LARGEST_INSET, 0))]
    chosen = choose_frames((frame.outline for frame in frames), whole.outline, _LARGEST_FRAME, 2)
    beside = _left_beside(evidence, whole.outline, chosen)
    inner = [Division(frame, "frame") for frame in chosen]
    if any(all(share_inside(frame, rest) > _HELD for frame in chosen) for rest in beside):
        return [whole, *inner]
    if not chosen or _share_left(evidence.ink, whole.outline, [*chosen, *beside]) > _MOST_LEFT:
        return [whole]
    return [*inner, *(Division(rest, "cut") for rest in beside)]


def _bleeds(outline: Outline, ink: Mask) -> bool:
    """Whether a part runs off the paper on two sides or more, as the picture behind other panels does."""
    x, y, width, height = box_of(outline)
    edges = (x <= 1, y <= 1, x + width >= ink.shape[1] - 1, y + height >= ink.shape[0] - 1)
    return bool(sum(edges) >= _BLEED_EDGES)


def _share_left(ink: Mask, outline: Outline, parts: list[Outline]) -> float:
    """The share of what is drawn in an outline that lies in none of its parts, 0–1."""
    x, y, width, height = box = box_of(outline)
    drawn = filled(outline, box) & ink[y : y + height, x : x + width]
    rest = drawn.copy()
    cv2.fillPoly(rest, parts, (0,), offset=(-x, -y))
    return float(rest.sum() / max(1, drawn.sum()))


def _left_beside(evidence: Evidence, outline: Outline, frames: list[Outline]) -> list[Outline]:
    """Hulls of what is drawn in an outline beside its frames, as the gutter parts it."""
    x, y, width, height = box = box_of(outline)
    inside = filled(outline, box)
    edge = inside - cv2.erode(inside, square(5), borderType=cv2.BORDER_CONSTANT, borderValue=(0,))
    if frames:
        taken = np.zeros_like(inside)
        cv2.fillPoly(taken, frames, (1,), offset=(-x, -y))
        inside &= 1 - np.asarray(cv2.dilate(taken, square(2 * _RIM + 1)), dtype=np.uint8)
    rest = inside & ~_reached(inside & ~evidence.ink[y : y + height, x : x + width], edge > 0)
    rest = np.asarray(cv2.morphologyEx(rest, cv2.MORPH_OPEN, square(_SLIVER)), dtype=np.uint8)
    contours, _ = cv2.findContours(rest, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE, offset=(x, y))
    hulls = (np.asarray(cv2.convexHull(contour).reshape(-1, 2), dtype=np.int32) for contour in contours)
    return [hull for hull in hulls if area_of(hull) > SMALLEST * evidence.ink.size]


def _reached(ground: NDArray[np.uint8], edge: Mask) -> Mask:
    """The ground that is connected with what of it lies at an edge."""
    count, labels = cv2.connectedComponents(ground, connectivity=4)
    reached = np.zeros(count, dtype=np.bool_)
    reached[labels[edge]] = True
    reached[0] = False
    return np.asarray(reached[labels])
