"""LoRAs, merged into the weights: no cost at run time, and nothing that compiling or quantising would stumble over."""

from pathlib import Path
from typing import Any

import torch

from mangaflux.errors import EngineUnavailableError

_DOWN, _UP = ".lora_A.weight", ".lora_B.weight"


def merge_lora(transformer: Any, file: Path, scale: float) -> None:
    """Adds scale · B·A to every weight that the file has a pair of matrices for.

    The layouts of diffusers, PEFT, kohya and ai-toolkit are read; diffusers turns them into one.

    Raises:
        EngineUnavailableError: the file is no LoRA, or one of another model.
    """
    pairs = _read_pairs(file)
    modules = dict(transformer.named_modules())
    for name, (down, up) in pairs.items():
        weight = getattr(modules.get(name), "weight", None)
        if weight is None or weight.shape != (up.shape[0], down.shape[1]):
            raise EngineUnavailableError(f"{file.name} is a LoRA of another model: {name} does not fit.")
        change = scale * (up.float() @ down.float())
        with torch.no_grad():
            weight.copy_((weight.float() + change.to(weight.device)).to(weight.dtype))


def _read_pairs(file: Path) -> dict[str, tuple[torch.Tensor, torch.Tensor]]:
    from diffusers.loaders.lora_pipeline import Flux2LoraLoaderMixin
    from safetensors import SafetensorError

    try:
        state = Flux2LoraLoaderMixin.lora_state_dict(str(file), use_safetensors=True, local_files_only=True)
    except (SafetensorError, ValueError, OSError) as error:
        raise EngineUnavailableError(f"{file.name} cannot be read as a LoRA of FLUX.2.") from error
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
