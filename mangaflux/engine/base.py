"""The Engine protocol and its values: all that others may know of an engine.

An engine makes a colour layer; it does not keep lines, letters or whites, which is the business of `finishing` and the
same for every engine. Requests and layers are picklable values without handles, so that an engine may live in another
process.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, Protocol

import numpy as np
from numpy.typing import NDArray

from mangaflux.engine.analysis.metadata import PageAnalysis

#: (H, W, 3) uint8, sRGB: a page or a reference, decoded upright on white.
RgbImage = NDArray[np.uint8]
#: How much time a page may take: about half of the engine's usual, or all it needs.
Quality = Literal["fast", "best"]


@dataclass(frozen=True, slots=True)
class ColourHint:
    """A colour that the client wants at one place of the page."""

    #: Column and row in pixels of the original page.
    x: int
    y: int
    #: sRGB, 0–255 each.
    rgb: tuple[int, int, int]


@dataclass(frozen=True, slots=True)
class Region:
    """A rectangle of the page, in pixels of the original."""

    x: int
    y: int
    width: int
    height: int


@dataclass(frozen=True, slots=True)
class ColorizeRequest:
    """One page to be coloured, complete and picklable."""

    #: (H, W, 3) uint8 sRGB, upright on white.
    page: RgbImage
    #: (H, W) uint8: its grey levels without screentone (`finishing.drawing.read_drawing`).
    drawing: NDArray[np.uint8]
    analysis: PageAnalysis
    #: One to four images, (h, w, 3) uint8 sRGB each, any size.
    references: tuple[RgbImage, ...]
    #: 0 … 2³¹ − 1. The same request with the same seed gives the same layer.
    seed: int
    prompt: str
    #: None: the engine's own default.
    num_inference_steps: int | None = None
    #: None: the engine's own default.
    guidance_scale: float | None = None
    #: Colours the client wants the page to keep to, sRGB, by name ("hair") or by number ("1", "2", …); empty: the
    #: references decide.
    palette: Mapping[str, tuple[int, int, int]] = field(default_factory=dict)
    hints: tuple[ColourHint, ...] = ()
    quality: Quality = "best"
    #: None: the whole page.
    region: Region | None = None


@dataclass(frozen=True, slots=True)
class ColourLayer:
    """What an engine painted, before finishing.

    `image` is (h, w, 3) uint8 sRGB at the size it was made, covering exactly the page (or the region) asked for: pixel
    (0, 0) is the page's corner and the aspect is the page's up to rounding. Finishing scales it back.
    """

    image: RgbImage
    #: Milliseconds per stage inside the engine, by stage name.
    timings_ms: Mapping[str, float] = field(default_factory=dict)
    #: Peak of device memory while colouring; None where the engine has no device memory of its own.
    peak_memory_bytes: int | None = None
    #: What decided the bytes of this layer, where it differs from what the engine said before: a model decides on its
    #: device's memory, and measures it, when it is loaded. Empty: the engine's own recipe.
    recipe: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ModelInfo:
    """What a runmeta says of the model that made a layer."""

    id: str
    revision: str
    #: SHA-256 of the weights; None where there are none.
    sha256: str | None = None
    license: str | None = None


class EngineContext(Protocol):
    """How an engine speaks while it works. Called on the device thread only."""

    def progress(self, stage: str, step: int = 0, total_steps: int = 0) -> None:
        """Reports where the work is, and stops it where the attempt was aborted.

        Args:
            stage: one lower-case word, such as "denoising".
            step: steps done so far within the stage.
            total_steps: 0 where the stage has no steps.

        Raises:
            AttemptAbortedError: the attempt was cancelled or the server stops; let it pass.
        """

    @property
    def wants_previews(self) -> bool:
        """True while somebody looks at unfinished pictures of this page; asked before each of them is made."""

    def preview(self, picture: RgbImage, step: int, total_steps: int) -> None:
        """Shows what the whole page looks like so far; an engine may show nothing.

        Args:
            picture: (h, w, 3) uint8 sRGB of any size; it is not kept.
            step: as in `progress`.
            total_steps: as in `progress`.
        """


class SilentContext:
    """The context of work that nobody waits for."""

    wants_previews = False

    def progress(self, stage: str, step: int = 0, total_steps: int = 0) -> None:
        """Says nothing."""

    def preview(self, picture: RgbImage, step: int, total_steps: int) -> None:
        """Shows nothing."""


class Engine(Protocol):
    """What makes the colour layer. Every method but `expect` and the attributes runs on the device thread."""

    @property
    def name(self) -> str:
        """The word in requests: "flux", "lite" or "fake"."""

    @property
    def model(self) -> ModelInfo:
        """The model that is loaded, or would be."""

    @property
    def device(self) -> str:
        """Where it computes, such as "cuda:0 NVIDIA H100" or "cpu"."""

    @property
    def recipe(self) -> Mapping[str, str]:
        """Everything beside the request that may change the bytes of a layer: recipe version, memory profile, attention
        backend. Part of every fingerprint.
        """

    def load(self) -> None:
        """Makes the engine ready to colour; loading a loaded engine changes nothing.

        Raises:
            EngineUnavailableError: weights or device are missing; the message says how to mend it.
        """

    def unload(self) -> None:
        """Frees what `load` took; unloading an unloaded engine changes nothing."""

    def expect(self, request: ColorizeRequest) -> None:
        """Hears of a page that waits for the device. Called on the event loop, perhaps while another page is painted:
        it notes and computes nothing. The page may never come.
        """

    def colorize(self, request: ColorizeRequest, context: EngineContext) -> ColourLayer:
        """The colour layer of one page.

        Raises:
            AttemptAbortedError: from the context.
            PageFailedError: this page cannot be coloured; the engine stays usable.
        """
