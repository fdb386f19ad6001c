"""Did the drawing survive what an engine made of it? A score and a verdict for the page and for each panel.

The raw layer is judged for where its edges lie, whether light and shade are the page's, and what it invented; lines
that it lacks or draws otherwise are no fault, since finishing brings the page's own back. Nor are letters drawn
otherwise: they lower the score, but the page's own pixels take their place, and painting again would gain nothing.
Letters and edges that both lie elsewhere are another matter: the colours do as well. The finished page is judged
for the lines kept, invented strokes left over and colour where none may be. Thresholds were set on drawn and licensed
pages whose true colours are known, between faithful layers and wrong ones of six kinds. Pure functions; any thread.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import cv2
import numpy as np
from numpy.typing import NDArray

from mangaflux.engine.analysis.metadata import BoundingBox, Mask, PageAnalysis
from mangaflux.engine.base import RgbImage
from mangaflux.engine.finishing.comparison import compare
from mangaflux.engine.finishing.finished_page import PageKept, measure_kept
from mangaflux.engine.finishing.measures import Maps, Measures, make_maps, measure
from mangaflux.engine.finishing.tiles import side_by_side

#: acceptable: nothing to do; micro_repair: some regions are wrong; critical: the panel is.
Verdict = Literal["acceptable", "micro_repair", "critical"]

#: For each measure the value that scores 0 and the one that scores 1.
_SCORES: Mapping[str, tuple[float, float]] = {
    "aligned": (0.55, 0.8),
    "structure": (0.05, 0.17),
    "tone": (-0.7, -0.3),
    "light_strokes": (7.0, 3.0),
    "contrast": (0.2, 0.5),
    "invented": (0.13, 0.06),
    "invented_finished": (0.16, 0.06),
    "lettering": (0.25, 0.5),
}
#: What makes a whole panel wrong, and what only a region of it.
_OF_PANEL = ("aligned", "structure", "tone", "light_strokes", "contrast")
_OF_REGION = ("invented", "invented_finished")
#: Score below which a measure is a reason to repair.
_ENOUGH = 0.4
#: Pixels of the comparison from which edges lie elsewhere, where the letters do not agree either. Layers six pixels off
#: are found so by one panel at least on 14 of 14 pages, and no area of a faithful layer is.
_SHIFTED = 3.0
#: Share of a place under invented strokes from which it is anomalous, in the layer and on the finished page; from
#: which it belongs to the anomaly beside it; and share of a panel that is too much to mend in pieces.
_ANOMALOUS, _ANOMALOUS_FINISHED, _BESIDE, _TOO_MUCH = 0.08, 0.06, 0.03, 0.3
#: Pixels of the comparison at each edge of a panel that belong to its frame.
_FRAME = 6


@dataclass(frozen=True, slots=True)
class PanelFidelity:
    """How well one panel survived."""

    #: The panel's number in reading order; 0 for the page as a whole.
    order: int
    #: 0 (lost) … 1 (all there): the lowest of its measures' scores.
    score: float
    verdict: Verdict
    #: Which measures made the verdict; empty where it is acceptable.
    reasons: tuple[str, ...]
    measures: Measures


@dataclass(frozen=True, slots=True)
class Fidelity:
    """How well a page survived."""

    #: 0–1: a page is as good as its worst panel.
    score: float
    #: The worst of the page's own and of its panels'.
    verdict: Verdict
    page: PanelFidelity
    panels: tuple[PanelFidelity, ...]
    kept: PageKept
    #: (h, w) bool, True on anomalous regions, and the pixels of it for one pixel of the page.
    anomalies: Mask
    scale: float

    def document(self) -> dict[str, object]:
        """What a runmeta says of it."""
        return {
            "score": round(self.score, 4),
            "verdict": self.verdict,
            **self.kept.rounded(),
            "page": _entry(self.page),
            "panels": [{"order": panel.order, **_entry(panel)} for panel in self.panels],
        }


def measure_fidelity(
    page: RgbImage, drawing: NDArray[np.uint8], layer: RgbImage, finished: RgbImage, analysis: PageAnalysis
) -> Fidelity:
    """The fidelity of a finished page, (H, W, 3), and of the layer, (h, w, 3), it was made from.

    Args:
        page: (H, W, 3) uint8 sRGB, the original.
        drawing: (H, W) uint8, its levels without screentone.
        layer: what the engine painted of the whole page, at any size.
        finished: at full strength.
        analysis: of the page.
    """
    pictures = compare(page, drawing, layer, finished, analysis)
    maps = make_maps(pictures)
    anomalies = _anomalies(maps)
    whole: BoundingBox = (0, 0, drawing.shape[1], drawing.shape[0])

    def judged(order: int, bbox: BoundingBox) -> PanelFidelity:
        area = pictures.area(bbox, _FRAME)
        return _judge(order, measure(pictures, maps, area), anomalies[area], pictures.scale)

    areas = [(0, whole), *((panel.order, panel.bbox) for panel in analysis.panels)]
    of_page, *panels = side_by_side(lambda area: judged(*area), areas)
    return Fidelity(
        score=min(each.score for each in (of_page, *panels)),
        verdict=_worst([each.verdict for each in (of_page, *panels)]),
        page=of_page,
        panels=tuple(panels),
        kept=measure_kept(page, drawing, finished, analysis),
        anomalies=anomalies,
        scale=pictures.scale,
    )


def anomaly_mask(fidelity: Fidelity, shape: tuple[int, ...]) -> Mask:
    """The anomalous regions at the size of a page, (H, W) bool."""
    small = fidelity.anomalies.astype(np.uint8)
    return np.asarray(cv2.resize(small, (shape[1], shape[0]), interpolation=cv2.INTER_NEAREST) > 0)


def _anomalies(maps: Maps) -> Mask:
    """Where much was invented, with all that hangs together with it."""
    invented = np.maximum(maps.invented, maps.invented_finished)
    certain = (maps.invented > _ANOMALOUS) | (maps.invented_finished > _ANOMALOUS_FINISHED)
    count, regions = cv2.connectedComponents((invented > _BESIDE).astype(np.uint8))
    anomalous = np.bincount(regions[certain], minlength=count) > 0
    return np.asarray(anomalous[regions])


def _judge(order: int, measures: Measures, anomalies: Mask, scale: float) -> PanelFidelity:
    scores = {name: _score(float(getattr(measures, name)), *span) for name, span in _SCORES.items()}
    wrong = tuple(name for name in _OF_PANEL if scores[name] < _ENOUGH)
    if scores["lettering"] < _ENOUGH and measures.drift * scale >= _SHIFTED:
        wrong = (*wrong, "shifted")
    invented = tuple(name for name in _OF_REGION if scores[name] < _ENOUGH)
    too_much = bool(invented) and anomalies.mean() > _TOO_MUCH
    verdict: Verdict = "critical" if wrong or too_much else "micro_repair" if invented else "acceptable"
    return PanelFidelity(order, min(scores.values()), verdict, wrong + invented, measures)


def _score(value: float, nothing: float, everything: float) -> float:
    return min(1.0, max(0.0, (value - nothing) / (everything - nothing)))


def _worst(verdicts: list[Verdict]) -> Verdict:
    order: tuple[Verdict, ...] = ("acceptable", "micro_repair", "critical")
    return max(verdicts, key=order.index)


def _entry(panel: PanelFidelity) -> dict[str, object]:
    return {
        "score": round(panel.score, 4),
        "verdict": panel.verdict,
        "reasons": list(panel.reasons),
        **panel.measures.rounded(),
    }
