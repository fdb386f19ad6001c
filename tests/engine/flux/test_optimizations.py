"""Compiling, on the CPU and without a code generator: what is traced is what a GPU would run."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch._dynamo.utils import counters
from torch._inductor import config as inductor

from mangaflux.engine.flux.conditioning import canvas_positions, reference_positions, text_positions
from mangaflux.engine.flux.denoising import Conditions, JointPredictor, Predictor
from mangaflux.engine.flux.kv_denoising import KeptReferencePredictor
from mangaflux.engine.flux.loading import load_klein
from mangaflux.engine.flux.memory_profiles import Profile
from mangaflux.engine.flux.optimizations import (
    choose_kernels_by_rule,
    compile_blocks,
    compiled_only_if,
    fastest_attention,
    set_attention,
)
from mangaflux.engine.flux.session import SessionPlan
from mangaflux.settings import FluxSettings
from tests.engine.flux.folders import files_of

#: Canvas and style in cells.
SIZES = [((6, 4), (4, 4)), ((5, 4), (4, 5)), ((8, 6), (4, 4))]


def load_transformer(folder: Path) -> Any:
    settings = FluxSettings(model=str(folder), device="cpu")
    return load_klein(files_of(settings), settings, torch.device("cpu")).transformer


def plan_of(folder: Path, profile: Profile, **changes: object) -> SessionPlan:
    """The plan of a session on a GPU."""
    files = files_of(FluxSettings(model=str(folder), device="cpu"))
    settings = FluxSettings.model_validate({"model": str(folder), **changes})
    device = torch.device("cuda:0")
    return SessionPlan(files, settings, device, profile, "native", compiles=True, can_fp8=True, cache_folder=folder)


def predictor_of(transformer: Any, kind: str) -> Predictor:
    if kind == "joint":
        return JointPredictor(transformer)
    return KeptReferencePredictor(transformer, keep_for_rerolls=False)


def predict_twice(predictor: Predictor, canvas: tuple[int, int], style: tuple[int, int]) -> torch.Tensor:
    """Two steps: with kept references, the first reads them and the second takes them from there."""
    generator = torch.Generator().manual_seed(1)
    shapes = [canvas, style]
    count = sum(height * width for height, width in shapes)
    conditions = Conditions(
        prompt=torch.randn(1, 512, 48, generator=generator),
        prompt_positions=text_positions(512),
        references=torch.randn(1, count, 16, generator=generator),
        reference_positions=reference_positions(shapes),
        references_sha256=str(shapes),
        canvas_positions=canvas_positions(*canvas),
    )
    tokens = torch.randn(1, canvas[0] * canvas[1], 16, generator=generator)
    predictor.begin_page(conditions.references_sha256)
    with torch.no_grad():
        for timestep in (1.0, 0.5):
            tokens = tokens - predictor(tokens, torch.tensor([timestep]), conditions)
    predictor.end_page()
    return tokens


@pytest.fixture
def clean_compiler() -> Iterator[None]:
    torch._dynamo.reset()
    counters.clear()
    yield
    torch._dynamo.reset()


@pytest.mark.usefixtures("clean_compiler")
def test_blocks_are_compiled_once_for_all_sizes_and_compute_the_same(tiny_folder: Path) -> None:
    plain, compiled = load_transformer(tiny_folder), load_transformer(tiny_folder)
    compile_blocks(compiled, backend="aot_eager")
    for canvas, style in SIZES:
        expected = predict_twice(JointPredictor(plain), canvas, style)
        assert torch.allclose(predict_twice(JointPredictor(compiled), canvas, style), expected, atol=1e-4)
    # One graph for each of the two kinds of blocks.
    assert counters["stats"]["unique_graphs"] == 2


def test_rare_sizes_run_uncompiled(tiny_folder: Path) -> None:
    calls: list[str] = []

    def backend(graph: Any, _inputs: object) -> Callable[..., Any]:
        calls.append("compiled")
        return graph.forward  # type: ignore[no-any-return]

    double = torch.compile(lambda tensor: tensor * 2, backend=backend)
    with compiled_only_if(False):
        assert double(torch.ones(3)).sum() == 6
    assert calls == []
    with compiled_only_if(True):
        double(torch.ones(3))
    assert calls == ["compiled"]


def test_kernels_are_chosen_by_rule_and_not_by_timing_them(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(inductor, "deterministic", False)
    choose_kernels_by_rule()
    assert inductor.deterministic


def test_a_cpu_takes_the_attention_that_it_has(tiny_folder: Path) -> None:
    assert fastest_attention(torch.device("cpu"), torch.float32, 2) == "native"
    transformer = load_transformer(tiny_folder)
    set_attention(transformer, "native")
    assert np.isfinite(predict_twice(JointPredictor(transformer), *SIZES[0]).numpy()).all()


@pytest.mark.parametrize(
    ("profile", "changes", "is_compiled"),
    [
        ("embeddings_only", {}, True),
        ("fp8", {}, True),
        ("offload", {}, False),
        ("embeddings_only", {"transformer_file": "blocks.gguf"}, False),
        ("embeddings_only", {"compile": False}, False),
    ],
)
def test_blocks_are_compiled_where_the_compiler_can(
    tiny_kv_folder: Path, profile: Profile, changes: dict[str, object], is_compiled: bool
) -> None:
    assert plan_of(tiny_kv_folder, profile, **changes).compiles_blocks == is_compiled
