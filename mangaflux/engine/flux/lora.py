"""LoRAs, merged into the weights: no cost at run time, and nothing that compiling or quantising would stumble over."""

from pathlib import Path
from typing import Any

import torch

from mangaflux.engine.flux.lora_strength import LoraStrength, read_strength
from mangaflux.errors import EngineUnavailableError

_DOWN, _UP = ".lora_A.weight", ".lora_B.weight"


def merge_lora(transformer: Any, file: Path, scale: float) -> None:
    """Adds scale · factor · B·A to every weight that the file has a pair of matrices for; the factor is that of its
    training (`LoraStrength`).

    The layouts of diffusers, PEFT, kohya and ai-toolkit are read; diffusers turns them into one.

    Raises:
        EngineUnavailableError: the file is no plain LoRA, or one of another model.
    """
    pairs, strength = _read(file)
    modules = dict(transformer.named_modules())
    for name, (down, up) in pairs.items():
        weight = getattr(modules.get(name), "weight", None)
        if weight is None or weight.shape != (up.shape[0], down.shape[1]):
            raise EngineUnavailableError(f"{file.name} is a LoRA of another model: {name} does not fit.")
        change = scale * strength.factor(name, down.shape[0]) * (up.float() @ down.float())
        with torch.no_grad():
            weight.copy_((weight.float() + change.to(weight.device)).to(weight.dtype))


def _read(file: Path) -> tuple[dict[str, tuple[torch.Tensor, torch.Tensor]], LoraStrength]:
    from diffusers.loaders.lora_pipeline import Flux2LoraLoaderMixin
    from safetensors import SafetensorError, safe_open

    try:
        with safe_open(file, framework="pt") as header:
            names = list(header.keys())
        state, metadata = Flux2LoraLoaderMixin.lora_state_dict(
            str(file), use_safetensors=True, local_files_only=True, return_lora_metadata=True
        )
    except (SafetensorError, ValueError, OSError) as error:
        raise EngineUnavailableError(f"{file.name} cannot be read as a LoRA of FLUX.2.") from error
    # diffusers drops these and goes on with what is left, which is another LoRA.
    if dora := next((name for name in names if "dora_scale" in name), None):
        raise EngineUnavailableError(f"{file.name} is not a plain LoRA: {dora}.")
    return _pairs_of(state, file), read_strength(file, metadata)


def _pairs_of(state: dict[str, torch.Tensor], file: Path) -> dict[str, tuple[torch.Tensor, torch.Tensor]]:
    state = {name.removeprefix("transformer."): tensor for name, tensor in state.items()}
    downs = [name for name in state if name.endswith(_DOWN)]
    stray = [name for name in state if not name.endswith((_DOWN, _UP))]
    if stray or not downs:
        raise EngineUnavailableError(
            f"{file.name} is not a plain LoRA: {stray[0] if stray else 'it holds no matrices'}."
        )
    pairs = {}
    for name in downs:
        module = name.removesuffix(_DOWN)
        if (up := state.get(module + _UP)) is None:
            raise EngineUnavailableError(f"{file.name} is incomplete: {module}{_UP} is missing.")
        pairs[module] = (state[name], up)
    return pairs
