"""What each optimisation is worth: one after the other turned off, everything else as it is by default."""

import time
from collections.abc import Callable
from dataclasses import replace

import torch

from flux_bench import ours
from flux_bench.device import Subject, synchronize
from flux_bench.inputs import PROMPT, Inputs, decode, request_of
from flux_bench.report import Report
from mangaflux.engine.base import RgbImage, SilentContext
from mangaflux.engine.flux.engine import FluxEngine
from mangaflux.engine.flux.latents import decode_levels, to_uint8
from mangaflux.engine.flux.prompt_embeddings import PROMPTS_AT_ONCE
from mangaflux.engine.flux.session import Session

#: Seconds after which a variant is given up.
VARIANT_LIMIT_SECONDS = 70
#: The same where everything is compiled anew.
COMPILING_LIMIT_SECONDS = 150
_RUNS = 5

#: Name of a variant → settings that differ from the first row's.
_VARIANTS: dict[str, dict[str, object]] = {
    "flux.compile off": {"compile": False},
    "flux.compile_vae off": {"compile_vae": False},
    "flux.attention native": {"attention": "native"},
    "flux.attention cudnn": {"attention": "cudnn"},
    "flux.memory_profile fp8": {"memory_profile": "fp8"},
}


class Watching(SilentContext):
    """Somebody who looks at every preview."""

    wants_previews = True

    def __init__(self) -> None:
        self.shown = 0

    def preview(self, picture: RgbImage, step: int, total_steps: int) -> None:
        """Counts."""
        self.shown += 1


def measure_effects(report: Report, subject: Subject, inputs: Inputs) -> None:
    """Device seconds a page, variant by variant."""
    report.open_section(
        f"{subject.folder.name}: what each optimisation is worth, {subject.page[0]}×{subject.page[1]}, bf16",
        "what",
        "device, s",
        "load + warm, s",
        "remark",
    )
    pictures = decode(inputs.pages[0]), (decode(inputs.style),)
    with ours.loaded(subject, memory_profile="embeddings_only") as model:
        report.row("all on", ours.device_seconds(model.engine, *pictures), model.load_seconds, "")
        with report.guarded("one loaded model", VARIANT_LIMIT_SECONDS):
            _measure_loaded(report, model.engine, pictures)
    for name, changes in _VARIANTS.items():
        _measure_variant(report, subject, pictures, name, changes)


def _measure_loaded(report: Report, engine: FluxEngine, pictures: tuple[RgbImage, tuple[RgbImage, ...]]) -> None:
    """What can be told without loading the model again."""
    page, styles = pictures
    session = _session_of(engine)
    report.row("quality fast", ours.device_seconds(engine, page, styles, quality="fast"), "", "")
    watching = Watching()
    seconds = _median(lambda: engine.colorize(request_of(page, styles), watching))
    report.row("previews after each step", seconds, "", f"{watching.shown} previews of {_RUNS + 1} pages")

    def anew(forget: Callable[[], None]) -> float:
        def page_after_forgetting() -> None:
            forget()
            ours.paint(engine, page, styles)

        return _median(page_after_forgetting)

    report.row("style latents not kept", anew(session.painter._references.forget), "", "")
    report.row("prompt embeddings read from disk", anew(session.embeddings.forget), "", "")
    _measure_prompts(report, session)
    _measure_handing_over(report, session, page)


def _measure_prompts(report: Report, session: Session) -> None:
    """The text encoder, streaming through the device: one prompt, and as many as are read at once."""
    encoder = session.embeddings.load_encoder()
    for count in (1, PROMPTS_AT_ONCE):
        prompts = [f"{PROMPT} {number}" for number in range(count)]

        def encode(prompts: list[str] = prompts) -> None:
            with torch.no_grad():
                encoder.encode(prompts)

        report.row(f"text encoder, {count} prompts at once", _median(encode, 3), "", "the encoder alone")
    session.embeddings.drop_encoder()


def _measure_handing_over(report: Report, session: Session, page: RgbImage) -> None:
    """A picture from the device to main memory: in uint8 rounded there, and in float32 rounded here."""
    klein = session.klein
    height, width = page.shape[0] // 16 * 16, page.shape[1] // 16 * 16
    latent = torch.randn(
        1, klein.transformer.config.in_channels, height // 16, width // 16, device=klein.device, dtype=klein.dtype
    )
    with torch.no_grad():
        levels = decode_levels(klein.vae, klein.decoder, latent)
    report.row("picture handed over in uint8", _median(lambda: to_uint8(levels).cpu()), "", "the copy alone")

    def in_float() -> None:
        unit = (levels[0].float().cpu() * 0.5 + 0.5).clamp(0, 1)
        (unit * 255).round().to(torch.uint8).permute(1, 2, 0).contiguous()

    report.row("picture handed over in float32", _median(in_float), "", "the copy alone")


def _measure_variant(
    report: Report,
    subject: Subject,
    pictures: tuple[RgbImage, tuple[RgbImage, ...]],
    name: str,
    changes: dict[str, object],
) -> None:
    settings: dict[str, object] = {"memory_profile": "embeddings_only", **changes}
    with report.guarded(name, VARIANT_LIMIT_SECONDS), ours.loaded(subject, **settings) as model:
        report.row(name, ours.device_seconds(model.engine, *pictures), model.load_seconds, "")


def measure_kernel_choice(report: Report, subject: Subject, inputs: Inputs) -> None:
    """Kernels by rule and by timing, each compiled for the first time; only on a CUDA device."""
    from torch._inductor import config

    report.open_section(
        f"{subject.folder.name}: kernels by rule and by timing, {subject.page[0]}×{subject.page[1]}, bf16",
        "what",
        "device, s",
        "load + warm, s",
        "remark",
    )
    pictures = decode(inputs.pages[0]), (decode(inputs.style),)
    for by_rule in (True, False):
        torch._dynamo.reset()
        config.deterministic = by_rule
        name = f"flux.choose_kernels_by_rule {'on' if by_rule else 'off'}"
        anew = replace(subject, cache=subject.cache.with_name(f"cache-{by_rule}-{int(time.time())}"))
        with (
            report.guarded(name, COMPILING_LIMIT_SECONDS),
            config.patch(force_disable_caches=True),
            ours.loaded(anew, memory_profile="embeddings_only", choose_kernels_by_rule=by_rule) as model,
        ):
            seconds = ours.device_seconds(model.engine, *pictures)
            report.row(name, seconds, model.load_seconds, "compiled without a cache")


def _session_of(engine: FluxEngine) -> Session:
    session = engine._session
    assert session is not None
    return session


def _median(call: Callable[[], object], runs: int = _RUNS) -> float:
    """Median seconds of a call that ends on the CPU, after one that warms it."""
    call()
    spent = []
    for _ in range(runs):
        synchronize()
        started = time.perf_counter()
        call()
        synchronize()
        spent.append(time.perf_counter() - started)
    return sorted(spent)[len(spent) // 2]
