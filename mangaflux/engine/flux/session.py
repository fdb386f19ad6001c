"""A loaded model, made fast and warm, from opening to closing. Device thread only."""

import contextlib
import logging
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import numpy as np
import torch

from mangaflux.engine.base import ColorizeRequest, EngineContext, Quality, RgbImage, SilentContext
from mangaflux.engine.flux import optimizations
from mangaflux.engine.flux.denoising import JointPredictor, Predictor
from mangaflux.engine.flux.faults import free_memory, peak_memory, run_guarded, watch_peak
from mangaflux.engine.flux.fitting import SHORTEST_SIDE, fit_reference, fit_slice
from mangaflux.engine.flux.kv_denoising import KeptReferencePredictor
from mangaflux.engine.flux.loading import Klein, load_klein, load_text_encoder, place
from mangaflux.engine.flux.memory_profiles import Profile
from mangaflux.engine.flux.model_files import ModelFiles
from mangaflux.engine.flux.painting import Order, Painter
from mangaflux.engine.flux.prompt import prompt_of
from mangaflux.engine.flux.prompt_embeddings import PROMPTS_AT_ONCE, TOKENS, PromptEmbeddings
from mangaflux.engine.flux.sheet import Sheet
from mangaflux.settings import FluxSettings

logger = logging.getLogger(__name__)

#: Steps by quality where nobody names others, of base models and of distilled ones; guidance of base models, distilled
#: ones take none.
BASE_STEPS: Mapping[Quality, int] = {"fast": 14, "best": 28}
DISTILLED_STEPS: Mapping[Quality, int] = {"fast": 3, "best": 4}
BASE_GUIDANCE = 4.0

#: Long side of style references as a share of the setting, by quality: a quarter of the tokens. Distilled and fast, a
#: page takes 0.467 s instead of 0.668 s (klein 4B, 848 × 1216, H100).
STYLE_SHARES: Mapping[Quality, float] = {"fast": 0.5, "best": 1.0}

#: A CPU computes as long as there is to compute, and waits for no weights.
CPU_PROMPTS_AT_ONCE = 1

#: Stands for a prompt whose embeddings are zeros: warming up needs no text encoder.
_WARM_UP_PROMPT = "warm-up"


@dataclass(frozen=True, slots=True)
class SessionPlan:
    """What a session is opened with."""

    files: ModelFiles
    settings: FluxSettings
    device: torch.device
    profile: Profile
    attention: optimizations.Attention
    #: Whether anything is compiled.
    compiles: bool
    #: Whether the profile fp8 works on this device.
    can_fp8: bool
    cache_folder: Path

    @property
    def compiles_blocks(self) -> bool:
        """Whether the transformer's blocks are compiled: not where weights stream, nor those of GGUF files, which are
        no plain tensors.
        """
        can_be = self.profile != "offload" and not self.settings.is_gguf
        return self.compiles and self.settings.compile and can_be


