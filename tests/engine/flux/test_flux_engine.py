"""The engine on a tiny model, through the real loading code, on the CPU."""

import gc
import os
import shutil
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from diffusers import AutoencoderKLFlux2
from safetensors.torch import save_file

from mangaflux.engine.base import ColorizeRequest, Engine
from mangaflux.engine.flux.engine import FluxEngine
from mangaflux.engine.flux.prompt_embeddings import TextEncoder
from mangaflux.errors import AttemptAbortedError, EngineUnavailableError
from mangaflux.settings import FluxSettings
from tests.engine.engine_contract import COLD, EngineContract, RecordingContext, make_request, request_for
from tests.engine.flux.folders import make_engine

MakeSettings = Callable[..., FluxSettings]


class TestFluxEngine(EngineContract):
    @pytest.fixture
    def engine(self, tiny_settings: MakeSettings) -> Engine:
        return make_engine(tiny_settings())

    def test_another_reference_gives_another_layer(self, engine: Engine) -> None:
        # Random weights know nothing of red and blue; that references are looked at can be seen all the same.
        engine.load()
        warm = engine.colorize(make_request(), RecordingContext()).image
        cold = engine.colorize(replace(make_request(), references=(COLD,)), RecordingContext()).image
        assert (warm != cold).mean() > 0.02


def colour(engine: FluxEngine, request: ColorizeRequest) -> np.ndarray[tuple[int, ...], np.dtype[np.uint8]]:
    engine.load()
    return engine.colorize(request, RecordingContext()).image


def test_steps_guidance_seed_and_prompt_change_the_layer(engine: FluxEngine) -> None:
    request = make_request()
    layers = [
        colour(engine, changed).tobytes()
        for changed in (
            request,
            replace(request, num_inference_steps=2),
            replace(request, seed=8),
            replace(request, prompt="Colour this page in the evening."),
            replace(request, palette={"hair": (200, 30, 40)}),
        )
    ]
    assert len(set(layers)) == len(layers)


def test_a_distilled_model_takes_four_steps_and_ignores_guidance(engine: FluxEngine) -> None:
    context = RecordingContext()
    engine.load()
    plain = engine.colorize(make_request(), context).image
    guided = engine.colorize(replace(make_request(), guidance_scale=4.0), RecordingContext()).image
    assert ("denoising", 4, 4) in context.reports
    assert plain.tobytes() == guided.tobytes()


def test_a_base_model_takes_guidance(tiny_settings: MakeSettings, tiny_base_folder: Path) -> None:
    engine = make_engine(tiny_settings(model=str(tiny_base_folder), num_inference_steps=2))
    plain = colour(engine, replace(make_request(), guidance_scale=1.0))
    none = colour(engine, replace(make_request(), guidance_scale=0.0))
    guided = colour(engine, replace(make_request(), guidance_scale=6.0))
    assert plain.tobytes() == none.tobytes() != guided.tobytes()


def test_the_same_page_twice_gives_the_same_bytes_in_another_process_state(
    engine: FluxEngine, tiny_settings: MakeSettings
) -> None:
    first = colour(engine, make_request(seed=3))
    colour(engine, make_request(seed=4))
    assert first.tobytes() == colour(engine, make_request(seed=3)).tobytes()
    assert first.tobytes() == colour(make_engine(tiny_settings()), make_request(seed=3)).tobytes()


@pytest.mark.parametrize("step", [1, 2, 3])
def test_a_cancel_ends_within_one_step_and_leaves_no_tensor_behind(engine: FluxEngine, step: int) -> None:
    class CancelAt(RecordingContext):
        def progress(self, stage: str, step_done: int = 0, total_steps: int = 0) -> None:
            super().progress(stage, step_done, total_steps)
            if (stage, step_done) == ("denoising", step):
                raise AttemptAbortedError("The attempt was told to stop.")

    colour(engine, make_request())
    before = living_tensor_bytes()
    context = CancelAt()
    with pytest.raises(AttemptAbortedError):
        engine.colorize(make_request(), context)
    assert context.reports[-1] == ("denoising", step, 4)
    assert living_tensor_bytes() <= before


def living_tensor_bytes() -> int:
    gc.collect()
    # By type: asking some lazy objects of torch for their class makes them warn.
    return sum(each.nbytes for each in gc.get_objects() if issubclass(type(each), torch.Tensor))


