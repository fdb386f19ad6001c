"""The stock pipelines of diffusers over the same chapter: bfloat16, uncompiled, one page after another."""

import io
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch
from diffusers import Flux2KleinKVPipeline, Flux2KleinPipeline
from PIL import Image

from flux_bench.device import clear
from flux_bench.inputs import PROMPT, Inputs


@contextmanager
def stock_pipeline(folder: Path, place: torch.device, *, keeps_kv: bool = False) -> Iterator[Any]:
    """A pipeline as its model card loads it; freed at the end of the block."""
    clear()
    kind = Flux2KleinKVPipeline if keeps_kv else Flux2KleinPipeline
    dtype = torch.float32 if place.type == "cpu" else torch.bfloat16
    pipeline = kind.from_pretrained(folder, torch_dtype=dtype).to(place)
    pipeline.set_progress_bar_config(disable=True)
    try:
        yield pipeline
    finally:
        del pipeline
        clear()


def colour_chapter(pipeline: Any, inputs: Inputs, style_side: int, page_size: tuple[int, int]) -> float:
    """Seconds a page, from PNG bytes in to PNG bytes out, after one page that warms up."""
    _colour(pipeline, inputs.pages[0], inputs.style, style_side, page_size)
    started = time.perf_counter()
    for page in inputs.pages:
        _colour(pipeline, page, inputs.style, style_side, page_size)
    return (time.perf_counter() - started) / len(inputs.pages)


def _colour(pipeline: Any, page: bytes, style: bytes, style_side: int, page_size: tuple[int, int]) -> bytes:
    reference = Image.open(io.BytesIO(style)).convert("RGB").resize((style_side, style_side))
    arguments = {} if isinstance(pipeline, Flux2KleinKVPipeline) else {"guidance_scale": 1.0}
    picture = pipeline(
        image=[Image.open(io.BytesIO(page)).convert("RGB").resize(page_size), reference],
        prompt=PROMPT,
        width=page_size[0],
        height=page_size[1],
        num_inference_steps=4,
        generator=torch.Generator("cpu").manual_seed(7),
        **arguments,
    ).images[0]
    buffer = io.BytesIO()
    picture.save(buffer, "PNG")
    return buffer.getvalue()
