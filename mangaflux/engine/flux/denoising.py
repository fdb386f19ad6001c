"""The denoising loop: the mathematics of diffusers' Flux2KleinPipeline, stopped and paced between its steps."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import torch


@dataclass(frozen=True, slots=True, eq=False)
class Step:
    """One step that was handed to the device."""

    #: From 1.
    number: int
    #: (1, n, 128): what is left after it.
    tokens: torch.Tensor
    #: The noise that it predicted.
    predicted: torch.Tensor
    #: 0-dimensional, on the device: the share of noise that is left after it.
    sigma: torch.Tensor

    def clean(self) -> torch.Tensor:
        """The tokens that would be left if the rest of the noise were taken away at once; only now computed."""
        return self.tokens - self.sigma * self.predicted


#: Called after each step; what it raises ends the loop.
StepCallback = Callable[[Step], None]


@dataclass(frozen=True, slots=True, eq=False)
class Conditions:
    """Everything the transformer is told beside the noise. Positions are (1, n, 4) int64."""

    #: (1, 512, d).
    prompt: torch.Tensor
    prompt_positions: torch.Tensor
    #: (1, n, 128).
    references: torch.Tensor
    reference_positions: torch.Tensor
    canvas_positions: torch.Tensor
    #: Equal for equal references.
    references_sha256: str = ""
    #: The prompt that guidance leads away from; None: no guidance.
    negative_prompt: torch.Tensor | None = None
    guidance_scale: float = 1.0


class Predictor(Protocol):
    """Predicts the noise of the canvas tokens at one step."""

    #: Where the references of the last page came from; part of the recipe.
    last_source: str

    def __call__(self, tokens: torch.Tensor, timestep: torch.Tensor, conditions: Conditions) -> torch.Tensor:
        """(1, n, 128) noise for (1, n, 128) canvas tokens; `timestep` is (1,), 0 … 1."""

    def begin_page(self, references_sha256: str) -> None:
        """Called before the first step of each canvas."""

    def end_page(self) -> None:
        """Called after the last step of each canvas, whatever ended it."""

    def forget(self) -> None:
        """Frees what is kept between pages."""


def denoise(
    predict: Predictor,
    scheduler: Any,
    noise: torch.Tensor,
    conditions: Conditions,
    num_inference_steps: int,
    after_step: StepCallback,
) -> torch.Tensor:
    """The (1, n, 128) tokens that are left when the noise has been taken away in so many steps."""
    timesteps = set_timesteps(scheduler, num_inference_steps, noise)
    tokens = noise
    for step, timestep in enumerate(timesteps):
        predicted = predict(tokens, timestep.expand(1).to(tokens.dtype) / 1000, conditions)
        tokens = scheduler.step(predicted, timestep, tokens, return_dict=False)[0]
        after_step(Step(step + 1, tokens, predicted, scheduler.sigmas[step + 1]))
    return tokens


def set_timesteps(scheduler: Any, num_inference_steps: int, noise: torch.Tensor) -> torch.Tensor:
    """The timesteps for noise of this length, on its device, 1000 … 0; the scheduler stands at the first."""
    use_own = getattr(scheduler.config, "use_flow_sigmas", False)
    sigmas = None if use_own else np.linspace(1.0, 1 / num_inference_steps, num_inference_steps)
    mu = empirical_mu(noise.shape[1], num_inference_steps)
    scheduler.set_timesteps(num_inference_steps, device=noise.device, sigmas=sigmas, mu=mu)
    # Without it the scheduler looks its place up, which waits for the device.
    scheduler.set_begin_index(0)
    timesteps: torch.Tensor = scheduler.timesteps
    return timesteps


def empirical_mu(token_count: int, num_inference_steps: int) -> float:
    """How far the timesteps are shifted towards noise, by canvas tokens and steps (the fit of FLUX.2's authors, as
    `compute_empirical_mu` of diffusers has it).
    """
    at_200_steps = 0.00016927 * token_count + 0.45666666
    if token_count > 4300:
        return at_200_steps
    at_10_steps = 8.73809524e-05 * token_count + 1.89833333
    slope = (at_200_steps - at_10_steps) / 190.0
    return slope * num_inference_steps + at_200_steps - 200.0 * slope


class JointPredictor:
    """All tokens attend to all others in every step: the recipe of klein 4B and 9B, distilled or base."""

    last_source = "fresh"

    def __init__(self, transformer: Any) -> None:
        self._transformer = transformer

    def __call__(self, tokens: torch.Tensor, timestep: torch.Tensor, conditions: Conditions) -> torch.Tensor:
        """The predicted noise; with guidance, two predictions combined."""
        predicted = self._predict(tokens, timestep, conditions, conditions.prompt)
        if conditions.negative_prompt is None:
            return predicted
        negative = self._predict(tokens, timestep, conditions, conditions.negative_prompt)
        return negative + conditions.guidance_scale * (predicted - negative)

    def begin_page(self, references_sha256: str) -> None:
        """Does nothing: references are read anew in every step."""

    def end_page(self) -> None:
        """Does nothing."""

    def forget(self) -> None:
        """Frees nothing: nothing is kept between pages."""

    def _predict(
        self, tokens: torch.Tensor, timestep: torch.Tensor, conditions: Conditions, prompt: torch.Tensor
    ) -> torch.Tensor:
        sequence = torch.cat([tokens, conditions.references], dim=1).to(self._transformer.dtype)
        positions = torch.cat([conditions.canvas_positions, conditions.reference_positions], dim=1)
        predicted: torch.Tensor = self._transformer(
            hidden_states=sequence,
            timestep=timestep,
            guidance=None,
            encoder_hidden_states=prompt,
            txt_ids=conditions.prompt_positions,
            img_ids=positions,
            return_dict=False,
        )[0]
        return predicted[:, : tokens.shape[1]]
