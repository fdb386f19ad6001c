"""Which parts of a page are painted again, and how does a new part get into the layer? Pure functions; any thread."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from mangaflux.engine.analysis.metadata import BoundingBox, PageAnalysis, Panel
from mangaflux.engine.base import Region, RgbImage
from mangaflux.engine.finishing.fidelity import Fidelity, PanelFidelity, Verdict, anomaly_mask

#: Share of the panels that must be critical for the whole page to be painted again in one go.
_MOST = 0.5
#: How far beyond the anomalies a region reaches, and how large it is at least, as shares of the page's short side: an
#: engine needs to see what surrounds it.
_MARGIN_SHARE, _LEAST_SHARE = 0.03, 0.2
#: Width over which a new part fades into the layer, as a share of the layer's short side.
_FADE_SHARE = 0.008
#: Seeds fit 31 bits, as the page's own.
_SEED_MASK = 0x7FFFFFFF


@dataclass(frozen=True, slots=True)
class Repair:
    """One part of a page that is painted again."""

    #: Number of the panel; 0 for the whole page.
    order: int
    verdict: Verdict
    #: None: the whole page.
    region: Region | None
    seed: int

    def document(self) -> dict[str, object]:
        """What a runmeta says of it."""
        box = None if self.region is None else [getattr(self.region, name) for name in ("x", "y", "width", "height")]
        return {"panel": self.order, "verdict": self.verdict, "region": box, "seed": self.seed}


def plan_repairs(
    fidelity: Fidelity, analysis: PageAnalysis, shape: tuple[int, ...], seed: int, attempt: int
) -> tuple[Repair, ...]:
    """What is to be painted again of a page of this (H, W, …) shape; empty where nothing is.

    Args:
        fidelity: of the page as it is.
        analysis: of the page.
        shape: of the page.
        seed: of the page; each repair gets another one from it.
        attempt: 1 for the first repair of the page.
    """
    critical = [panel for panel in fidelity.panels if panel.verdict == "critical"]
    most_panels = len(critical) > _MOST * len(fidelity.panels)
    beyond_panels = fidelity.verdict != "acceptable" and all(each.verdict == "acceptable" for each in fidelity.panels)
    if fidelity.page.verdict == "critical" or most_panels or beyond_panels:
        return (Repair(0, "critical", None, repair_seed(seed, attempt, 0)),)
    boxes = {panel.order: panel.bbox for panel in analysis.panels}
    return tuple(
        Repair(
            judged.order,
            judged.verdict,
            _region_of(judged, boxes[judged.order], fidelity, shape),
            repair_seed(seed, attempt, judged.order),
        )
        for judged in fidelity.panels
        if judged.verdict != "acceptable"
    )


def repair_seed(seed: int, attempt: int, order: int) -> int:
    """The seed of a repair, 0 … 2³¹ − 1, the same for ever."""
    digest = hashlib.sha256(f"{seed}:repair:{attempt}:{order}".encode()).digest()
    return int.from_bytes(digest[:4], "big") & _SEED_MASK


def patched(layer: RgbImage, patch: RgbImage, repair: Repair, analysis: PageAnalysis) -> RgbImage:
    """A layer, (h, w, 3) of a whole page, with a newly painted part in place of the old one.

    Args:
        layer: as it was; it is left alone.
        patch: what an engine painted of the repair's region, at any size.
        repair: says where it belongs; only the panel itself changes.
        analysis: of the page.
    """
    if repair.region is None:
        return patch
    page_height, page_width = analysis.panel_mask.shape
    across, down = layer.shape[1] / page_width, layer.shape[0] / page_height
    left, top = round(repair.region.x * across), round(repair.region.y * down)
    right = min(layer.shape[1], max(left + 1, round((repair.region.x + repair.region.width) * across)))
    bottom = min(layer.shape[0], max(top + 1, round((repair.region.y + repair.region.height) * down)))
    share = _share(repair, analysis.panels, layer.shape, (across, down))[top:bottom, left:right, None]
    result = layer.copy()
    new = cv2.resize(patch, (right - left, bottom - top), interpolation=cv2.INTER_LINEAR).astype(np.float32)
    mixed = layer[top:bottom, left:right] * (1 - share) + new * share
    result[top:bottom, left:right] = np.rint(mixed).astype(np.uint8)
    return result


def _region_of(judged: PanelFidelity, bbox: BoundingBox, fidelity: Fidelity, shape: tuple[int, ...]) -> Region:
    """The panel where it is critical, else what holds its anomalies."""
    x, y, width, height = bbox
    panel = _clipped(x, y, x + width, y + height, shape)
    if judged.verdict == "critical":
        return panel
    part = anomaly_mask(fidelity, shape)[panel.y : panel.y + panel.height, panel.x : panel.x + panel.width]
    rows, columns = np.flatnonzero(part.any(axis=1)), np.flatnonzero(part.any(axis=0))
    if not len(rows):
        return panel
    margin, least = (share * min(shape[:2]) for share in (_MARGIN_SHARE, _LEAST_SHARE))
    top, bottom = _grown(y + rows[0] - margin, y + rows[-1] + margin, least)
    left, right = _grown(x + columns[0] - margin, x + columns[-1] + margin, least)
    return _clipped(left, top, right, bottom, shape)


def _grown(start: float, stop: float, least: float) -> tuple[int, int]:
    """The span, around its middle no shorter than `least`."""
    missing = max(0.0, least - (stop - start)) / 2
    return round(start - missing), round(stop + missing)


def _clipped(left: int, top: int, right: int, bottom: int, shape: tuple[int, ...]) -> Region:
    left, top = max(0, left), max(0, top)
    return Region(left, top, max(1, min(shape[1], right) - left), max(1, min(shape[0], bottom) - top))


def _share(
    repair: Repair, panels: Sequence[Panel], shape: tuple[int, ...], scale: tuple[float, float]
) -> NDArray[np.float32]:
    """(h, w) 0–1 of a layer: how much of the new part shows; soft at its rim, nothing outside the panel."""
    area = np.zeros(shape[:2], np.uint8)
    region = repair.region or Region(0, 0, shape[1], shape[0])
    left, top = round(region.x * scale[0]), round(region.y * scale[1])
    right, bottom = round((region.x + region.width) * scale[0]), round((region.y + region.height) * scale[1])
    area[top:bottom, left:right] = 1
    polygon = next((panel.polygon for panel in panels if panel.order == repair.order and panel.polygon), None)
    if polygon is not None:
        inside = np.zeros_like(area)
        cv2.fillPoly(inside, [np.rint(np.array(polygon) * scale).astype(np.int32)], (1,))
        area &= inside
    fade = max(1.0, _FADE_SHARE * min(shape[:2]))
    # The frame of zeros makes the rim of the picture a rim as well.
    padded = cv2.copyMakeBorder(area, 1, 1, 1, 1, cv2.BORDER_CONSTANT, value=(0,))
    distance = cv2.distanceTransform(padded, cv2.DIST_L2, cv2.DIST_MASK_3)[1:-1, 1:-1]
    return np.asarray(np.clip(distance / fade, 0.0, 1.0), np.float32)