def test_a_strip_is_painted_slice_by_slice_and_comes_back_whole(engine: FluxEngine) -> None:
    strip = np.random.default_rng(1).integers(0, 256, (900, 120, 3), dtype=np.uint8)
    context = RecordingContext()
    engine.load()
    layer = engine.colorize(request_for(strip), context).image
    assert abs(layer.shape[0] / layer.shape[1] - 900 / 120) < 0.1
    assert [report[0] for report in context.reports].count("painting") >= 4


def test_a_spread_keeps_its_aspect(engine: FluxEngine) -> None:
    spread = np.random.default_rng(1).integers(0, 256, (170, 240, 3), dtype=np.uint8)
    layer = colour(engine, request_for(spread))
    assert abs(layer.shape[1] / layer.shape[0] - 240 / 170) < 1.5 / layer.shape[0]


def test_missing_weights_are_refused_with_the_file_that_is_missing(
    tiny_settings: MakeSettings, tiny_folder: Path, tmp_path: Path
) -> None:
    folder = shutil.copytree(tiny_folder, tmp_path / "broken-klein")
    (folder / "vae" / "diffusion_pytorch_model.safetensors").unlink()
    with pytest.raises(EngineUnavailableError, match=r"broken-klein lacks vae/diffusion_pytorch_model\.safetensors"):
        make_engine(tiny_settings(model=str(folder))).load()


def test_pickled_weights_are_not_weights(tiny_settings: MakeSettings, tiny_folder: Path, tmp_path: Path) -> None:
    folder = shutil.copytree(tiny_folder, tmp_path / "pickled-klein")
    weights = folder / "transformer" / "diffusion_pytorch_model.safetensors"
    weights.rename(weights.with_suffix(".bin"))
    with pytest.raises(EngineUnavailableError, match="lacks transformer/"):
        make_engine(tiny_settings(model=str(folder))).load()


def test_a_lora_changes_the_layer_by_its_scale_and_is_part_of_the_recipe(
    tiny_settings: MakeSettings, tmp_path: Path
) -> None:
    lora = save_lora(tmp_path / "manga.safetensors")
    plain = make_engine(tiny_settings())
    none = make_engine(tiny_settings(loras=[{"file": str(lora), "scale": 0.0}]))
    full = make_engine(tiny_settings(loras=[{"file": str(lora), "scale": 1.0}]))
    assert colour(plain, make_request()).tobytes() == colour(none, make_request()).tobytes()
    assert colour(plain, make_request()).tobytes() != colour(full, make_request()).tobytes()
    assert plain.recipe["weights"] != none.recipe["weights"] != full.recipe["weights"]


def test_a_lora_that_is_replaced_changes_the_recipe_when_it_is_loaded_and_not_before(
    tiny_settings: MakeSettings, tmp_path: Path
) -> None:
    lora = save_lora(tmp_path / "manga.safetensors")
    engine = make_engine(tiny_settings(loras=[{"file": str(lora)}]))
    expected = engine.recipe["weights"]
    engine.load()
    os.utime(lora, ns=(1, 1))
    assert engine.recipe["weights"] == expected
    engine.unload()
    replaced = engine.recipe["weights"]
    engine.load()
    assert engine.recipe["weights"] == replaced != expected


def test_the_trigger_word_of_a_lora_is_part_of_the_prompt(tiny_settings: MakeSettings, tmp_path: Path) -> None:
    lora = save_lora(tmp_path / "manga.safetensors")
    silent = make_engine(tiny_settings(loras=[{"file": str(lora), "scale": 0.0}]))
    spoken = make_engine(tiny_settings(loras=[{"file": str(lora), "scale": 0.0, "trigger": "mangacolor"}]))
    assert colour(silent, make_request()).tobytes() != colour(spoken, make_request()).tobytes()


def test_a_lora_of_another_model_is_refused_by_name(tiny_settings: MakeSettings, tmp_path: Path) -> None:
    lora = save_lora(tmp_path / "other.safetensors", width=48)
    with pytest.raises(EngineUnavailableError, match=r"other\.safetensors is a LoRA of another model"):
        make_engine(tiny_settings(loras=[{"file": str(lora)}])).load()


def save_lora(file: Path, width: int = 32) -> Path:
    """A LoRA of rank 2 for one attention, in the layout of diffusers."""
    generator = torch.Generator().manual_seed(1)
    name = "transformer.transformer_blocks.0.attn.to_q"
    save_file(
        {
            f"{name}.lora_A.weight": torch.randn(2, width, generator=generator),
            f"{name}.lora_B.weight": torch.randn(width, 2, generator=generator),
        },
        file,
    )
    return file


