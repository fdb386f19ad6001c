"""The engine flux: FLUX.2 klein in process, warm. Importing this imports no torch; loading does."""

import logging
import time
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from mangaflux.engine.base import ColorizeRequest, ColourLayer, EngineContext, ModelInfo, RgbImage
from mangaflux.engine.flux.availability import flux_problem
from mangaflux.engine.flux.decisions import remembered
from mangaflux.engine.flux.fitting import Limits
from mangaflux.engine.flux.memory_profiles import Profile
from mangaflux.engine.flux.model_files import Missing, ModelFiles, digest_files, find_model
from mangaflux.engine.flux.sheet import Sheet, lay_out
from mangaflux.engine.flux.variants import license_of
from mangaflux.errors import EngineUnavailableError, PageFailedError
from mangaflux.settings import FluxSettings

if TYPE_CHECKING:
    from mangaflux.engine.flux.session import Session

logger = logging.getLogger(__name__)

#: Part of every fingerprint: raised with any change that changes bytes.
RECIPE_VERSION = "1"

GIB = 1024**3


class FluxEngine:
    """Paints a page with FLUX.2 klein: the page as first reference, the style references after it."""

    def __init__(self, settings: FluxSettings) -> None:
        self.name = "flux"
        self.device = "cpu" if settings.device == "cpu" else "cuda"
        self._settings = settings
        self._session: Session | None = None
        self._extra_weights = _extra_weights(settings)
        #: The profile of every page that does not run out of memory.
        self._profile: Profile | None = None

    @property
    def model(self) -> ModelInfo:
        """The model that is loaded, or would be."""
        files = self._session.plan.files if self._session else find_model(self._settings.model, self._settings.revision)
        if isinstance(files, Missing):
            return ModelInfo(self._settings.model, "missing", license=license_of(self._settings.model))
        return ModelInfo(files.id, files.revision, license=license_of(files.id))

    @property
    def recipe(self) -> Mapping[str, str]:
        """What decides the bytes beside the request; until `load`, with what the load before it decided."""
        return self._recipe("fresh")

    def load(self) -> None:
        """Loads and warms the model; loading a loaded engine changes nothing.

        Raises:
            EngineUnavailableError: weights or packages are missing, or the device is too small.
        """
        if self._session is not None:
            return
        files = self._find_files()
        from mangaflux.engine.flux.opening import open_first_session

        self._session = open_first_session(files, self._settings)
        self._profile = self._session.memory_profile
        self.device = self._session.device_name

    def unload(self) -> None:
        """Frees the device; unloading an unloaded engine changes nothing."""
        if self._session is not None:
            self._session.close()
            self._session = None

    def colorize(self, request: ColorizeRequest, context: EngineContext) -> ColourLayer:
        """The colour layer of one page, or of the region asked for.

        A page that does not fit the device is tried once more in the next lighter memory profile; the page after it
        starts in the usual one again.

        Raises:
            AttemptAbortedError: from the context, between stages and within a step.
            PageFailedError: the page does not fit the device's memory.
            DeviceLostError: the GPU cannot be used any more by this process.
        """
        started = time.perf_counter()
        context.progress("fitting")
        sheet = self._lay_out(request)
        picture = self._paint(self._usual_session(context), sheet, request, context)
        return self._layer(picture, started)

    def _lay_out(self, request: ColorizeRequest) -> Sheet:
        settings = self._settings
        limits = Limits(settings.min_pixels, settings.max_pixels, settings.bucket_sizes)
        return lay_out(request.page, request.region, limits)

    def _paint(self, session: "Session", sheet: Sheet, request: ColorizeRequest, context: EngineContext) -> RgbImage:
        from mangaflux.engine.flux.faults import DeviceMemoryError

        try:
            return session.paint(sheet, request, context)
        except DeviceMemoryError as error:
            peak_bytes = error.peak_bytes
        # Out of the handler, so that nothing holds the tensors of the first try.
        lighter = session.lighter_profile
        if lighter is None:
            raise _too_large(peak_bytes, session.memory_profile)
        logger.warning(
            "a page did not fit in the memory profile %s; it is tried again in %s", session.memory_profile, lighter
        )
        try:
            return self._reopen(lighter, context).paint(sheet, request, context)
        except DeviceMemoryError as error:
            peak_bytes = max(peak_bytes, error.peak_bytes)
        raise _too_large(peak_bytes, lighter)

    def _layer(self, picture: RgbImage, started: float) -> ColourLayer:
        session = self._loaded()
        return ColourLayer(
            image=picture,
            timings_ms={"flux": (time.perf_counter() - started) * 1000},
            peak_memory_bytes=session.peak_memory_bytes,
            recipe=self._recipe(session.last_source),
        )

    def _usual_session(self, context: EngineContext) -> "Session":
        """The session in the profile that was chosen at the start, whatever the last page needed."""
        self.load()
        session = self._loaded()
        if self._profile is None or session.memory_profile == self._profile:
            return session
        return self._reopen(self._profile, context)

    def _loaded(self) -> "Session":
        if self._session is None:
            raise EngineUnavailableError("The engine flux is not loaded.")
        return self._session

    def _reopen(self, profile: Profile, context: EngineContext) -> "Session":
        from mangaflux.engine.flux.opening import open_session

        context.progress("loading")
        if self._session is not None and not self._session.change_profile(profile):
            self.unload()
        if self._session is None:
            self._session = open_session(self._find_files(), self._settings, profile)
        return self._session

    def _find_files(self) -> ModelFiles:
        if (problem := flux_problem(self._settings)) is not None:
            raise EngineUnavailableError(
                f"The engine flux cannot run here: {problem.reason}. To mend it: {problem.fix}.",
                details={"engine": self.name, "reason": problem.reason, "fix": problem.fix},
            )
        files = find_model(self._settings.model, self._settings.revision)
        if isinstance(files, Missing):
            raise EngineUnavailableError(f"The engine flux cannot run here: {files.reason}. To mend it: {files.fix}.")
        return files

    def _recipe(self, source: str) -> Mapping[str, str]:
        settings, session = self._settings, self._session
        decided = session or remembered(settings, self.model.revision)
        return {
            "flux": RECIPE_VERSION,
            "memory_profile": decided.memory_profile,
            "attention": decided.attention,
            "compile": f"{settings.compile}/{settings.compile_vae}" if self.device != "cpu" else "False/False",
            "dtype": "float32" if self.device == "cpu" else "bfloat16",
            "pixels": f"{settings.min_pixels}-{settings.max_pixels} {' '.join(settings.buckets)}",
            "style_long_side": str(settings.style_long_side),
            "steps_and_guidance": f"{settings.num_inference_steps}/{settings.guidance_scale}",
            "weights": self._extra_weights,
            "reference_kv": source,
        }


def _extra_weights(settings: FluxSettings) -> str:
    """The files beside the model, by digest, with what is done with them."""
    loras = [f"{_digest(lora.file)}*{lora.scale}+{lora.trigger}" for lora in settings.loras]
    return " ".join([_digest(settings.transformer_file), settings.decoder, *loras])


def _digest(file: str) -> str:
    path = Path(file).expanduser()
    return digest_files(path) if file and path.exists() else ""


def _too_large(peak_bytes: int, profile: Profile) -> PageFailedError:
    return PageFailedError(
        f"The page does not fit the device's memory, not even in the memory profile {profile}: it took "
        f"{peak_bytes / GIB:.1f} GiB. Lower flux.max_pixels or flux.style_long_side.",
        details={"peak_memory_bytes": peak_bytes, "memory_profile": profile},
    )
