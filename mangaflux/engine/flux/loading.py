"""From files to modules on the device: transformer, VAE, scheduler, and the text encoder when it is asked for.

Nothing is downloaded and nothing but safetensors and GGUF is read. The order matters: LoRAs are merged while the
weights are whole, attention processors come before the attention backend, quantising before compiling.
"""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from mangaflux.engine.flux.lora import merge_lora
from mangaflux.engine.flux.memory_profiles import Profile
from mangaflux.engine.flux.model_files import ModelFiles
from mangaflux.engine.flux.prompt_embeddings import RUN_LAYERS, TextEncoder
from mangaflux.errors import EngineUnavailableError
from mangaflux.settings import FluxSettings

logger = logging.getLogger(__name__)


def quieten_libraries() -> None:
    """Keeps progress bars and remarks of the libraries out of the server's log; errors stay."""
    from diffusers.utils import logging as diffusers_logging
    from transformers.utils import logging as transformers_logging

    for library in (diffusers_logging, transformers_logging):
        library.disable_progress_bar()
        library.set_verbosity_error()


@dataclass(frozen=True, slots=True, eq=False)
class Klein:
    """The modules of one FLUX.2 klein, but for its text encoder."""

    transformer: Any
    vae: Any
    #: The VAE whose decoder is used.
    decoder: Any
    scheduler: Any
    device: torch.device
    dtype: torch.dtype


def load_klein(files: ModelFiles, settings: FluxSettings, device: torch.device) -> Klein:
    """The modules: the VAE on the device, the transformer still in main memory, LoRAs merged.

    Raises:
        EngineUnavailableError: a file is not what its name says.
    """
    from diffusers import AutoencoderKLFlux2, FlowMatchEulerDiscreteScheduler

    quieten_libraries()
    dtype = dtype_of(device)
    vae = _load_part(AutoencoderKLFlux2, files.folder / "vae", dtype).to(device).eval()
    decoder = vae
    if files.decoder is not None:
        decoder = _load_part(AutoencoderKLFlux2, files.decoder, dtype).to(device).eval()
    transformer = _load_transformer(files, settings, dtype)
    with readable(files.folder / "scheduler"):
        scheduler = FlowMatchEulerDiscreteScheduler.from_pretrained(files.folder / "scheduler", local_files_only=True)
    for lora in settings.loras:
        merge_lora(transformer, Path(lora.file).expanduser(), lora.scale)
    return Klein(
        transformer=transformer.requires_grad_(False).eval(),
        vae=vae.requires_grad_(False),
        decoder=decoder.requires_grad_(False),
        scheduler=scheduler,
        device=device,
        dtype=dtype,
    )


def load_text_encoder(files: ModelFiles, device: torch.device, profile: Profile) -> TextEncoder:
    """Qwen3 and its tokenizer: on the device in the profile resident, else streaming from main memory.

    Raises:
        EngineUnavailableError: a file is not what its name says.
    """
    from transformers import Qwen2TokenizerFast, Qwen3ForCausalLM

    with readable(files.folder / "text_encoder"):
        whole = Qwen3ForCausalLM.from_pretrained(
            files.folder / "text_encoder", dtype=dtype_of(device), use_safetensors=True, local_files_only=True
        )
    with readable(files.folder / "tokenizer"):
        tokenizer = Qwen2TokenizerFast.from_pretrained(files.folder / "tokenizer", local_files_only=True)
    model = whole.model.requires_grad_(False).eval()
    # A quarter of the layers comes after the last one that is read.
    model.layers = model.layers[:RUN_LAYERS]
    streaming: Profile = "resident" if profile == "resident" else "offload"
    return TextEncoder(model=place(model, device, streaming), tokenizer=tokenizer)


def place(module: Any, device: torch.device, profile: Profile) -> Any:
    """The module on the device; in the profile offload in main memory, from where each layer comes when it is due."""
    if profile != "offload" or device.type == "cpu":
        return module.to(device)
    from diffusers.hooks import apply_group_offloading

    apply_group_offloading(
        module,
        onload_device=device,
        offload_device=torch.device("cpu"),
        offload_type="leaf_level",
        use_stream=True,
        # Pinning every weight at once would double what a small machine must hold.
        low_cpu_mem_usage=True,
    )
    return module


def dtype_of(device: torch.device) -> torch.dtype:
    """What is computed in: bfloat16 on GPUs, as the models were trained; float32 on CPUs, which are faster in it."""
    return torch.float32 if device.type == "cpu" else torch.bfloat16


def _load_transformer(files: ModelFiles, settings: FluxSettings, dtype: torch.dtype) -> Any:
    from diffusers import Flux2Transformer2DModel, GGUFQuantizationConfig

    if not settings.transformer_file:
        return _load_part(Flux2Transformer2DModel, files.folder / "transformer", dtype)
    file = Path(settings.transformer_file).expanduser()
    if settings.is_gguf and settings.loras:
        raise EngineUnavailableError("LoRAs cannot be merged into GGUF files; use weights that are not quantised.")
    try:
        return Flux2Transformer2DModel.from_single_file(
            str(file),
            config=str(files.folder),
            subfolder="transformer",
            quantization_config=GGUFQuantizationConfig(compute_dtype=dtype) if settings.is_gguf else None,
            torch_dtype=dtype,
            local_files_only=True,
        )
    except (ValueError, KeyError, OSError) as error:
        logger.warning("%s", error)
        raise EngineUnavailableError(
            f"{file.name} does not hold a transformer that fits {files.id}; choose another flux.transformer_file."
        ) from error


def _load_part(kind: Any, folder: Path, dtype: torch.dtype) -> Any:
    """A module in main memory, every weight of it from the folder."""
    with readable(folder):
        module, told = kind.from_pretrained(
            folder, torch_dtype=dtype, use_safetensors=True, local_files_only=True, output_loading_info=True
        )
    # diffusers goes on without numbers for them.
    if missing := told["missing_keys"]:
        raise EngineUnavailableError(f"{_place(folder)} lacks the weights {min(missing)}; get the model again.")
    return module


@contextmanager
def readable(folder: Path) -> Iterator[None]:
    """Turns what the libraries raise over a part of a model into one sentence.

    Raises:
        EngineUnavailableError: in place of what was raised; it names the file that is broken, or the folder.
    """
    from safetensors import SafetensorError

    try:
        yield
    except (SafetensorError, OSError, ValueError, KeyError, TypeError) as error:
        logger.warning("%s", error)
        raise EngineUnavailableError(
            f"{_place(folder)}{_broken_file(folder)} cannot be read or does not fit; get the model again."
        ) from error


def _place(folder: Path) -> str:
    return f"{folder.parent.name}/{folder.name}"


def _broken_file(folder: Path) -> str:
    """The first file of weights whose header cannot be read, with a slash before it; empty where all can."""
    from safetensors import SafetensorError, safe_open

    for file in sorted(folder.glob("*.safetensors")):
        try:
            with safe_open(file, framework="pt"):
                pass
        except (SafetensorError, OSError):
            return f"/{file.name}"
    return ""
