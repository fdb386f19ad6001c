"""What makes a page fast: each function is one optimisation, with the setting that turns it off.

Effects are device seconds of a page of 848 × 1216 with a style of 512 × 512, klein 4B in bfloat16 on an H100 with
PyTorch 2.11, everything else on (`benchmarks/flux.py --rows cheaper,effects,server,start`).
"""

import logging
import os
import sys
import time
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import Any, Literal

import torch

logger = logging.getLogger(__name__)

Attention = Literal["native", "cudnn"]

#: diffusers' names of the attention backends.
_BACKENDS = {"native": "native", "cudnn": "_native_cudnn"}

#: Tokens and head size at which attention is measured: text, a page of 848 × 1216 twice, a style of 512 × 512.
_MEASURED_TOKENS, _HEAD_DIM = 9_592, 128
_MEASURED_RUNS = 10
#: Share of native's time that cudnn must save: less is noise, and the bytes of pages would change with it.
_LEAST_GAIN = 0.03

#: Seconds that a thread keeps the interpreter while others wait.
_SWITCH_SECONDS = 0.0005

#: The number of reference tokens where references are kept, as dynamo names it: without this it would be taken for a
#: constant until a second number came, and everything compiled once more.
_OPEN_NUMBERS = "L['joint_attention_kwargs']['num_ref_tokens']"

#: Graphs that dynamo may make of one function: blocks of two kinds, extracting and keeping, in float and in fp8.
_RECOMPILE_LIMIT = 64


def set_attention(transformer: Any, attention: Attention) -> None:
    """Sets the attention backend of every block (setting flux.attention).

    0.670 s by cuDNN, 0.674 s by PyTorch's own choice.
    """
    transformer.set_attention_backend(_BACKENDS[attention])


def fastest_attention(device: torch.device, dtype: torch.dtype, heads: int) -> Attention:
    """The backend that is faster on this device at the size of a page; native where they are equal or cudnn does not
    work.
    """
    if device.type != "cuda" or dtype == torch.float32:
        return "native"
    shape = (1, heads, _MEASURED_TOKENS, _HEAD_DIM)
    query = torch.randn(shape, device=device, dtype=dtype)
    native = _attention_seconds(query)
    try:
        with torch.nn.attention.sdpa_kernel(torch.nn.attention.SDPBackend.CUDNN_ATTENTION):
            cudnn = _attention_seconds(query)
    except RuntimeError:
        return "native"
    logger.info("attention: native %.2f ms, cudnn %.2f ms", native * 1000, cudnn * 1000)
    return "cudnn" if cudnn < (1 - _LEAST_GAIN) * native else "native"


def quantize_blocks(transformer: Any, device: torch.device) -> None:
    """Turns the linear layers of the blocks to fp8: weights once, activations as they come, a scale per row (memory
    profile fp8). Embedders, modulation and the last layer stay: they are small, and errors there are seen. Layer after
    layer goes to the device, so that the whole never lies there at full size.

    0.689 s → 0.535 s, and a peak of 8.68 → 5.23 GiB; a page of random weights is 47.8 dB from that in bfloat16.
    """
    from torchao.quantization import Float8DynamicActivationFloat8WeightConfig, PerRow, quantize_

    # Otherwise torchao makes the compiler try kernel after kernel on the device, for everything that is compiled later:
    # minutes at the start, and kernels that depend on what was timed.
    config = Float8DynamicActivationFloat8WeightConfig(granularity=PerRow(), set_inductor_config=False)
    for blocks in (transformer.transformer_blocks, transformer.single_transformer_blocks):
        quantize_(blocks, config, device=device)


def compile_blocks(transformer: Any, backend: str = "inductor") -> None:
    """Compiles the two kinds of blocks, once each for all sizes of pages and references (setting flux.compile).

    The lengths of sequences, and nothing else, are left open from the first page on. With static shapes every new size
    would wait for the compiler; with shapes that open when a second size comes, the kernels of a page, and so its last
    bits, would depend on the pages before it.

    0.883 s → 0.668 s.
    """
    torch._dynamo.config.recompile_limit = _RECOMPILE_LIMIT
    torch.compiler.config.dynamic_sources = _OPEN_NUMBERS
    for block in (*transformer.transformer_blocks, *transformer.single_transformer_blocks):
        block.forward = _of_any_length(torch.compile(block.forward, fullgraph=True, backend=backend))


