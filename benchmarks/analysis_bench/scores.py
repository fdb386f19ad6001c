"""How well an analysis agrees with the truth about its page."""

from collections.abc import Sequence
from dataclasses import dataclass, field, fields

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment

from analysis_bench.truth import KnownBlock, Polygon, TruthPage, dilated, filled
from mangaflux.engine.analysis.metadata import Mask, PageAnalysis

#: Intersection over union from which a panel or a balloon counts as found.
PANEL_IOU, BALLOON_IOU = 0.7, 0.5
#: What may be protected around truth, as a share of the page's shorter side: outlines, and the edges of letters.
_LEEWAY = 0.005


@dataclass(frozen=True, slots=True)
class Ratio:
    """A part of a whole, which adds up over pages."""

    part: float = 0.0
    whole: float = 0.0

    def __add__(self, other: "Ratio") -> "Ratio":
        return Ratio(self.part + other.part, self.whole + other.whole)

    @property
    def value(self) -> float | None:
        """The share, 0–1; None of nothing."""
        return self.part / self.whole if self.whole else None


@dataclass(frozen=True, slots=True)
class Score:
    """What is counted of a page, or of several."""

    pages: int = 0
    panel_recall: Ratio = Ratio()
    panel_precision: Ratio = Ratio()
    #: Panels that follow each other, both found, in the right order.
    pairs: Ratio = Ratio()
    balloon_recall: Ratio = Ratio()
    balloon_precision: Ratio = Ratio()
    #: Pixels of lettering inside balloons, of sounds, of captions.
    lettering: Ratio = Ratio()
    sfx: Ratio = Ratio()
    captions: Ratio = Ratio()
    #: Blocks that were found, and told as what they are.
    sfx_told: Ratio = Ratio()
    captions_told: Ratio = Ratio()
    #: Pixels of art inside the protected masks, of the whole page; counted where all balloons are known.
    art_lost: Ratio = Ratio()

    def __add__(self, other: "Score") -> "Score":
        return Score(**{part.name: getattr(self, part.name) + getattr(other, part.name) for part in fields(self)})


@dataclass(frozen=True, slots=True)
class Verdict:
    """The score of one page, and what was missed on it."""

    name: str
    group: str
    scanned: bool
    score: Score
    #: Of each kind of balloon, how many were found.
    balloon_kinds: dict[str, Ratio] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, eq=False)
class Misses:
    """What is wrong on one page, for looking at."""

    panels: tuple[Polygon, ...]
    balloons: tuple[Polygon, ...]
    false_balloons: tuple[Polygon, ...]
    #: (H, W) bool.
    lettering: Mask
    art_lost: Mask


def judge(truth: TruthPage, found: PageAnalysis) -> tuple[Verdict, Misses]:
    """Holds an analysis against the truth."""
    panels = _Matching.of(truth.panels or (), [_polygon(panel.polygon) for panel in found.panels])
    known = truth.balloons or ()
    balloons = _Matching.of([balloon.polygon for balloon in known], [_polygon(each.polygon) for each in found.balloons])
    lost = _art_lost(truth, found)
    counted = {} if truth.panels is None else _panel_counts(panels, [panel.order for panel in found.panels])
    if truth.balloons is not None:
        counted |= _balloon_counts(balloons) | {"art_lost": Ratio(float(lost.sum()), lost.size)}
    score = Score(pages=1, **counted, **_lettering_counts(truth, found))
    verdict = Verdict(truth.name, truth.group, truth.scanned, score, _by_kind(truth, balloons))
    misses = Misses(
        panels=panels.missed(PANEL_IOU) if truth.panels is not None else (),
        balloons=balloons.missed(BALLOON_IOU),
        false_balloons=balloons.spurious(BALLOON_IOU) if truth.balloons is not None else (),
        lettering=truth.lettering_mask & ~found.lettering_mask,
        art_lost=lost,
    )
    return verdict, misses


@dataclass(frozen=True, slots=True, eq=False)
class _Matching:
    """Truth and found polygons, each paired with at most one other so that their overlaps sum up highest."""

    truth: Sequence[Polygon]
    found: Sequence[Polygon]
    #: (N, 3): number in truth, number in found, intersection over union.
    pairs: list[tuple[int, int, float]]

    @classmethod
    def of(cls, truth: Sequence[Polygon], found: Sequence[Polygon]) -> "_Matching":
        overlaps = np.array([[overlap(first, second) for second in found] for first in truth], dtype=np.float64)
        if not overlaps.size:
            return cls(truth, found, [])
        rows, columns = linear_sum_assignment(overlaps, maximize=True)
        pairs = zip(rows.tolist(), columns.tolist(), overlaps[rows, columns].tolist(), strict=True)
        return cls(truth, found, list(pairs))

    def hits(self, least: float) -> dict[int, int]:
        """Numbers in truth with the numbers in found that answer them."""
        return {first: second for first, second, iou in self.pairs if iou >= least}

    def missed(self, least: float) -> tuple[Polygon, ...]:
        """What of the truth was not found."""
        hits = self.hits(least)
        return tuple(polygon for number, polygon in enumerate(self.truth) if number not in hits)

    def spurious(self, least: float) -> tuple[Polygon, ...]:
        """What was found and is not there."""
        answers = set(self.hits(least).values())
        return tuple(polygon for number, polygon in enumerate(self.found) if number not in answers)

    def recall(self, least: float) -> Ratio:
        """How much of the truth was found."""
        return Ratio(len(self.hits(least)), len(self.truth))

    def precision(self, least: float) -> Ratio:
        """How much of what was found is true."""
        return Ratio(len(self.hits(least)), len(self.found))