def test_another_decoder_paints_the_same_latents_in_another_way(
    tiny_settings: MakeSettings, tiny_folder: Path, tmp_path: Path
) -> None:
    torch.manual_seed(9)
    small = AutoencoderKLFlux2(
        block_out_channels=(8, 8, 8, 16),
        decoder_block_out_channels=(4, 4, 4, 8),
        layers_per_block=1,
        latent_channels=4,
        norm_num_groups=4,
    )
    small.save_pretrained(tmp_path / "small-decoder")
    usual = colour(make_engine(tiny_settings()), make_request())
    other = colour(make_engine(tiny_settings(decoder=str(tmp_path / "small-decoder"))), make_request())
    assert usual.shape == other.shape
    assert usual.tobytes() != other.tobytes()


def test_what_was_measured_is_in_the_recipe_of_the_layer(engine: FluxEngine) -> None:
    assert engine.recipe["memory_profile"] == "undecided"
    engine.load()
    layer = engine.colorize(make_request(), RecordingContext())
    assert dict(layer.recipe) == dict(engine.recipe)
    assert layer.recipe["memory_profile"] == "resident"


def test_the_recipe_of_the_next_start_is_known_before_it_loads(tiny_settings: MakeSettings) -> None:
    first = make_engine(tiny_settings())
    first.load()
    assert dict(make_engine(tiny_settings()).recipe) == dict(first.recipe)


def test_a_setting_that_decides_nothing_changes_no_decision(tiny_settings: MakeSettings) -> None:
    make_engine(tiny_settings()).load()
    other = make_engine(tiny_settings(preview_every_steps=2, num_inference_steps=3)).recipe
    assert (other["memory_profile"], other["attention"]) == ("resident", "native")
    assert make_engine(tiny_settings(memory_profile="offload")).recipe["memory_profile"] == "undecided"


def test_the_model_is_named_by_what_is_loaded(engine: FluxEngine, tiny_folder: Path) -> None:
    assert engine.model.id == tiny_folder.name
    assert len(engine.model.revision) == 12


def test_unloading_frees_the_model(engine: FluxEngine) -> None:
    before = living_tensor_bytes()
    colour(engine, make_request())
    assert living_tensor_bytes() > before
    engine.unload()
    assert living_tensor_bytes() <= before


def test_the_text_encoder_runs_once_for_pages_that_wait_together(
    engine: FluxEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("mangaflux.engine.flux.session.CPU_PROMPTS_AT_ONCE", 4)
    read: list[list[str]] = []
    encode = TextEncoder.encode

    def noted(self: TextEncoder, prompts: Sequence[str]) -> torch.Tensor:
        read.append(list(prompts))
        return encode(self, prompts)

    monkeypatch.setattr(TextEncoder, "encode", noted)
    requests = [replace(make_request(), prompt=f"Page {number}.") for number in range(3)]
    for request in requests:
        engine.expect(request)
    for request in requests:
        colour(engine, request)
    assert read == [["Page 0.", "Page 1.", "Page 2.", "Page 0."]]


def test_a_fast_page_takes_fewer_steps_and_sees_less_of_the_style(tiny_settings: MakeSettings) -> None:
    engine, context, asked = make_engine(tiny_settings(style_long_side=128)), RecordingContext(), RecordingContext()
    style = np.random.default_rng(2).integers(0, 256, (128, 96, 3), dtype=np.uint8)
    request = replace(make_request(), references=(style,))
    engine.load()
    fast = engine.colorize(replace(request, quality="fast"), context).image
    three = engine.colorize(replace(request, num_inference_steps=3), RecordingContext()).image
    engine.colorize(replace(request, quality="fast", num_inference_steps=2), asked)
    assert context.reports[-2] == ("denoising", 3, 3)
    assert ("denoising", 2, 2) in asked.reports
    assert fast.tobytes() != three.tobytes()


def test_a_fast_page_of_a_base_model_takes_half_the_steps(tiny_settings: MakeSettings, tiny_base_folder: Path) -> None:
    engine = make_engine(tiny_settings(model=str(tiny_base_folder)))
    context = RecordingContext(stop_after=4)
    engine.load()
    with pytest.raises(AttemptAbortedError):
        engine.colorize(replace(make_request(), quality="fast"), context)
    assert context.reports[-1][2] == 14
