"""A page while it is painted: what it looks like so far, how good that is, and what is to be painted again.

The engine paints, on the device thread; everything here is CPU work on values, between its turns. Pure functions; any
thread.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from mangaflux.engine.base import ColorizeRequest, ColourLayer, Region, RgbImage
from mangaflux.engine.finishing.chapter_palette import Agreement, ChapterPalette, agree, with_hints
from mangaflux.engine.finishing.compositing import FinishingRecipe, composite
from mangaflux.engine.finishing.drawing import read_drawing
from mangaflux.engine.finishing.fidelity import Fidelity, measure_fidelity
from mangaflux.engine.finishing.repair import Repair, patched, plan_repairs
from mangaflux.errors import PageFailedError

#: A layer may miss the aspect of what it shows by this much: half a step of a grid of 16 at 512 pixels.
ASPECT_TOLERANCE = 0.02


@dataclass(frozen=True, slots=True, eq=False)
class Draft:
    """The best that was painted so far."""

    request: ColorizeRequest
    recipe: FinishingRecipe
    layer: ColourLayer
    #: (H, W, 3) uint8 sRGB, at full strength.
    finished: RgbImage
    fidelity: Fidelity
    palette: ChapterPalette
    agreement: Agreement
    #: What is to be painted again; empty where nothing is, or nothing may.
    repairs: tuple[Repair, ...] = ()
    #: What became of the repairs so far, as in the runmeta.
    attempts: tuple[Mapping[str, object], ...] = ()
    #: Largest of all paintings; None where the engine has no device memory of its own.
    peak_memory_bytes: int | None = None

    @property
    def requests(self) -> tuple[ColorizeRequest, ...]:
        """What the engine is asked to paint again, one for each repair."""
        return tuple(replace(self.request, region=repair.region, seed=repair.seed) for repair in self.repairs)

    def document(self) -> dict[str, object]:
        """What a runmeta says of how the drawing survived."""
        flagged = self.fidelity.verdict != "acceptable"
        return {
            **self.fidelity.document(),
            "colours": {"palette": self.palette.document(), **self.agreement.document()},
            "flagged": flagged,
            "attempts": [dict(each) for each in self.attempts],
        }


def start_draft(
    request: ColorizeRequest, layer: ColourLayer, recipe: FinishingRecipe, palette: ChapterPalette
) -> Draft:
    """The draft of a page from the first layer an engine painted of it, and the palette of its chapter.

    Raises:
        PageFailedError: the layer is not a picture of this page.
    """
    check_layer(layer, request.page.shape[1], request.page.shape[0], "a page")
    draft = _finished(request, recipe, with_hints(palette, request.hints), layer)
    return replace(draft, repairs=_planned(draft, 1))


def mend(draft: Draft, patches: Sequence[ColourLayer]) -> Draft:
    """The draft with its repairs painted, or as it was where they made nothing better.

    Raises:
        PageFailedError: a patch is not a picture of its region.
    """
    image, number = draft.layer.image, len(draft.attempts) + 1
    for repair, patch in zip(draft.repairs, patches, strict=True):
        whole = Region(0, 0, draft.request.page.shape[1], draft.request.page.shape[0])
        region = repair.region or whole
        check_layer(patch, region.width, region.height, "a region")
        image = patched(image, patch.image, repair, draft.request.analysis)
    mended = _finished(draft.request, draft.recipe, draft.palette, replace(draft.layer, image=image))
    better = _goodness(mended.fidelity) > _goodness(draft.fidelity)
    noted = {
        "attempt": number,
        "repairs": [repair.document() for repair in draft.repairs],
        "score_before": round(draft.fidelity.score, 4),
        "score_after": round(mended.fidelity.score, 4),
        "verdict_after": mended.fidelity.verdict,
        "kept": better,
    }
    best = replace(
        mended if better else draft,
        attempts=(*draft.attempts, noted),
        peak_memory_bytes=_largest([draft.peak_memory_bytes, *(patch.peak_memory_bytes for patch in patches)]),
    )
    return replace(best, repairs=_planned(best, number + 1))


def give_up(draft: Draft, reason: str) -> Draft:
    """The draft as it is, with nothing left to paint: the engine could not do its repairs."""
    noted = {
        "attempt": len(draft.attempts) + 1,
        "repairs": [repair.document() for repair in draft.repairs],
        "error": reason,
        "kept": False,
    }
    return replace(draft, repairs=(), attempts=(*draft.attempts, noted))


def check_layer(layer: ColourLayer, width: int, height: int, what: str) -> None:
    """Refuses what cannot be a picture of so many pixels of a page or of a region, as `what` says.

    Raises:
        PageFailedError: it has another aspect, or is no 8-bit colour picture.
    """
    shape = layer.image.shape
    if layer.image.ndim != 3 or shape[2] != 3 or layer.image.dtype != np.uint8:
        raise PageFailedError(f"The engine returned no 8-bit colour picture for {what} of {width}×{height}.")
    if abs(shape[1] / shape[0] / (width / height) - 1) > ASPECT_TOLERANCE + 1 / min(shape[:2]):
        raise PageFailedError(f"The engine returned a picture of {shape[1]}×{shape[0]} for {what} of {width}×{height}.")


def _finished(request: ColorizeRequest, recipe: FinishingRecipe, palette: ChapterPalette, layer: ColourLayer) -> Draft:
    analysis = request.analysis
    drawing = request.drawing if recipe.screentone == "soften" else read_drawing(request.page, recipe.screentone)
    takes_colour = analysis.panel_mask & ~analysis.balloon_mask
    agreed, agreement = agree(layer.image, takes_colour, palette, recipe.palette_strength)
    finished = composite(request.page, replace(layer, image=agreed), analysis, recipe=recipe, drawing=drawing)
    return Draft(
        request=request,
        recipe=recipe,
        layer=layer,
        finished=finished,
        # The raw layer: what the engine did is judged, not what was mended of it.
        fidelity=measure_fidelity(request.page, request.drawing, layer.image, finished, analysis),
        palette=palette,
        agreement=agreement,
        peak_memory_bytes=layer.peak_memory_bytes,
    )


def _planned(draft: Draft, attempt: int) -> tuple[Repair, ...]:
    if attempt > draft.recipe.max_repairs:
        return ()
    request = draft.request
    return plan_repairs(draft.fidelity, request.analysis, request.page.shape, request.seed, attempt)


def _goodness(fidelity: Fidelity) -> tuple[int, float]:
    """Fewer panels to repair, then the better panels on the whole."""
    panels = (fidelity.page, *fidelity.panels)
    return -sum(panel.verdict != "acceptable" for panel in panels), sum(panel.score for panel in panels)


def _largest(sizes: Sequence[int | None]) -> int | None:
    return max((size for size in sizes if size is not None), default=None)
