"""Small cards: weights that stream from main memory, in bf16 and as a GGUF file of 4 bit."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import torch

from flux_bench import ours
from flux_bench.device import Subject
from flux_bench.inputs import Inputs, decode, request_of
from flux_bench.report import Report
from mangaflux.engine.base import SilentContext
from mangaflux.engine.flux.original_layout import in_original_layout

#: Seconds after which a variant is given up.
VARIANT_LIMIT_SECONDS = 60

#: Bytes of a block of 32 weights in Q4_0: a scale in float16, then two weights a byte.
_Q4_BLOCK, _Q4_BYTES = 32, 18
#: Standard deviation of the random weights.
_DEVIATION = 0.02
#: Name of a variant → memory profile, and whether the transformer is the GGUF file.
_VARIANTS = {
    "bf16, offload": ("offload", False),
    "GGUF Q4_0, embeddings_only": ("embeddings_only", True),
    "GGUF Q4_0, offload": ("offload", True),
}


def measure_lean(report: Report, subject: Subject, inputs: Inputs) -> None:
    """Device seconds and peaks of what runs on 8 to 12 GB."""
    report.open_section(
        f"{subject.folder.name}: for small cards", "what", "device, s", "peak colouring, GiB", "peak loading, GiB",
        "load + warm, s",
    )  # fmt: skip
    page, style = decode(inputs.pages[0]), decode(inputs.style)
    file = save_random_gguf(subject)
    for name, (profile, is_gguf) in _VARIANTS.items():
        settings = {"memory_profile": profile, "transformer_file": str(file) if is_gguf else ""}
        with report.guarded(name, VARIANT_LIMIT_SECONDS), ours.loaded(subject, **settings) as model:
            seconds = ours.device_seconds(model.engine, page, (style,), runs=2)
            layer = model.engine.colorize(request_of(page, (style,)), SilentContext())
            peak = (layer.peak_memory_bytes or 0) / 1024**3
            report.row(name, seconds, peak, model.load_peak_gib, model.load_seconds)


def save_random_gguf(subject: Subject) -> Path:
    """A GGUF file of random weights for the model's transformer: matrices in Q4_0, everything else in float32."""
    import gguf

    file = subject.folder.with_suffix(".gguf")
    if file.exists():
        return file
    writer = gguf.GGUFWriter(str(file), "flux")
    random = np.random.default_rng(1)
    for name, shape in _original_shapes(subject):
        if len(shape) == 2 and shape[1] % _Q4_BLOCK == 0:
            kind = gguf.GGMLQuantizationType.Q4_0
            writer.add_tensor(name, _random_q4(random, shape), raw_dtype=kind)
        else:
            writer.add_tensor(name, np.full(shape, 1.0 if len(shape) == 1 else _DEVIATION, np.float32))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return file


def _random_q4(random: np.random.Generator, shape: tuple[int, ...]) -> np.ndarray[tuple[int, ...], np.dtype[np.uint8]]:
    """(rows, bytes of a row): equally likely levels −8 … 7 times a scale that gives the deviation."""
    blocks = shape[1] // _Q4_BLOCK
    data = np.frombuffer(random.bytes(shape[0] * blocks * _Q4_BYTES), np.uint8).reshape(shape[0], blocks, _Q4_BYTES)
    data = data.copy()
    scale = np.float16(_DEVIATION / np.sqrt(85 / 4))
    data[:, :, :2] = np.frombuffer(scale.tobytes(), np.uint8)
    return data.reshape(shape[0], blocks * _Q4_BYTES)


def _original_shapes(subject: Subject) -> Iterator[tuple[str, tuple[int, ...]]]:
    """Names and shapes of the transformer's weights as FLUX.2's authors have them."""
    from diffusers import Flux2Transformer2DModel

    with torch.device("meta"):
        transformer = Flux2Transformer2DModel.from_config(
            Flux2Transformer2DModel.load_config(str(subject.folder / "transformer"))
        )
    for name, tensor in in_original_layout(transformer.state_dict()).items():
        yield name, tuple(tensor.shape)
