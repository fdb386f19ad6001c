"""The engine flux: FLUX.2 klein in process, warm. Importing this imports no torch; loading does."""

import logging
import time
from collections import deque
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from mangaflux.engine.base import ColorizeRequest, ColourLayer, EngineContext, ModelInfo, RgbImage
from mangaflux.engine.flux.availability import flux_problem
from mangaflux.engine.flux.decisions import UNDECIDED, Decisions, remembered
from mangaflux.engine.flux.fitting import Limits
from mangaflux.engine.flux.memory_profiles import Profile, lighter_profile
from mangaflux.engine.flux.model_files import ADAPTER_CONFIG, Missing, ModelFiles, digest_files, find_model
from mangaflux.engine.flux.prompt import prompt_of
from mangaflux.engine.flux.sheet import Sheet, lay_out
from mangaflux.errors import EngineUnavailableError, PageFailedError
from mangaflux.models.catalogue import find_entry
from mangaflux.models.store import ModelStore
from mangaflux.settings import FluxSettings

if TYPE_CHECKING:
    from mangaflux.engine.flux.session import Session

logger = logging.getLogger(__name__)

#: Part of every fingerprint: raised with any change that changes bytes.
RECIPE_VERSION = "2"

GIB = 1024**3

#: What is told of a setting that names no model.
_UNKNOWN_MODEL = ModelInfo("unknown", "missing")

#: Memory profiles in which one page is tried.
_TRIES = 2

#: Prompts of waiting pages that are remembered; more are not read at once (`prompt_embeddings`, which imports torch).
_EXPECTED_PROMPTS = 4


