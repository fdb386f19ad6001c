"""A transformer in the names of FLUX.2's authors, which single files of weights are published in."""

import torch

#: Names of diffusers → names of the authors, outside of the blocks.
_OUTSIDE = {
    "x_embedder": "img_in",
    "context_embedder": "txt_in",
    "time_guidance_embed.timestep_embedder.linear_1": "time_in.in_layer",
    "time_guidance_embed.timestep_embedder.linear_2": "time_in.out_layer",
    "double_stream_modulation_img.linear": "double_stream_modulation_img.lin",
    "double_stream_modulation_txt.linear": "double_stream_modulation_txt.lin",
    "single_stream_modulation.linear": "single_stream_modulation.lin",
    "proj_out": "final_layer.linear",
}
_DOUBLE = {
    "attn.norm_q": "img_attn.norm.query_norm.scale",
    "attn.norm_k": "img_attn.norm.key_norm.scale",
    "attn.to_out.0": "img_attn.proj.weight",
    "ff.linear_in": "img_mlp.0.weight",
    "ff.linear_out": "img_mlp.2.weight",
    "attn.norm_added_q": "txt_attn.norm.query_norm.scale",
    "attn.norm_added_k": "txt_attn.norm.key_norm.scale",
    "attn.to_add_out": "txt_attn.proj.weight",
    "ff_context.linear_in": "txt_mlp.0.weight",
    "ff_context.linear_out": "txt_mlp.2.weight",
}
_SINGLE = {
    "attn.to_qkv_mlp_proj": "linear1.weight",
    "attn.to_out": "linear2.weight",
    "attn.norm_q": "norm.query_norm.scale",
    "attn.norm_k": "norm.key_norm.scale",
}
_FUSED = {
    "img_attn.qkv.weight": ("attn.to_q", "attn.to_k", "attn.to_v"),
    "txt_attn.qkv.weight": ("attn.add_q_proj", "attn.add_k_proj", "attn.add_v_proj"),
}


def in_original_layout(state: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    """The weights of a transformer of diffusers under the names of the authors."""
    named = {f"{theirs}.weight": state[f"{ours}.weight"] for ours, theirs in _OUTSIDE.items()}
    # The authors have shift before scale.
    scale, shift = state["norm_out.linear.weight"].chunk(2)
    named["final_layer.adaLN_modulation.1.weight"] = torch.cat([shift, scale])
    for number in _numbers(state, "transformer_blocks"):
        block = f"transformer_blocks.{number}"
        named |= {
            f"double_blocks.{number}.{theirs}": state[f"{block}.{ours}.weight"] for ours, theirs in _DOUBLE.items()
        }
        for theirs, parts in _FUSED.items():
            named[f"double_blocks.{number}.{theirs}"] = torch.cat([state[f"{block}.{part}.weight"] for part in parts])
    for number in _numbers(state, "single_transformer_blocks"):
        block = f"single_transformer_blocks.{number}"
        named |= {
            f"single_blocks.{number}.{theirs}": state[f"{block}.{ours}.weight"] for ours, theirs in _SINGLE.items()
        }
    return named


def _numbers(state: dict[str, torch.Tensor], blocks: str) -> list[str]:
    return sorted({name.split(".")[1] for name in state if name.startswith(f"{blocks}.")})
