"""The embedded engine: reference-guided colour on a CPU in about a second a page.

Where the package has the weights of the colour prior, the network's guesses guide the renderer; without them the
renderer works alone.
"""

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import cv2
import numpy as np

from mangaflux.engine.analysis.faces import find_faces
from mangaflux.engine.base import ColorizeRequest, ColourLayer, EngineContext, ModelInfo, Quality, Region, RgbImage
from mangaflux.engine.lite.assignment import assign_colours
from mangaflux.engine.lite.drawing import read_drawing
from mangaflux.engine.lite.eyes import find_eye_whites
from mangaflux.engine.lite.guidance import Guidance, can_guide, guide
from mangaflux.engine.lite.heads import find_heads
from mangaflux.engine.lite.palette import read_palette
from mangaflux.engine.lite.prior import ColourPrior, weights_sha256
from mangaflux.engine.lite.regions import Regions, find_regions
from mangaflux.engine.lite.render import paint, pin_hints

#: Long side of the page, in pixels, at which patches are found and painted.
_WORKING_SIDES: Mapping[Quality, int] = {"best": 900, "fast": 600}
#: Raised with any change that changes bytes.
_RECIPE = "9"


class LiteEngine:
    """Fills the patches between the lines with colours of the reference, matched by how light, how high and how
    large each patch is among its like.

    Args:
        use_prior: whether the colour prior guides it, where the package has its weights; `quality` fast does without.
    """

    def __init__(self, *, use_prior: bool = True) -> None:
        sha256 = weights_sha256() if use_prior else None
        self.name = "lite"
        self.model = ModelInfo(id="mangaflux-lite", revision=_RECIPE, sha256=sha256)
        self.device = "cpu"
        self.recipe: Mapping[str, str] = {"lite": _RECIPE, "prior": sha256 or "none"}
        self._use_prior = use_prior
        self._prior: ColourPrior | None = None

    def load(self) -> None:
        """Reads the weights of the colour prior, where there are any."""
        self._prior = ColourPrior.load() if self._use_prior else None

    def unload(self) -> None:
        """Lets go of the colour prior."""
        self._prior = None

    def expect(self, request: ColorizeRequest) -> None:
        """Prepares nothing: a page needs nothing that another could bring."""

    def colorize(self, request: ColorizeRequest, context: EngineContext) -> ColourLayer:
        """The colour layer of one page, or of the region asked for.

        Raises:
            AttemptAbortedError: from the context, between stages.
        """
        timed = _Stages(context)
        with timed.stage("palette"):
            palette = read_palette(request.references, request.palette)
        with timed.stage("lines"):
            drawing = read_drawing(request, _WORKING_SIDES[request.quality])
        with timed.stage("regions"):
            regions = find_regions(drawing.art, drawing.paper)
        with timed.stage("faces"):
            faces = find_faces(regions, drawing.art.ink)
            eye_whites = find_eye_whites(faces, drawing.art.ink)
        with timed.stage("prior"):
            guidance = self._ask_prior(request, regions)
        with timed.stage("assignment"):
            heads = find_heads(regions, faces)
            assignment = assign_colours(regions, palette, request.seed, heads, guidance)
            assignment = pin_hints(assignment, regions, request.hints, request.page.shape)
        with timed.stage("painting"):
            image = paint(regions, assignment, palette, drawing.art, eye_whites, guidance)
        return ColourLayer(image=_crop(image, request.region, request.page.shape), timings_ms=timed.timings_ms)

    def _ask_prior(self, request: ColorizeRequest, regions: Regions) -> Guidance | None:
        """What the network says of the page; nothing where the client chose the colours or wants them fast, or where
        the page's greys say more.
        """
        if self._prior is None or request.quality == "fast" or request.palette:
            return None
        if not can_guide(request.page, request.analysis):
            return None
        grey = np.asarray(cv2.cvtColor(request.page, cv2.COLOR_RGB2GRAY), np.uint8)
        return guide(regions, self._prior.predict(grey, request.references))


class _Stages:
    """Reports each stage to the context as it begins, and remembers what it took."""

    _COUNT = 7

    def __init__(self, context: EngineContext) -> None:
        self._context = context
        self.timings_ms: dict[str, float] = {}

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        self._context.progress(name, len(self.timings_ms), self._COUNT)
        started = time.perf_counter()
        yield
        self.timings_ms[name] = (time.perf_counter() - started) * 1000.0


def _crop(image: RgbImage, region: Region | None, page_shape: tuple[int, ...]) -> RgbImage:
    if region is None:
        return image
    down, across = image.shape[0] / page_shape[0], image.shape[1] / page_shape[1]
    top, left = round(region.y * down), round(region.x * across)
    bottom = max(top + 1, round((region.y + region.height) * down))
    right = max(left + 1, round((region.x + region.width) * across))
    return np.ascontiguousarray(image[top:bottom, left:right])
