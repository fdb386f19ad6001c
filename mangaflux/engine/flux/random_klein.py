"""A FLUX.2 klein of random weights, in the files and the layout of a real one, of any size.

It ships with the package so that everything but the beauty of pages can be tested and measured without a download:
loading, memory, speed, equality with other implementations.
"""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

#: What a chat template has to do: roles, an opening for the answer, no thinking.
CHAT_TEMPLATE = (
    "{% for message in messages %}<|im_start|>{{ message.role }}\n{{ message.content }}<|im_end|>\n{% endfor %}"
    "{% if add_generation_prompt %}<|im_start|>assistant\n{% if enable_thinking is false %}<think></think>{% endif %}"
    "{% endif %}"
)

#: Layers of every text encoder here: the last that is read is number 27.
_FEWEST_TEXT_LAYERS = 28


@dataclass(frozen=True, slots=True)
class KleinSize:
    """The numbers that tell one klein from another; those of the published ones are their configurations."""

    name: str
    #: Of the transformer.
    num_layers: int
    num_single_layers: int
    num_attention_heads: int
    attention_head_dim: int
    #: Of the text encoder.
    text_width: int
    text_intermediate: int
    text_layers: int
    text_heads: int
    vocabulary: int
    #: Of the VAE.
    block_out_channels: tuple[int, ...]
    latent_channels: int
    #: Standard deviation of the transformer's weights; None: PyTorch's own start.
    deviation: float | None = None

    @property
    def width(self) -> int:
        """Of the transformer."""
        return self.num_attention_heads * self.attention_head_dim


TINY = KleinSize("tiny", 1, 2, 2, 16, 16, 24, _FEWEST_TEXT_LAYERS, 2, 320, (8, 8, 8, 16), 4, deviation=0.25)
_VAE = (128, 256, 512, 512)
KLEIN_4B = KleinSize("4B", 5, 20, 24, 128, 2560, 9728, 36, 32, 151_936, _VAE, 32)
KLEIN_9B = KleinSize("9B", 8, 24, 32, 128, 4096, 12_288, 36, 32, 151_936, _VAE, 32)
SIZES = {size.name: size for size in (TINY, KLEIN_4B, KLEIN_9B)}


def save_random_klein(
    folder: Path,
    size: KleinSize,
    *,
    device: str = "cpu",
    dtype: torch.dtype = torch.float32,
    keeps_reference_kv: bool = False,
    is_distilled: bool = True,
    seed: int = 0,
) -> Path:
    """The folder, with everything in it that a published klein has; a folder that is there is left as it is.

    Args:
        folder: made.
        size: of the model.
        device: where the weights are drawn; a GPU draws billions in a second.
        dtype: of the weights.
        keeps_reference_kv: true for what 9B-KV is.
        is_distilled: false for what base models are.
        seed: other seeds, other weights.
    """
    if (folder / "model_index.json").exists():
        return folder
    torch.manual_seed(seed)
    for part, build in (("transformer", _transformer), ("vae", _vae), ("text_encoder", _text_encoder)):
        with torch.device(device):
            module = build(size)
        module.to(dtype).save_pretrained(folder / part, max_shard_size="40GB")
        del module
    _tokenizer().save_pretrained(folder / "tokenizer")
    _scheduler().save_pretrained(folder / "scheduler")
    index = {
        "_class_name": "Flux2KleinKVPipeline" if keeps_reference_kv else "Flux2KleinPipeline",
        "is_distilled": is_distilled,
        "scheduler": ["diffusers", "FlowMatchEulerDiscreteScheduler"],
        "text_encoder": ["transformers", "Qwen3ForCausalLM"],
        "tokenizer": ["transformers", "Qwen2Tokenizer"],
        "transformer": ["diffusers", "Flux2Transformer2DModel"],
        "vae": ["diffusers", "AutoencoderKLFlux2"],
    }
    (folder / "model_index.json").write_text(json.dumps(index, indent=1), encoding="utf-8")
    return folder


def _transformer(size: KleinSize) -> Any:
    from diffusers import Flux2Transformer2DModel

    transformer = Flux2Transformer2DModel(
        in_channels=4 * size.latent_channels,
        num_layers=size.num_layers,
        num_single_layers=size.num_single_layers,
        attention_head_dim=size.attention_head_dim,
        num_attention_heads=size.num_attention_heads,
        joint_attention_dim=3 * size.text_width,
        axes_dims_rope=(size.attention_head_dim // 4,) * 4,
        guidance_embeds=False,
    )
    if size.deviation is not None:
        # As small as they begin, few weights leave the noise as it is, whatever the references and the prompt.
        for weight in transformer.parameters():
            if weight.ndim > 1:
                torch.nn.init.normal_(weight, std=size.deviation)
    return transformer


def _vae(size: KleinSize) -> Any:
    from diffusers import AutoencoderKLFlux2

    vae = AutoencoderKLFlux2(
        block_out_channels=size.block_out_channels,
        layers_per_block=1 if size.name == "tiny" else 2,
        latent_channels=size.latent_channels,
        norm_num_groups=4 if size.name == "tiny" else 32,
    )
    # Statistics unlike a standard distribution, so that a recipe that leaves them out is found out.
    vae.bn.running_mean.normal_()
    vae.bn.running_var.uniform_(0.5, 2.0)
    return vae


def _text_encoder(size: KleinSize) -> Any:
    from transformers import Qwen3Config, Qwen3ForCausalLM

    config = Qwen3Config(
        vocab_size=size.vocabulary,
        hidden_size=size.text_width,
        intermediate_size=size.text_intermediate,
        num_hidden_layers=size.text_layers,
        num_attention_heads=size.text_heads,
        num_key_value_heads=max(1, size.text_heads // 4),
        head_dim=8 if size.name == "tiny" else 128,
        max_position_embeddings=1024,
        tie_word_embeddings=size.name != "9B",
    )
    return Qwen3ForCausalLM(config)


def _tokenizer() -> Any:
    """One token a byte."""
    from tokenizers import pre_tokenizers
    from transformers import Qwen2Tokenizer

    specials = ["<|endoftext|>", "<|im_start|>", "<|im_end|>"]
    tokens = [*specials, *sorted(pre_tokenizers.ByteLevel.alphabet())]
    tokenizer = Qwen2Tokenizer(vocab={token: number for number, token in enumerate(tokens)}, merges=[])
    tokenizer.chat_template = CHAT_TEMPLATE
    return tokenizer


def _scheduler() -> Any:
    from diffusers import FlowMatchEulerDiscreteScheduler

    return FlowMatchEulerDiscreteScheduler(use_dynamic_shifting=True, shift=3.0)
