"""A FLUX.2 klein of a few thousand random weights, in the files and the layout of the real one."""

import json
from pathlib import Path
from typing import Any

import torch
from diffusers import AutoencoderKLFlux2, FlowMatchEulerDiscreteScheduler, Flux2Transformer2DModel
from tokenizers import pre_tokenizers
from transformers import Qwen2Tokenizer, Qwen3Config, Qwen3ForCausalLM

#: Width of the text encoder; the transformer reads three of its states side by side.
TEXT_WIDTH = 16

CHAT_TEMPLATE = (
    "{% for message in messages %}<|im_start|>{{ message.role }}\n{{ message.content }}<|im_end|>\n{% endfor %}"
    "{% if add_generation_prompt %}<|im_start|>assistant\n{% if enable_thinking is false %}<think></think>{% endif %}"
    "{% endif %}"
)


def save_tiny_klein(folder: Path, *, class_name: str = "Flux2KleinPipeline", is_distilled: bool = True) -> Path:
    """The folder, with everything in it that `FLUX.2-klein-4B` has."""
    torch.manual_seed(0)
    _transformer().save_pretrained(folder / "transformer")
    _vae().save_pretrained(folder / "vae")
    _text_encoder().save_pretrained(folder / "text_encoder")
    _tokenizer().save_pretrained(folder / "tokenizer")
    FlowMatchEulerDiscreteScheduler(use_dynamic_shifting=True, shift=3.0).save_pretrained(folder / "scheduler")
    index = {
        "_class_name": class_name,
        "is_distilled": is_distilled,
        "scheduler": ["diffusers", "FlowMatchEulerDiscreteScheduler"],
        "text_encoder": ["transformers", "Qwen3ForCausalLM"],
        "tokenizer": ["transformers", "Qwen2Tokenizer"],
        "transformer": ["diffusers", "Flux2Transformer2DModel"],
        "vae": ["diffusers", "AutoencoderKLFlux2"],
    }
    (folder / "model_index.json").write_text(json.dumps(index))
    return folder


def _transformer() -> Any:
    transformer = Flux2Transformer2DModel(
        in_channels=16,
        num_layers=1,
        num_single_layers=2,
        attention_head_dim=16,
        num_attention_heads=2,
        joint_attention_dim=3 * TEXT_WIDTH,
        timestep_guidance_channels=16,
        axes_dims_rope=(4, 4, 4, 4),
        guidance_embeds=False,
    )
    # As small as they begin, weights would leave the noise as it is, whatever the references and the prompt.
    for weight in transformer.parameters():
        if weight.ndim > 1:
            torch.nn.init.normal_(weight, std=0.25)
    return transformer


def _vae() -> Any:
    vae = AutoencoderKLFlux2(
        block_out_channels=(8, 8, 8, 16),
        layers_per_block=1,
        latent_channels=4,
        norm_num_groups=4,
        sample_size=64,
    )
    # Real statistics, so that a recipe that leaves them out is found out.
    vae.bn.running_mean.normal_()
    vae.bn.running_var.uniform_(0.5, 2.0)
    return vae


def _text_encoder() -> Any:
    config = Qwen3Config(
        vocab_size=320,
        hidden_size=TEXT_WIDTH,
        intermediate_size=24,
        num_hidden_layers=28,
        num_attention_heads=2,
        num_key_value_heads=1,
        head_dim=8,
        max_position_embeddings=1024,
        tie_word_embeddings=True,
    )
    return Qwen3ForCausalLM(config)


def _tokenizer() -> Any:
    """One token a byte."""
    letters = sorted(pre_tokenizers.ByteLevel.alphabet())
    specials = ["<|endoftext|>", "<|im_start|>", "<|im_end|>"]
    tokenizer = Qwen2Tokenizer(vocab={token: number for number, token in enumerate([*specials, *letters])}, merges=[])
    tokenizer.chat_template = CHAT_TEMPLATE
    return tokenizer
