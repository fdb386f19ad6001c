"""How one canvas is painted: references → prompt → noise → steps → picture."""

from collections import deque
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

from mangaflux.engine.base import EngineContext, RgbImage
from mangaflux.engine.flux.conditioning import ReferenceEncoder, canvas_positions, text_positions
from mangaflux.engine.flux.denoising import Conditions, Predictor, Step, denoise
from mangaflux.engine.flux.fitting import CELL
from mangaflux.engine.flux.latents import decode_picture, draw_noise, from_tokens, to_tokens
from mangaflux.engine.flux.loading import Klein
from mangaflux.engine.flux.optimizations import compiled_only_if
from mangaflux.engine.flux.previews import LatentPreviews, crop
from mangaflux.engine.flux.prompt_embeddings import PromptEmbeddings

#: Steps that are handed to the device before the first of them must be done: the device never waits, and an abort is
#: noticed within a step.
_STEPS_AHEAD = 1


@dataclass(frozen=True, slots=True, eq=False)
class Order:
    """One canvas to be painted."""

    #: (H, W, 3) uint8, sides in whole cells: what is drawn, and the size of what is painted.
    canvas: RgbImage
    #: Coloured pictures, sides in whole cells.
    styles: Sequence[RgbImage]
    prompt: str
    seed: int
    num_inference_steps: int
    #: At most 1: no guidance.
    guidance_scale: float
    #: Of pages that wait.
    expected_prompts: Collection[str] = ()
    #: Width and height of what of the canvas is shown in previews; None: nothing is shown.
    shown: tuple[int, int] | None = None


class Painter:
    """Paints canvases with one loaded model. Device thread only."""

    def __init__(
        self,
        klein: Klein,
        predictor: Predictor,
        embeddings: PromptEmbeddings,
        buckets: Collection[tuple[int, int]] = (),
        preview_every_steps: int = 1,
    ) -> None:
        """Loads nothing.

        Args:
            klein: the model.
            predictor: how its transformer is used.
            embeddings: of prompts.
            buckets: (width, height) of the canvases for which the VAE is compiled.
            preview_every_steps: steps from one preview to the next, where somebody wants them; 0 makes none.
        """
        self._klein = klein
        self._predictor = predictor
        self._embeddings = embeddings
        self._buckets = buckets
        self._references = ReferenceEncoder(klein.vae, buckets)
        self._preview_every_steps = preview_every_steps
        self.previews = LatentPreviews(klein)

    @torch.no_grad()
    def paint(self, order: Order, context: EngineContext) -> RgbImage:
        """The painted canvas, (H, W, 3) uint8.

        Raises:
            AttemptAbortedError: from the context, within a step.
        """
        latent, pace = self.paint_latent(order, context)
        with compiled_only_if((order.canvas.shape[1], order.canvas.shape[0]) in self._buckets):
            painted = decode_picture(self._klein.vae, self._klein.decoder, latent)
        # Only now: the device goes on with decoding while the last step is waited for.
        pace.finish()
        context.progress("painting")
        return np.asarray(painted.cpu().numpy())

    @torch.no_grad()
    def paint_latent(self, order: Order, context: EngineContext) -> tuple[torch.Tensor, "_Pace"]:
        """The (1, 128, H/16, W/16) latent of the painted canvas, on the device, and what has still to report the last
        step.
        """
        context.progress("conditioning")
        conditions = self._condition(order)
        height, width = order.canvas.shape[:2]
        channels = self._klein.transformer.config.in_channels
        noise = to_tokens(draw_noise(order.seed, height, width, channels, conditions.references))
        self._predictor.begin_page(conditions.references_sha256)
        pace = _Pace(context, order.num_inference_steps, self._klein.device)

        def after_step(step: Step) -> None:
            pace.after_step(step.number, self._preview(order, step) if context.wants_previews else None)

        try:
            tokens = denoise(
                self._predictor, self._klein.scheduler, noise, conditions, order.num_inference_steps, after_step
            )
        finally:
            self._predictor.end_page()
        return from_tokens(tokens, height, width), pace

    def _preview(self, order: Order, step: Step) -> "_Preview | None":
        """The preview of a step, on its way to main memory; None where none is due. The last step has none: the page
        itself follows.
        """
        every, is_last = self._preview_every_steps, step.number == order.num_inference_steps
        if order.shown is None or not every or step.number % every or is_last:
            return None
        height, width = order.canvas.shape[:2]
        return _Preview(self.previews.draw(step.clean(), height, width), order.shown)

    def forget(self) -> None:
        """Frees everything on the device that only saves time."""
        self._references.forget()
        self._embeddings.forget()
        self._predictor.forget()

    def _condition(self, order: Order) -> Conditions:
        references = self._references.encode(order.canvas, order.styles)
        prompt = self._embeddings.of(order.prompt, order.expected_prompts)
        is_guided = order.guidance_scale > 1
        height, width = order.canvas.shape[:2]
        return Conditions(
            prompt=prompt,
            prompt_positions=text_positions(prompt.shape[1]).to(prompt.device),
            references=references.tokens,
            reference_positions=references.positions,
            references_sha256=references.sha256,
            canvas_positions=canvas_positions(height // CELL, width // CELL).to(prompt.device),
            negative_prompt=self._embeddings.of("") if is_guided else None,
            guidance_scale=order.guidance_scale,
        )


class _Preview:
    """A preview that the device still draws and copies; whole once the mark of its step is reached."""

    def __init__(self, picture: torch.Tensor, shown: tuple[int, int]) -> None:
        is_on_device = picture.device.type == "cuda"
        self._picture = torch.empty_like(picture, device="cpu", pin_memory=is_on_device)
        self._picture.copy_(picture, non_blocking=True)
        self._shown = shown

    def read(self) -> RgbImage:
        """The picture; after the mark only."""
        width, height = self._shown
        return crop(np.asarray(self._picture.numpy()), height, width)


class _Pace:
    """Reports steps when the device has done them, and keeps no more than a step ahead of it."""

    def __init__(self, context: EngineContext, total_steps: int, device: torch.device) -> None:
        self._context = context
        self._total_steps = total_steps
        self._device = device
        self._marks: deque[tuple[Any, _Preview | None]] = deque()
        context.progress("denoising", 0, total_steps)

    def after_step(self, step: int, preview: _Preview | None) -> None:
        """Takes a step that was handed to the device; its preview is shown with its report, one step later."""
        if self._device.type != "cuda":
            self._report(step, preview)
            return
        mark = torch.cuda.Event()
        mark.record()
        self._marks.append((mark, preview))
        if len(self._marks) > _STEPS_AHEAD:
            reached, drawn = self._marks.popleft()
            reached.synchronize()
            self._report(step - _STEPS_AHEAD, drawn)

    def finish(self) -> None:
        """Reports what the device has still to do, when it has done it; after the last step."""
        while self._marks:
            reached, drawn = self._marks.popleft()
            reached.synchronize()
            self._report(self._total_steps - len(self._marks), drawn)

    def _report(self, step: int, preview: _Preview | None) -> None:
        self._context.progress("denoising", step, self._total_steps)
        if preview is not None:
            self._context.preview(preview.read(), step, self._total_steps)
