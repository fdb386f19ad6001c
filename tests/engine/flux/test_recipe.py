"""Our recipe against the pipelines of diffusers: same files, size, noise and references, the same picture."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from diffusers import Flux2KleinKVPipeline, Flux2KleinPipeline
from PIL import Image

from mangaflux.engine.base import RgbImage
from mangaflux.engine.flux.latents import decode_levels, draw_noise
from mangaflux.engine.flux.loading import load_text_encoder
from mangaflux.engine.flux.opening import open_session
from mangaflux.engine.flux.painting import Order
from mangaflux.engine.flux.prompt_embeddings import PromptEmbeddings, TextEncoder
from mangaflux.engine.flux.session import Session
from mangaflux.settings import FluxSettings
from tests.engine.engine_contract import RecordingContext
from tests.engine.flux.folders import files_of

HEIGHT, WIDTH = 96, 64
TOLERANCE = 1e-4
PROMPT = "Colour this page."


def open_tiny(settings: FluxSettings) -> Session:
    return open_session(files_of(settings), settings, "resident")


def paint_levels(session: Session, order: Order) -> np.ndarray[Any, np.dtype[np.float32]]:
    """Levels 0 … 1 of the painted canvas, before rounding: (H, W, 3)."""
    klein = session.klein
    with torch.no_grad():
        latent, _ = session.painter.paint_latent(order, RecordingContext())
        levels = decode_levels(klein.vae, klein.decoder, latent)
    return (levels[0] / 2 + 0.5).clamp(0, 1).permute(1, 2, 0).numpy()


def stock_levels(pipeline: Any, order: Order, **arguments: object) -> np.ndarray[Any, np.dtype[np.float32]]:
    pipeline.set_progress_bar_config(disable=True)
    noise = draw_noise(order.seed, HEIGHT, WIDTH, pipeline.transformer.config.in_channels, torch.zeros(()))
    return np.asarray(
        pipeline(
            image=[Image.fromarray(picture) for picture in (order.canvas, *order.styles)],
            prompt=order.prompt,
            height=HEIGHT,
            width=WIDTH,
            num_inference_steps=order.num_inference_steps,
            latents=noise,
            output_type="np",
            **arguments,
        ).images[0]
    )


@pytest.fixture
def order(rng: np.random.Generator) -> Order:
    def draw(height: int, width: int) -> RgbImage:
        return rng.integers(0, 256, (height, width, 3), dtype=np.uint8)

    return Order(
        canvas=draw(HEIGHT, WIDTH),
        styles=(draw(64, 80), draw(64, 64)),
        prompt=PROMPT,
        seed=3,
        num_inference_steps=4,
        guidance_scale=1.0,
    )


def test_the_recipe_is_that_of_the_stock_pipeline(
    tiny_settings: Callable[..., FluxSettings], tiny_folder: Path, order: Order
) -> None:
    stock = stock_levels(Flux2KleinPipeline.from_pretrained(tiny_folder), order, guidance_scale=1.0)
    ours = paint_levels(open_tiny(tiny_settings()), order)
    assert np.ptp(stock) > 0.1
    assert np.abs(ours - stock).max() < TOLERANCE


def test_the_kv_recipe_is_that_of_the_stock_kv_pipeline(
    tiny_settings: Callable[..., FluxSettings], tiny_kv_folder: Path, order: Order
) -> None:
    stock = stock_levels(Flux2KleinKVPipeline.from_pretrained(tiny_kv_folder), order)
    ours = paint_levels(open_tiny(tiny_settings(model=str(tiny_kv_folder))), order)
    assert np.abs(ours - stock).max() < TOLERANCE


def test_guidance_of_a_base_model_is_that_of_the_stock_pipeline(
    tiny_settings: Callable[..., FluxSettings], tiny_base_folder: Path, order: Order
) -> None:
    guided = replace(order, guidance_scale=4.0, num_inference_steps=3)
    stock = stock_levels(Flux2KleinPipeline.from_pretrained(tiny_base_folder), guided, guidance_scale=4.0)
    ours = paint_levels(open_tiny(tiny_settings(model=str(tiny_base_folder))), guided)
    assert np.abs(ours - stock).max() < TOLERANCE


def test_a_reroll_finds_the_keys_and_values_of_its_references_ready(
    tiny_settings: Callable[..., FluxSettings], tiny_kv_folder: Path, order: Order
) -> None:
    session = open_tiny(tiny_settings(model=str(tiny_kv_folder)))
    paint_levels(session, order)
    reroll = replace(order, seed=4)
    kept = paint_levels(session, reroll)
    assert session.last_source == "kept"
    session.forget()
    fresh = paint_levels(session, reroll)
    assert session.last_source == "fresh"
    assert np.abs(kept - fresh).max() < TOLERANCE


def test_embeddings_of_a_prompt_are_those_of_the_stock_pipeline_and_come_from_disk_next_time(
    tiny_settings: Callable[..., FluxSettings], tiny_folder: Path, tmp_path: Path
) -> None:
    stock, _ = Flux2KleinPipeline.from_pretrained(tiny_folder).encode_prompt(PROMPT, device=torch.device("cpu"))
    session = open_tiny(tiny_settings())
    ours = session.embeddings.of(PROMPT)
    assert ours.shape == (1, 512, 48)
    assert (ours - stock).abs().max() < TOLERANCE
    assert len(list((tmp_path / "cache").rglob("*.safetensors"))) == 1
    again = open_tiny(tiny_settings())
    assert torch.equal(again.embeddings.of(PROMPT), ours)
    assert not again.embeddings.has_encoder


def test_prompts_of_pages_that_wait_are_read_along_and_come_out_the_same(
    tiny_settings: Callable[..., FluxSettings], tmp_path: Path
) -> None:
    settings = tiny_settings()
    encoder = load_text_encoder(files_of(settings), torch.device("cpu"), "resident")
    loads: list[int] = []

    def embeddings_in(folder: str) -> PromptEmbeddings:
        def load() -> TextEncoder:
            loads.append(1)
            return encoder

        return PromptEmbeddings(tmp_path / folder, "tiny", load, torch.empty(0), prompts_at_once=3)

    with torch.no_grad():
        alone = [embeddings_in("alone").of(prompt) for prompt in ("one", "two", "three", "four")]
        assert len(loads) == 4
        first = embeddings_in("together")
        together = [first.of("one", ["one", "two", "three", "four"])]
        # Another process finds those that were read along on disk.
        later = embeddings_in("together")
        together += [later.of("two"), later.of("three")]
        assert len(loads) == 5
        together.append(later.of("four"))
        assert len(loads) == 6
    assert all(torch.equal(one, other) for one, other in zip(alone, together, strict=True))


class Encoder(TextEncoder):
    """Reads every prompt as ones."""

    def encode(self, prompts: Sequence[str]) -> torch.Tensor:
        return torch.ones(len(prompts), 2, 2)


def test_kept_embeddings_are_taken_also_from_a_folder_that_cannot_be_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    PromptEmbeddings(tmp_path, "tiny", lambda: Encoder(None, None), torch.empty(0), prompts_at_once=1).of(PROMPT)

    def refuse(*_: object, **__: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "touch", refuse)
    again = PromptEmbeddings(
        tmp_path, "tiny", lambda: pytest.fail("it was read anew"), torch.empty(0), prompts_at_once=1
    )
    assert again.of(PROMPT).sum() == 4


def test_embeddings_that_cannot_be_kept_leave_nothing_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fill_the_disk(_: object, file: Path) -> None:
        file.write_bytes(b"half")
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("safetensors.torch.save_file", fill_the_disk)
    kept = PromptEmbeddings(tmp_path, "tiny", lambda: Encoder(None, None), torch.empty(0), prompts_at_once=1)
    assert kept.of(PROMPT).sum() == 4
    assert list(tmp_path.rglob("*")) == []
