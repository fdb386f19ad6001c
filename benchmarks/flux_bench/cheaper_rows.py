"""What goes below four steps in bf16, and what it costs in likeness to them."""

from pathlib import Path

import numpy as np
import torch
from diffusers import AutoencoderKLFlux2

from flux_bench import ours
from flux_bench.device import Place, Subject
from flux_bench.inputs import Inputs, decode
from flux_bench.report import Report
from mangaflux.engine.base import RgbImage
from mangaflux.engine.flux.engine import FluxEngine
from mangaflux.engine.flux.random_klein import KleinSize

#: Decoder channels of FLUX.2-small-decoder, as shares of those of the whole decoder.
_SMALL_DECODER_SHARE = 3 / 4

#: Seconds after which a variant is given up.
VARIANT_LIMIT_SECONDS = 75

#: Name of a variant → settings that differ from those it is compared with.
_VARIANTS: dict[str, dict[str, object]] = {
    "fp8": {"memory_profile": "fp8"},
    "style 256²": {"style_long_side": 256},
    "style 1024²": {"style_long_side": 1024},
    "attention cudnn": {"attention": "cudnn"},
    "attention native": {"attention": "native"},
    "VAE not compiled": {"compile_vae": False},
    "nothing compiled": {"compile": False, "compile_vae": False},
}


def measure_cheaper(report: Report, place: Place, subject: Subject, inputs: Inputs) -> None:
    """Device seconds and likeness, setting by setting, and what fewer steps save in bf16 and fp8."""
    report.open_section(
        f"{subject.folder.name}: cheaper and dearer pages", "what", "device, s", "PSNR against 4 steps in bf16, dB"
    )
    page, style = decode(inputs.pages[0]), decode(inputs.style)
    whole = None
    with ours.loaded(subject, memory_profile="embeddings_only") as model:
        whole = ours.paint(model.engine, page, (style,))
        report.row("4 steps, bf16, style 512²", ours.device_seconds(model.engine, page, (style,)), "∞")
        for steps in (3, 2):
            _row(report, f"{steps} steps", model.engine, (page, style), whole, num_inference_steps=steps)
    decoder = _small_decoder(subject, place)
    variants: dict[str, dict[str, object]] = {**_VARIANTS, "small decoder": {"decoder": str(decoder)}}
    for name, changes in variants.items():
        settings: dict[str, object] = {"memory_profile": "embeddings_only", **changes}
        with report.guarded(name, VARIANT_LIMIT_SECONDS), ours.loaded(subject, **settings) as model:
            # Another decoder of random weights paints another picture.
            like = None if name == "small decoder" else whole
            _row(report, name, model.engine, (page, style), like)
            if name == "fp8":
                _row(report, "fp8, 3 steps", model.engine, (page, style), whole, num_inference_steps=3)


def _row(
    report: Report,
    name: str,
    engine: FluxEngine,
    pictures: tuple[RgbImage, RgbImage],
    whole: RgbImage | None,
    **changes: int,
) -> None:
    page, style = pictures
    painted = ours.paint(engine, page, (style,), **changes)
    likeness = "not comparable" if whole is None else psnr(whole, painted)
    report.row(name, ours.device_seconds(engine, page, (style,), **changes), likeness)


def _small_decoder(subject: Subject, place: Place) -> Path:
    """A VAE of random weights with a decoder as small as FLUX.2-small-decoder."""
    folder, size = subject.folder.with_name(f"{subject.folder.name}-decoder"), subject.size
    if not (folder / "config.json").exists():
        torch.manual_seed(1)
        with torch.device(place.device.type):
            vae = _small_vae(size)
        vae.to(torch.float32 if place.device.type == "cpu" else torch.bfloat16).save_pretrained(folder)
    return folder


def _small_vae(size: KleinSize) -> AutoencoderKLFlux2:
    return AutoencoderKLFlux2(
        block_out_channels=size.block_out_channels,
        decoder_block_out_channels=tuple(int(count * _SMALL_DECODER_SHARE) for count in size.block_out_channels),
        layers_per_block=1 if size.name == "tiny" else 2,
        latent_channels=size.latent_channels,
        norm_num_groups=2 if size.name == "tiny" else 32,
    )


def psnr(whole: RgbImage, other: RgbImage) -> float:
    """Peak signal-to-noise ratio of two pictures, in dB."""
    error = np.mean((whole.astype(np.float64) - other) ** 2)
    return float(10 * np.log10(255**2 / error)) if error else float("inf")