def _of_any_length(compiled: Callable[..., Any]) -> Callable[..., Any]:
    """A block's compiled forward that tells the compiler which sizes will change."""
    mark = torch._dynamo.maybe_mark_dynamic

    def forward(hidden_states: torch.Tensor, image_rotary_emb: Any, **others: Any) -> Any:
        mark(hidden_states, 1)
        for table in image_rotary_emb:
            mark(table, 0)
        for tensor in others.values():
            # Modulation of whole sequences, where references have a modulation of their own.
            if isinstance(tensor, torch.Tensor) and tensor.ndim == 3 and tensor.shape[1] > 1:
                mark(tensor, 1)
        kept = (others.get("joint_attention_kwargs") or {}).get("kv_cache")
        for tensor in (kept.k_ref, kept.v_ref) if kept is not None and kept.k_ref is not None else ():
            mark(tensor, 1)
        return compiled(hidden_states=hidden_states, image_rotary_emb=image_rotary_emb, **others)

    return forward


def compile_vae(vae: Any, *, encoder: bool, decoder: bool) -> None:
    """Compiles encoder and decoder in channels-last layout (setting flux.compile_vae), anew for each bucket: with
    dynamic shapes the compiler takes minutes over the resizing layers. Uncompiled, channels-last is slower than plain.

    0.742 s → 0.668 s.
    """
    vae.to(memory_format=torch.channels_last)
    if encoder:
        vae.encoder.compile(fullgraph=True, dynamic=False)
    if decoder:
        vae.decoder.compile(fullgraph=True, dynamic=False)


def compiled_only_if(is_bucket: bool) -> AbstractContextManager[object]:
    """Within the block, compiled modules run compiled for buckets and uncompiled for everything else: no picture of a
    rare size waits for a compiler, and how a size is computed never depends on what was seen before.
    """
    return nullcontext() if is_bucket else torch.compiler.set_stance("force_eager")


def share_interpreter() -> None:
    """Makes threads hand the interpreter on ten times as often (setting flux.share_interpreter). The device thread
    starts thousands of kernels a page; each time another thread holds the interpreter, it waits for up to this interval
    (5 ms by default).

    Whether it helps is not certain: for a chapter of 20 pages on 16 cores a page took 0.838 s → 0.828 s in one run, and
    0.831 s → 0.887 s, the device busy for 92.5 % → 88.1 % of the time, in another.
    """
    sys.setswitchinterval(_SWITCH_SECONDS)


def choose_kernels_by_rule() -> None:
    """Makes inductor choose the shape of each reduction by rule instead of timing up to seven of them (setting
    flux.choose_kernels_by_rule): fewer kernels to compile, and the same kernels, down to the last bits of a page, in
    every process.

    A page takes as long either way (0.679 and 0.680 s), and so does the first start (42 and 37 s).
    """
    from torch._inductor import config

    config.deterministic = True


def keep_compiled_code(folder: Path) -> None:
    """Makes inductor and Triton keep what they compile in this folder, for the next start; before the first compile
    (setting flux.cache_dir says where).

    A server with two buckets is ready 73 s → 27 s after its start.
    """
    os.environ.setdefault("TORCHINDUCTOR_CACHE_DIR", str(folder / "inductor"))
    os.environ.setdefault("TRITON_CACHE_DIR", str(folder / "triton"))


def _attention_seconds(query: torch.Tensor) -> float:
    torch.nn.functional.scaled_dot_product_attention(query, query, query)
    torch.cuda.synchronize(query.device)
    started = time.perf_counter()
    for _ in range(_MEASURED_RUNS):
        torch.nn.functional.scaled_dot_product_attention(query, query, query)
    torch.cuda.synchronize(query.device)
    return (time.perf_counter() - started) / _MEASURED_RUNS