class FluxEngine:
    """Paints a page with FLUX.2 klein: the page as first reference, the style references after it."""

    def __init__(self, settings: FluxSettings, store: ModelStore) -> None:
        self.name = "flux"
        self.device = "cpu" if settings.device == "cpu" else "cuda"
        self._settings = settings
        self._store = store
        self._session: Session | None = None
        #: Digest of the files beside the model that the open session was loaded from.
        self._loaded_weights = ""
        #: The profile of every page that does not run out of memory.
        self._profile: Profile | None = None
        self._can_fp8 = False
        #: Prompts of the latest pages that were said to come. Written on the event loop, read on the device thread.
        self._expected: deque[str] = deque(maxlen=_EXPECTED_PROMPTS)

    @property
    def model(self) -> ModelInfo:
        """The model that is loaded, or would be."""
        files = self._session.plan.files if self._session else find_model(self._settings, self._store)
        if isinstance(files, Missing):
            entry = find_entry(self._settings.model)
            return ModelInfo(entry.repository, "missing", license=entry.license) if entry else _UNKNOWN_MODEL
        return ModelInfo(files.id, files.revision, license=files.license)

    @property
    def recipe(self) -> Mapping[str, str]:
        """What decides the bytes beside the request; until `load`, with what the load before it decided."""
        return self._recipe("fresh")

    def load(self) -> None:
        """Loads and warms the model; loading a loaded engine changes nothing.

        Raises:
            EngineUnavailableError: weights or packages are missing, or the device is too small.
        """
        if self._profile is not None:
            return
        files = self._find_files()
        from mangaflux.engine.flux.opening import open_first_session

        self._loaded_weights = _extra_weights(self._settings, files)
        self._session = open_first_session(files, self._settings)
        self._profile = self._session.memory_profile
        self._can_fp8 = self._session.plan.can_fp8
        self.device = self._session.device_name

    def unload(self) -> None:
        """Frees the device; unloading an unloaded engine changes nothing."""
        self._close_session()
        self._profile = None

    def expect(self, request: ColorizeRequest) -> None:
        """Notes the prompt of a page that waits: where the text encoder runs before its turn, it is read along."""
        self._expected.append(prompt_of(request, self._settings))

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
        self.load()
        picture = self._paint(sheet, request, context)
        return self._layer(picture, started)

    def _lay_out(self, request: ColorizeRequest) -> Sheet:
        settings = self._settings
        limits = Limits(settings.min_pixels, settings.max_pixels, settings.bucket_sizes)
        return lay_out(request.page, request.region, limits)

    def _paint(self, sheet: Sheet, request: ColorizeRequest, context: EngineContext) -> RgbImage:
        """The picture of a sheet: in the usual memory profile, or once more in the next lighter one."""
        from mangaflux.engine.flux.faults import DeviceMemoryError

        profile, peak_bytes = self._profile, 0
        for _ in range(_TRIES):
            if profile is None:
                break
            try:
                return self._in_profile(profile, context).paint(sheet, request, context, tuple(self._expected))
            except DeviceMemoryError as error:
                peak_bytes = max(peak_bytes, error.peak_bytes)
            # Out of the handler, so that nothing holds the tensors of the try.
            logger.warning("a page did not fit in the memory profile %s", profile)
            profile = self._lighter_than(profile)
        raise _too_large(peak_bytes)

    def _layer(self, picture: RgbImage, started: float) -> ColourLayer:
        session = self._loaded()
        return ColourLayer(
            image=picture,
            timings_ms={"flux": (time.perf_counter() - started) * 1000},
            peak_memory_bytes=session.peak_memory_bytes,
            recipe=self._recipe(session.last_source),
        )

    def _in_profile(self, profile: Profile, context: EngineContext) -> "Session":
        """The session in a profile: the one that is open where it is in it, or can go there in place."""
        from mangaflux.engine.flux.opening import open_session

        session = self._session
        if session is not None and session.memory_profile != profile:
            context.progress("loading")
            if not session.change_profile(profile):
                self._close_session()
        if self._session is None:
            # Compiling for a profile of one page would take longer than the page.
            is_usual = profile == self._profile
            files = self._find_files()
            self._loaded_weights = _extra_weights(self._settings, files)
            self._session = open_session(files, self._settings, profile, compiles=is_usual)
        return self._session

    def _close_session(self) -> None:
        if self._session is not None:
            self._session.close()
            self._session = None

    @property
    def _compiled(self) -> str:
        """What is compiled and how, as it decides the last bits of a page."""
        settings = self._settings
        if not (self._session.plan.compiles if self._session else self.device != "cpu"):
            return "nothing"
        return f"{settings.compile}/{settings.compile_vae}/{settings.choose_kernels_by_rule}"

    @property
    def _weights(self) -> str:
        """Of the files that are loaded; until then, of those that would be: they may have been replaced meanwhile."""
        if self._session is not None:
            return self._loaded_weights
        return _extra_weights(self._settings, find_model(self._settings, self._store))

    def _decided_before(self) -> Decisions:
        files = find_model(self._settings, self._store)
        return UNDECIDED if isinstance(files, Missing) else remembered(self._settings, files)

    def _lighter_than(self, profile: Profile) -> Profile | None:
        return lighter_profile(profile, can_fp8=self._can_fp8)

    def _loaded(self) -> "Session":
        if self._session is None:
            raise EngineUnavailableError("The engine flux is not loaded.")
        return self._session

    def _find_files(self) -> ModelFiles:
        if (problem := flux_problem(self._settings, self._store)) is not None:
            raise EngineUnavailableError(
                f"The engine flux cannot run here: {problem.reason}. To mend it: {problem.fix}.",
                details={"engine": self.name, "reason": problem.reason, "fix": problem.fix},
            )
        files = find_model(self._settings, self._store)
        if isinstance(files, Missing):
            raise EngineUnavailableError(f"The engine flux cannot run here: {files.reason}. To mend it: {files.fix}.")
        return files

    def _recipe(self, source: str) -> Mapping[str, str]:
        settings, session = self._settings, self._session
        decided = session or self._decided_before()
        return {
            "flux": RECIPE_VERSION,
            "memory_profile": decided.memory_profile,
            "attention": decided.attention,
            "compile": self._compiled,
            "dtype": "float32" if self.device == "cpu" else "bfloat16",
            "pixels": f"{settings.min_pixels}-{settings.max_pixels} {' '.join(settings.buckets)}",
            "style_long_side": str(settings.style_long_side),
            "steps_and_guidance": f"{settings.num_inference_steps}/{settings.guidance_scale}",
            "weights": self._weights,
            "reference_kv": source,
        }


def _extra_weights(settings: FluxSettings, files: ModelFiles | Missing) -> str:
    """The files beside the model, by digest or revision, with what is done with them."""
    decoder = settings.decoder if isinstance(files, Missing) else files.decoder_revision
    loras = [f"{_digest(lora.file)}*{lora.scale}+{lora.trigger}" for lora in settings.loras]
    return " ".join([_digest(settings.transformer_file), decoder, *loras])


def _digest(file: str) -> str:
    path = Path(file).expanduser()
    # What PEFT writes beside a LoRA decides how strong it is.
    return digest_files(path, path.with_name(ADAPTER_CONFIG)) if file and path.exists() else ""


def _too_large(peak_bytes: int) -> PageFailedError:
    return PageFailedError(
        f"The page does not fit the device's memory, of which it took {peak_bytes / GIB:.1f} GiB. "
        "Lower flux.max_pixels or flux.style_long_side, or close what else uses the GPU.",
        details={"peak_memory_bytes": peak_bytes},
    )
