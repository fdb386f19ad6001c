"""Transformers that come in one file, in the layout of the authors: safetensors and GGUF."""

import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file

from mangaflux.engine.flux.original_layout import in_original_layout
from mangaflux.errors import EngineUnavailableError
from mangaflux.settings import FluxSettings
from tests.engine.engine_contract import RecordingContext, make_request
from tests.engine.flux.folders import files_of, make_engine

MakeSettings = Callable[..., FluxSettings]

#: Weights that share a scale in Q8_0.
Q8_BLOCK = 32


@pytest.fixture
def weights(tiny_folder: Path) -> dict[str, torch.Tensor]:
    return in_original_layout(load_file(tiny_folder / "transformer" / "diffusion_pytorch_model.safetensors"))


def painted(settings: FluxSettings) -> np.ndarray[tuple[int, ...], np.dtype[np.uint8]]:
    engine = make_engine(settings)
    engine.load()
    return engine.colorize(make_request(), RecordingContext()).image


def save_gguf(file: Path, weights: dict[str, torch.Tensor]) -> Path:
    """Matrices in 8 bit where their rows can be cut into blocks, everything else whole."""
    gguf = pytest.importorskip("gguf", reason="the extra mangaflux[flux] is not installed whole")
    writer = gguf.GGUFWriter(str(file), "flux")
    for name, tensor in weights.items():
        array = tensor.float().numpy()
        if array.ndim == 2 and array.shape[1] % Q8_BLOCK == 0:
            kind = gguf.GGMLQuantizationType.Q8_0
            writer.add_tensor(name, gguf.quantize(array, kind), raw_dtype=kind)
        else:
            writer.add_tensor(name, array)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return file


def test_a_file_of_the_same_weights_paints_the_same_page(
    weights: dict[str, torch.Tensor], tiny_settings: MakeSettings, tmp_path: Path
) -> None:
    save_file(weights, tmp_path / "klein.safetensors")

    layer = painted(tiny_settings(transformer_file=str(tmp_path / "klein.safetensors")))

    # Fused matrices lie elsewhere in memory, where products may be summed in another order.
    assert np.abs(layer.astype(int) - painted(tiny_settings())).max() <= 1


def test_a_folder_needs_no_transformer_where_a_file_of_it_is_set(
    weights: dict[str, torch.Tensor], tiny_settings: MakeSettings, tiny_folder: Path, tmp_path: Path
) -> None:
    save_file(weights, tmp_path / "klein.safetensors")
    folder = shutil.copytree(tiny_folder, tmp_path / "klein")
    (folder / "transformer" / "diffusion_pytorch_model.safetensors").unlink()
    settings = tiny_settings(model=str(folder), transformer_file=str(tmp_path / "klein.safetensors"))

    assert painted(settings).ndim == 3
    assert files_of(settings).sizes["transformer"] == (tmp_path / "klein.safetensors").stat().st_size


def test_a_gguf_file_paints_nearly_the_same_page(
    weights: dict[str, torch.Tensor], tiny_settings: MakeSettings, tmp_path: Path
) -> None:
    file = save_gguf(tmp_path / "klein-Q8_0.gguf", weights)

    difference = np.abs(painted(tiny_settings(transformer_file=str(file))).astype(int) - painted(tiny_settings()))

    assert 0 < difference.mean() < 8


def test_a_file_of_another_model_is_refused_by_name(
    weights: dict[str, torch.Tensor], tiny_settings: MakeSettings, tmp_path: Path
) -> None:
    weights["img_in.weight"] = torch.zeros(8, 8)
    save_file(weights, tmp_path / "other.safetensors")

    with pytest.raises(EngineUnavailableError, match=r"other\.safetensors does not hold a transformer that fits"):
        painted(tiny_settings(transformer_file=str(tmp_path / "other.safetensors")))


def test_a_file_that_is_not_there_is_refused_by_name(tiny_settings: MakeSettings, tmp_path: Path) -> None:
    with pytest.raises(EngineUnavailableError, match=r"klein\.gguf is not there"):
        painted(tiny_settings(transformer_file=str(tmp_path / "klein.gguf")))