def overlap(first: Polygon, second: Polygon) -> float:
    """Intersection over union of two polygons, counted in pixels."""
    low = np.minimum(first.min(axis=0), second.min(axis=0)).astype(int)
    apart = (first.max(axis=0) < second.min(axis=0)) | (second.max(axis=0) < first.min(axis=0))
    if apart.any():
        return 0.0
    width, height = np.maximum(first.max(axis=0), second.max(axis=0)).astype(int) - low + 2
    one, other = (filled((int(height), int(width)), [polygon - low]) for polygon in (first, second))
    return float((one & other).sum() / max(1, (one | other).sum()))


def _panel_counts(panels: _Matching, orders: Sequence[int]) -> dict[str, Ratio]:
    # Order is a question of its own: it is asked of all panels that were found roughly.
    place = {number: orders[answer] for number, answer in panels.hits(BALLOON_IOU).items()}
    pairs = [(place[n], place[n + 1]) for n in range(len(panels.truth) - 1) if n in place and n + 1 in place]
    return {
        "panel_recall": panels.recall(PANEL_IOU),
        "panel_precision": panels.precision(PANEL_IOU),
        "pairs": Ratio(sum(first < second for first, second in pairs), len(pairs)),
    }


def _balloon_counts(balloons: _Matching) -> dict[str, Ratio]:
    return {
        "balloon_recall": balloons.recall(BALLOON_IOU),
        "balloon_precision": balloons.precision(BALLOON_IOU),
    }


def _by_kind(truth: TruthPage, balloons: _Matching) -> dict[str, Ratio]:
    counts: dict[str, Ratio] = {}
    hits = balloons.hits(BALLOON_IOU)
    for number, balloon in enumerate(truth.balloons or ()):
        if balloon.kind:
            counts[balloon.kind] = counts.get(balloon.kind, Ratio()) + Ratio(number in hits, 1)
    return counts


def _lettering_counts(truth: TruthPage, found: PageAnalysis) -> dict[str, Ratio]:
    counts: dict[str, Ratio] = {}
    if truth.balloons is not None:
        inside = filled(truth.lettering_mask.shape, [balloon.polygon for balloon in truth.balloons])
        counts["lettering"] = _covered(truth.lettering_mask & inside, found.lettering_mask)
    for name, kind in (("sfx", "sfx"), ("captions", "caption")):
        blocks = [block for block in truth.blocks if block.kind == kind]
        area = filled(truth.lettering_mask.shape, [block.polygon for block in blocks])
        counts[name] = _covered(truth.lettering_mask & area, found.lettering_mask)
        counts[f"{name}_told"] = Ratio(sum(_is_told(block, found) for block in blocks), len(blocks))
    return counts


def _covered(wanted: Mask, mask: Mask) -> Ratio:
    return Ratio(float((wanted & mask).sum()), float(wanted.sum()))


def _is_told(block: KnownBlock, found: PageAnalysis) -> bool:
    """Whether the found block that shares most with this one is of its kind."""
    low, high = block.polygon.min(axis=0), block.polygon.max(axis=0)
    best, kind = 0.0, None
    for each in found.lettering:
        x, y, width, height = each.bbox
        shared = np.minimum(high, (x + width, y + height)) - np.maximum(low, (x, y))
        area = float(np.prod(np.maximum(shared, 0)))
        if area > best:
            best, kind = area, each.kind
    return kind == block.kind


def _art_lost(truth: TruthPage, found: PageAnalysis) -> Mask:
    """The art that the masks protect though it is neither balloon nor lettering; all of the page where the panels
    are unknown, else what is inside panels.
    """
    shape = truth.lettering_mask.shape
    right = truth.lettering_mask | filled(shape, [balloon.polygon for balloon in truth.balloons or ()])
    right |= filled(shape, [block.polygon for block in truth.blocks if block.kind != "sfx"])
    allowed = dilated(right, max(2, round(_LEEWAY * min(shape))))
    art = filled(shape, list(truth.panels)) if truth.panels is not None else np.ones(shape, dtype=np.bool_)
    return (found.lettering_mask | found.balloon_mask) & ~allowed & art


def _polygon(points: Sequence[tuple[int, int]]) -> NDArray[np.float64]:
    return np.array(points, dtype=np.float64).reshape(-1, 2)
