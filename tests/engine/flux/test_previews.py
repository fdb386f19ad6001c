"""Previews of unfinished pages: what they show, when they are made, and that they cost the page nothing."""

from collections.abc import Callable
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
import torch

from mangaflux.engine.base import ColorizeRequest, Region, RgbImage
from mangaflux.engine.flux.engine import FluxEngine
from mangaflux.engine.flux.latents import encode_picture, to_tokens
from mangaflux.engine.flux.loading import Klein
from mangaflux.engine.flux.painting import _Pace
from mangaflux.engine.flux.previews import CELL_PIXELS, LatentPreviews
from mangaflux.settings import FluxSettings
from tests.engine.engine_contract import HEIGHT, WIDTH, RecordingContext, make_request
from tests.engine.flux.folders import make_engine

MakeSettings = Callable[..., FluxSettings]


def watched(engine: FluxEngine, request: ColorizeRequest, *, wants_previews: bool = True) -> RecordingContext:
    """What a page showed while it was coloured."""
    context = RecordingContext(wants_previews=wants_previews)
    engine.load()
    engine.colorize(request, context)
    return context


class LinearVae:
    """A VAE whose latents are four mixtures of the mean colours of 8 × 8 pixels: a preview can be exact."""

    device, dtype = torch.device("cpu"), torch.float32
    mixture = torch.tensor([[1.0, 0.2, -0.3], [-0.5, 0.8, 0.1], [0.3, 0.4, 0.9], [0.6, -0.7, 0.2]])
    bn = SimpleNamespace(running_mean=torch.linspace(-1, 1, 16), running_var=torch.linspace(0.5, 2, 16))
    config = SimpleNamespace(batch_norm_eps=1e-4)

    def encode(self, levels: torch.Tensor) -> SimpleNamespace:
        latent = torch.einsum("lc,bchw->blhw", self.mixture, torch.nn.functional.avg_pool2d(levels, 8))
        return SimpleNamespace(latent_dist=SimpleNamespace(mode=lambda: latent))

    def decode(self, latent: torch.Tensor, *, return_dict: bool) -> tuple[torch.Tensor]:
        assert not return_dict
        means = torch.einsum("cl,blhw->bchw", torch.linalg.pinv(self.mixture), latent)
        return (means.repeat_interleave(8, 2).repeat_interleave(8, 3),)


def test_a_preview_shows_what_the_vae_would_paint(rng: np.random.Generator) -> None:
    vae = LinearVae()
    klein = Klein(None, vae, vae, None, vae.device, vae.dtype)
    coarse = rng.integers(0, 256, (16, 24, 3), dtype=np.uint8)
    picture = np.ascontiguousarray(coarse.repeat(8, axis=0).repeat(8, axis=1))

    shown = LatentPreviews(klein).draw(to_tokens(encode_picture(vae, picture)), 128, 192).numpy()

    expected = coarse.repeat(2, axis=0).repeat(2, axis=1)
    assert shown.shape == (128 // 16 * CELL_PIXELS, 192 // 16 * CELL_PIXELS, 3) == expected.shape
    # The penalty that keeps noise out of the map draws it a little towards its mean.
    assert np.abs(shown.astype(int) - expected).max() <= 4


def test_every_step_but_the_last_is_shown_in_the_shape_of_the_page(engine: FluxEngine) -> None:
    context = watched(engine, make_request())

    assert [(step, total) for _, step, total in context.previews] == [(1, 4), (2, 4), (3, 4)]
    for picture, _, _ in context.previews:
        height, width = picture.shape[:2]
        assert picture.dtype == np.uint8
        assert picture.shape[2] == 3
        assert abs(width / height - WIDTH / HEIGHT) < 1.5 / min(width, height)


def test_previews_come_every_so_many_steps_and_never_at_zero(tiny_settings: MakeSettings) -> None:
    request = replace(make_request(), num_inference_steps=7)
    second = watched(make_engine(tiny_settings(preview_every_steps=2)), request)
    never = watched(make_engine(tiny_settings(preview_every_steps=0)), request)
    assert [step for _, step, _ in second.previews] == [2, 4, 6]
    assert never.previews == []


def test_nothing_is_drawn_that_nobody_looks_at(engine: FluxEngine, monkeypatch: pytest.MonkeyPatch) -> None:
    drawn: list[object] = []
    monkeypatch.setattr(LatentPreviews, "draw", lambda *arguments: drawn.append(arguments))
    assert watched(engine, make_request(), wants_previews=False).previews == []
    assert drawn == []


def test_who_looks_at_a_page_does_not_change_it(engine: FluxEngine) -> None:
    engine.load()
    unseen = engine.colorize(make_request(), RecordingContext()).image
    seen = engine.colorize(make_request(), RecordingContext(wants_previews=True)).image
    assert unseen.tobytes() == seen.tobytes()


@pytest.mark.parametrize("part", ["region", "strip"])
def test_parts_of_a_page_are_not_shown(engine: FluxEngine, part: str) -> None:
    strip: RgbImage = np.full((900, 120, 3), 255, np.uint8)
    request = make_request()
    request = (
        replace(request, region=Region(x=40, y=60, width=120, height=80))
        if part == "region"
        else replace(request, page=strip, drawing=strip[..., 0])
    )
    assert watched(engine, request).previews == []


class ReachedMark:
    """A mark of a device that has done its work already."""

    def record(self) -> None:
        """Nothing is handed to a device."""

    def synchronize(self) -> None:
        """Nothing is waited for."""


def test_every_step_of_a_gpu_is_reported_the_last_one_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "Event", ReachedMark)
    context = RecordingContext()
    pace = _Pace(context, 4, torch.device("cuda"))
    for step in range(1, 5):
        pace.after_step(step, None)
    pace.finish()
    assert [step for _, step, _ in context.reports] == [0, 1, 2, 3, 4]