class Session:
    """One model on the device. After `close` it must not be used."""

    def __init__(self, plan: SessionPlan) -> None:
        """Loads, places and compiles; no page is painted.

        Raises:
            EngineUnavailableError: files that do not fit.
            DeviceMemoryError: it does not fit the device.
        """
        self.plan = plan
        self.painter = run_guarded(self._open, plan.device)

    @property
    def last_source(self) -> str:
        """Where the keys and values of the last page's references came from: "fresh", or "kept" of the page before."""
        return self._predictor.last_source

    @property
    def memory_profile(self) -> Profile:
        """The memory profile it is in."""
        return self.plan.profile

    @property
    def attention(self) -> optimizations.Attention:
        """The attention backend it works with."""
        return self.plan.attention

    @property
    def device_name(self) -> str:
        """Where it computes, for people."""
        return device_name(self.plan.device)

    def change_profile(self, profile: Profile) -> bool:
        """Goes to another profile in place; False where that takes a new session.

        Only the text encoder tells `resident` and `embeddings_only` apart.
        """
        if not {profile, self.plan.profile} <= {"resident", "embeddings_only"}:
            return False
        self.plan = replace(self.plan, profile=profile)
        self.embeddings.drop_encoder()
        self.forget()
        return True

    def warm_up(self, sizes: Iterable[tuple[int, int]]) -> None:
        """Paints an empty page of each (width, height), so that everything is compiled and planned.

        Raises:
            DeviceMemoryError: a page does not fit beside the model.
        """
        if self.plan.profile == "resident":
            run_guarded(self.embeddings.load_encoder, self.plan.device)
        self.embeddings.keep(_WARM_UP_PROMPT, torch.zeros(1, TOKENS, self._prompt_width))
        for width, height in sizes:
            run_guarded(
                partial(self.painter.paint, self._empty_order(width, height), SilentContext()), self.plan.device
            )
        if self.plan.settings.preview_every_steps:
            run_guarded(self.painter.previews.prepare, self.plan.device)
        self.painter.forget()

    def paint(
        self, sheet: Sheet, request: ColorizeRequest, context: EngineContext, expected: Collection[str] = ()
    ) -> RgbImage:
        """The picture of a sheet; `expected` are the whole prompts of pages that wait.

        Raises:
            AttemptAbortedError: from the context.
            DeviceMemoryError: it does not fit the device; what it held is free again.
            DeviceLostError: the device is gone for this process.
        """
        watch_peak(self.plan.device)
        return run_guarded(lambda: self._paint(sheet, request, context, expected), self.plan.device)

    @property
    def peak_memory_bytes(self) -> int | None:
        """The most device memory that the last page took; None on a CPU."""
        return peak_memory(self.plan.device)

    def forget(self) -> None:
        """Frees what only saves time."""
        self.painter.forget()
        free_memory(self.plan.device)

    def close(self) -> None:
        """Frees the device. A device that is lost frees itself with the process."""
        with contextlib.suppress(RuntimeError):
            self.painter.forget()
        del self.painter, self._predictor, self.embeddings, self.klein
        with contextlib.suppress(RuntimeError):
            free_memory(self.plan.device)

    def steps(self, asked: int | None, quality: Quality = "best") -> int:
        """Steps of a page whose request asked for so many, and for this quality."""
        own = (DISTILLED_STEPS if self.plan.files.is_distilled else BASE_STEPS)[quality]
        usual = self.plan.settings.num_inference_steps or own
        return asked or (min(usual, own) if quality == "fast" else usual)

    def guidance(self, asked: float | None) -> float:
        """Guidance of a page; always 1, which is none, for distilled models: they were trained without."""
        if self.plan.files.is_distilled:
            return 1.0
        return asked if asked is not None else self.plan.settings.guidance_scale or BASE_GUIDANCE

    def _paint(
        self, sheet: Sheet, request: ColorizeRequest, context: EngineContext, expected: Collection[str]
    ) -> RgbImage:
        settings = self.plan.settings
        style_side = max(SHORTEST_SIDE, round(settings.style_long_side * STYLE_SHARES[request.quality]))
        styles = [fit_reference(reference, style_side) for reference in request.references]
        # Of a strip or of a repair only parts would be seen.
        is_page = request.region is None and len(sheet.canvases) == 1
        order = Order(
            canvas=sheet.canvases[0],
            styles=styles,
            prompt=prompt_of(request, settings),
            expected_prompts=expected,
            seed=request.seed,
            num_inference_steps=self.steps(request.num_inference_steps, request.quality),
            guidance_scale=self.guidance(request.guidance_scale),
            shown=(sheet.fits[0].width, sheet.fits[0].height) if is_page else None,
        )
        painted: list[RgbImage] = []
        for canvas in sheet.canvases:
            # A strip stays one picture: each slice sees what the one before it became.
            before = [fit_reference(painted[-1], style_side)] if painted else []
            painted.append(self.painter.paint(replace(order, canvas=canvas, styles=[*styles, *before]), context))
        return sheet.assemble(painted)

    def _empty_order(self, width: int, height: int) -> Order:
        side = self.plan.settings.style_long_side
        style = fit_reference(np.full((side, side, 3), 255, np.uint8), side)
        fit = fit_slice(width, height)
        return Order(
            canvas=np.full((fit.canvas_height, fit.canvas_width, 3), 255, np.uint8),
            styles=[style],
            prompt=_WARM_UP_PROMPT,
            seed=0,
            num_inference_steps=self.steps(None),
            guidance_scale=1.0,
        )

    def _open(self) -> Painter:
        plan = self.plan
        klein = self.klein = load_klein(plan.files, plan.settings, plan.device)
        self._predictor = self._predict_with(klein)
        optimizations.set_attention(klein.transformer, plan.attention)
        if plan.profile == "fp8":
            optimizations.quantize_blocks(klein.transformer, plan.device)
        place(klein.transformer, plan.device, plan.profile)
        self._compile(klein)
        self._prompt_width: int = klein.transformer.config.joint_attention_dim
        self.embeddings = self._embed_with(klein)
        settings = plan.settings
        return Painter(klein, self._predictor, self.embeddings, settings.bucket_sizes, settings.preview_every_steps)

    def _predict_with(self, klein: Klein) -> Predictor:
        if self.plan.files.keeps_reference_kv:
            return KeptReferencePredictor(klein.transformer, keep_for_rerolls=self.plan.settings.keep_reference_kv)
        return JointPredictor(klein.transformer)

    def _compile(self, klein: Klein) -> None:
        settings = self.plan.settings
        if not self.plan.compiles:
            return
        if settings.choose_kernels_by_rule:
            optimizations.choose_kernels_by_rule()
        if self.plan.compiles_blocks:
            optimizations.compile_blocks(klein.transformer)
        elif settings.compile:
            logger.info(
                "the blocks of %s are not compiled in the memory profile %s", self.plan.files.id, self.plan.profile
            )
        if settings.compile_vae:
            optimizations.compile_vae(klein.vae, encoder=True, decoder=klein.decoder is klein.vae)
            if klein.decoder is not klein.vae:
                optimizations.compile_vae(klein.decoder, encoder=False, decoder=True)

    def _embed_with(self, klein: Klein) -> PromptEmbeddings:
        plan = self.plan
        return PromptEmbeddings(
            plan.cache_folder / "prompt_embeddings",
            f"{plan.files.id} {plan.files.revision}",
            lambda: load_text_encoder(plan.files, plan.device, self.plan.profile),
            torch.empty(0, device=klein.device, dtype=klein.dtype),
            CPU_PROMPTS_AT_ONCE if plan.device.type == "cpu" else PROMPTS_AT_ONCE,
        )


def device_name(device: torch.device) -> str:
    """A device, for people."""
    return "cpu" if device.type == "cpu" else f"{device} {torch.cuda.get_device_name(device)}"
