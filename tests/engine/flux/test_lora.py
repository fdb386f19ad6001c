"""How strongly a LoRA acts: as it was trained, whatever the layout that says so."""

import json
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file

from mangaflux.engine.flux.lora import merge_lora
from mangaflux.errors import EngineUnavailableError

RANK = 4
QUERY, KEY = "transformer_blocks.0.attn.to_q", "transformer_blocks.0.attn.to_k"
#: What PEFT writes of a plain LoRA.
PLAIN = {
    "peft_type": "LORA",
    "r": RANK,
    "lora_alpha": 8,
    "alpha_pattern": {},
    "rank_pattern": {},
    "use_rslora": False,
    "use_dora": False,
    "bias": "none",
    "init_lora_weights": True,
    "target_modules": ["to_q", "to_k"],
    "layer_replication": None,
    "loftq_config": {},
    "megatron_core": "megatron.core",
}


class Attention(torch.nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.attn = torch.nn.ModuleDict({name: torch.nn.Linear(6, 6, bias=False) for name in ("to_q", "to_k")})


class Transformer(torch.nn.Module):
    """Two weights, both zero, under the names that FLUX.2 has for them."""

    def __init__(self) -> None:
        super().__init__()
        self.transformer_blocks = torch.nn.ModuleList([Attention()])
        for weight in self.parameters():
            torch.nn.init.zeros_(weight)


def save_lora(
    file: Path, config: dict[str, object] | None = None, prefix: str = "transformer.", more: str = ""
) -> Path:
    tensors = {}
    for name in (QUERY, KEY):
        tensors[f"{prefix}{name}.lora_A.weight"] = torch.ones(RANK, 6)
        tensors[f"{prefix}{name}.lora_B.weight"] = torch.ones(6, RANK)
    if more:
        tensors[f"{prefix}{QUERY}.{more}"] = torch.ones(6)
    packed = {f"transformer.{key}": value for key, value in (config or {}).items()}
    save_file(tensors, file, metadata={"lora_adapter_metadata": json.dumps(packed)} if packed else None)
    return file


def factors(file: Path, scale: float = 1.0) -> tuple[float, float]:
    """By how much the matrices of query and key were multiplied."""
    transformer = Transformer()
    merge_lora(transformer, file, scale)
    weights = transformer.state_dict()
    return float(weights[f"{QUERY}.weight"][0, 0]) / RANK, float(weights[f"{KEY}.weight"][0, 0]) / RANK


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"lora_alpha": 8}, (2, 2)),
        ({"lora_alpha": 2}, (0.5, 0.5)),
        ({"lora_alpha": 8, "use_rslora": True}, (4, 4)),
        ({"lora_alpha": 8, "alpha_pattern": {"to_k": 16}, "rank_pattern": {"to_k": RANK}}, (2, 4)),
        ({"lora_alpha": 8, "alpha_pattern": {"^transformer_blocks.0.attn.to_q": 4, "o_k": 16}}, (1, 2)),
    ],
)
def test_a_lora_is_as_strong_as_its_header_says(
    changes: dict[str, object], expected: tuple[float, float], tmp_path: Path
) -> None:
    file = save_lora(tmp_path / "manga.safetensors", PLAIN | changes)

    assert factors(file) == pytest.approx(expected)
    assert factors(file, scale=0.5) == pytest.approx((expected[0] / 2, expected[1] / 2))


def test_a_lora_that_says_nothing_is_added_as_it_is(tmp_path: Path) -> None:
    assert factors(save_lora(tmp_path / "manga.safetensors")) == (1, 1)


def test_a_lora_of_peft_is_as_strong_as_the_file_beside_it_says(tmp_path: Path) -> None:
    file = save_lora(tmp_path / "adapter_model.safetensors", prefix="base_model.model.")
    (tmp_path / "adapter_config.json").write_text(json.dumps(PLAIN | {"lora_alpha": 12}), encoding="utf-8")

    assert factors(file) == (3, 3)


def test_the_configuration_beside_another_file_says_nothing_of_it(tmp_path: Path) -> None:
    (tmp_path / "adapter_config.json").write_text(json.dumps(PLAIN | {"lora_alpha": 12}), encoding="utf-8")

    assert factors(save_lora(tmp_path / "manga.safetensors")) == (1, 1)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"use_dora": True}, "use_dora is true"),
        ({"lora_bias": True}, "lora_bias is true"),
        ({"bias": "all"}, 'bias is "all"'),
        ({"peft_type": "LOHA"}, 'peft_type is "LOHA"'),
        ({"init_lora_weights": "pissa"}, 'init_lora_weights is "pissa"'),
        ({"of_a_later_peft": {"on": 1}}, "of_a_later_peft is"),
        ({"lora_alpha": "much"}, "lora_alpha or alpha_pattern cannot be read"),
        ({"alpha_pattern": {"(": 2}}, "lora_alpha or alpha_pattern cannot be read"),
    ],
)
def test_what_is_no_plain_lora_is_refused_by_name(changes: dict[str, object], words: str, tmp_path: Path) -> None:
    file = save_lora(tmp_path / "manga.safetensors", PLAIN | changes)

    with pytest.raises(EngineUnavailableError, match=rf"manga\.safetensors .*{words}"):
        factors(file)


@pytest.mark.parametrize("name", ["dora_scale", "lora_magnitude_vector"])
def test_matrices_that_are_no_plain_lora_are_refused_by_name(name: str, tmp_path: Path) -> None:
    file = save_lora(tmp_path / "manga.safetensors", more=name)

    with pytest.raises(EngineUnavailableError, match=rf"manga\.safetensors is not a plain LoRA: .*{name}"):
        factors(file)
