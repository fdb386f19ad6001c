"""Where weights are found: a folder, or the store of downloaded models; never the network."""

import shutil
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
from safetensors.torch import load_file, save_file

from mangaflux.engine.flux.availability import flux_problem
from mangaflux.engine.flux.engine import FluxEngine
from mangaflux.engine.flux.model_files import Missing, ModelFiles, find_model
from mangaflux.errors import EngineUnavailableError
from mangaflux.models.catalogue import FLUX2_KLEIN_9B
from mangaflux.models.store import ModelRecord, ModelStore, RecordedFile, sha256_of
from mangaflux.settings import FluxSettings
from tests.engine.engine_contract import RecordingContext, make_request

MakeSettings = Callable[..., FluxSettings]

COMMIT = FLUX2_KLEIN_9B.revision


@pytest.fixture
def store(tmp_path: Path) -> ModelStore:
    return ModelStore(tmp_path / "models")


def put(store: ModelStore, folder: Path) -> Path:
    """A klein in the store, as if it had been pulled."""
    kept = shutil.copytree(folder, store.folder / FLUX2_KLEIN_9B.name)
    files = {str(file.relative_to(kept)): file for file in sorted(kept.rglob("*")) if file.is_file()}
    store.write_record(
        ModelRecord(
            name=FLUX2_KLEIN_9B.name,
            repository=FLUX2_KLEIN_9B.repository,
            revision=COMMIT,
            license=FLUX2_KLEIN_9B.license,
            downloaded_at=datetime.now(UTC),
            wanted=tuple(files),
            files={
                name: RecordedFile(size=file.stat().st_size, sha256=sha256_of(file)) for name, file in files.items()
            },
        )
    )
    return kept


@pytest.mark.parametrize("model", ["flux2-klein-9b", "black-forest-labs/FLUX.2-klein-9B"])
def test_a_pulled_model_is_found_by_its_name_and_by_its_repository(
    model: str, store: ModelStore, tiny_folder: Path
) -> None:
    kept = put(store, tiny_folder)

    found = find_model(FluxSettings(model=model), store)

    assert isinstance(found, ModelFiles)
    assert (found.id, found.revision, found.folder) == (FLUX2_KLEIN_9B.repository, COMMIT, kept)
    assert found.license == "FLUX Non-Commercial"


def test_a_pulled_model_colours_a_page(store: ModelStore, tiny_folder: Path, tiny_settings: MakeSettings) -> None:
    put(store, tiny_folder)
    engine = FluxEngine(tiny_settings(model="flux2-klein-9b"), store)

    engine.load()

    assert engine.colorize(make_request(), RecordingContext()).image.ndim == 3
    assert (engine.model.id, engine.model.license) == (FLUX2_KLEIN_9B.repository, "FLUX Non-Commercial")


def test_a_pulled_model_that_lost_a_file_is_missing(store: ModelStore, tiny_folder: Path) -> None:
    kept = put(store, tiny_folder)
    (kept / "transformer" / "diffusion_pytorch_model.safetensors").unlink()

    found = find_model(FluxSettings(model="flux2-klein-9b"), store)

    assert isinstance(found, Missing)
    assert found.fix == "run `mangaflux models pull flux2-klein-9b`"


def test_a_model_that_is_not_here_keeps_its_name_and_licence(store: ModelStore) -> None:
    engine = FluxEngine(FluxSettings(device="cpu"), store)

    assert (engine.model.id, engine.model.revision) == ("black-forest-labs/FLUX.2-klein-4B", "missing")
    assert engine.model.license == "Apache-2.0"


def test_a_decoder_that_is_not_here_is_told_with_the_command_that_gets_it(
    store: ModelStore, tiny_settings: MakeSettings
) -> None:
    problem = flux_problem(tiny_settings(decoder="flux2-small-decoder"), store)

    assert problem is not None
    assert problem.fix == "run `mangaflux models pull flux2-small-decoder`"


@pytest.mark.parametrize("model", ["no-such-owner/no-such-model", "manga109-yolo"])
def test_what_is_no_folder_and_no_klein_is_refused(model: str, store: ModelStore, tiny_settings: MakeSettings) -> None:
    with pytest.raises(EngineUnavailableError, match="no folder and no model that is known"):
        FluxEngine(tiny_settings(model=model), store).load()


@pytest.mark.parametrize("part", ["transformer", "vae"])
def test_weights_that_are_cut_off_are_refused_by_name(
    part: str, store: ModelStore, tiny_folder: Path, tiny_settings: MakeSettings, tmp_path: Path
) -> None:
    folder = shutil.copytree(tiny_folder, tmp_path / "klein")
    weights = folder / part / "diffusion_pytorch_model.safetensors"
    weights.write_bytes(weights.read_bytes()[:1000])

    with pytest.raises(EngineUnavailableError, match=rf"klein/{part}/diffusion_pytorch_model\.safetensors cannot be"):
        FluxEngine(tiny_settings(model=str(folder)), store).load()


def test_a_text_encoder_that_is_cut_off_is_refused_by_name(
    store: ModelStore, tiny_folder: Path, tiny_settings: MakeSettings, tmp_path: Path
) -> None:
    folder = shutil.copytree(tiny_folder, tmp_path / "klein")
    weights = folder / "text_encoder" / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:1000])
    engine = FluxEngine(tiny_settings(model=str(folder)), store)
    engine.load()

    with pytest.raises(EngineUnavailableError, match=r"klein/text_encoder/model\.safetensors cannot be read"):
        engine.colorize(make_request(), RecordingContext())


def test_a_decoder_folder_without_a_decoder_is_refused_by_name(
    store: ModelStore, tiny_settings: MakeSettings, tmp_path: Path
) -> None:
    (tmp_path / "no-decoder").mkdir()

    with pytest.raises(EngineUnavailableError, match="no-decoder cannot be read or does not fit"):
        FluxEngine(tiny_settings(decoder=str(tmp_path / "no-decoder")), store).load()


def test_a_part_that_lacks_weights_is_refused_with_their_name(
    store: ModelStore, tiny_folder: Path, tiny_settings: MakeSettings, tmp_path: Path
) -> None:
    decoder = shutil.copytree(tiny_folder / "vae", tmp_path / "half-decoder")
    file = decoder / "diffusion_pytorch_model.safetensors"
    weights = load_file(file)
    del weights["decoder.conv_in.weight"]
    save_file(weights, file)

    with pytest.raises(EngineUnavailableError, match=r"half-decoder lacks the weights decoder\.conv_in\.weight"):
        FluxEngine(tiny_settings(decoder=str(decoder)), store).load()
