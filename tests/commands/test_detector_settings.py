"""Detectors that the settings turn on, as commands see them."""

import hashlib
import json
import re
from datetime import UTC, datetime
from pathlib import Path

import pytest

from mangaflux.commands import doctor_gpu_checks
from mangaflux.commands.detector_files import detector_files
from mangaflux.engine.analysis.metadata import PageMetadata
from mangaflux.errors import SettingsError
from mangaflux.models.catalogue import COMIC_TEXT_AND_BUBBLE
from mangaflux.models.store import ModelRecord, ModelStore, RecordedFile
from mangaflux.settings import AnalysisSettings, Settings
from mangaflux.settings_sources import load_settings
from tests.commands.driving import run_cli
from tests.engine.analysis.detectors.tiny_networks import KnownBox, write_finished_rt_detr, write_yolo

VARIABLE = "MANGA_FLUX_ANALYSIS__DETECTORS"
#: A panel in the upper half of the page, as sure as the page is white in its corner.
PANEL = KnownBox((0.2, 0.0, 0.8, 0.5), 2, (0, 5, 320))


@pytest.fixture(autouse=True)
def models_dir(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("MANGA_FLUX_MODELS_DIR", str(tmp_path / "models"))
    monkeypatch.setattr(doctor_gpu_checks, "TORCH_PROBE", "print('2.9')")
    return tmp_path / "models"


@pytest.fixture
def weights(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A file of the operator's own, turned on."""
    path = write_yolo(tmp_path / "own.onnx", [PANEL])
    monkeypatch.setenv(VARIABLE, f"manga109-yolo={path}")
    return path


def metadata_of(out: Path) -> PageMetadata:
    return PageMetadata.model_validate_json((out / "page_001.meta.json").read_bytes())


def test_analyze_names_the_weights_that_helped(pages: Path, out: Path, weights: Path) -> None:
    assert run_cli("analyze", pages / "p1.png", "-o", out) == 0

    assert metadata_of(out).models["manga109-yolo"] == hashlib.sha256(weights.read_bytes()).hexdigest()


def test_colorize_uses_the_same_detectors(pages: Path, style: Path, out: Path, weights: Path) -> None:
    assert run_cli("colorize", pages / "p1.png", "--style", style, "-o", out, "--engine", "fake") == 0

    assert "manga109-yolo" in metadata_of(out).models
    assert weights.is_file()


def test_a_config_file_may_turn_them_on(pages: Path, out: Path, tmp_path: Path) -> None:
    path = write_yolo(tmp_path / "own.onnx", [PANEL])
    config = tmp_path / "settings.toml"
    config.write_text(f'[analysis]\ndetectors = ["manga109-yolo={path}"]\n')

    assert run_cli("analyze", pages / "p1.png", "-o", out, "--config", config) == 0

    assert "manga109-yolo" in metadata_of(out).models


@pytest.mark.usefixtures("weights")
def test_pages_that_other_detectors_saw_are_not_taken_for_done(
    pages: Path, out: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    run_cli("analyze", pages / "p1.png", "-o", out)
    assert run_cli("analyze", pages / "p1.png", "-o", out) == 0
    assert "1 done before" in capsys.readouterr().out
    monkeypatch.delenv(VARIABLE)

    assert run_cli("analyze", pages / "p1.png", "-o", out) == 2
    assert "--force" in capsys.readouterr().err


@pytest.mark.parametrize("command", ["serve", "analyze", "colorize"])
def test_a_detector_without_its_model_is_refused_with_the_command_that_gets_it(
    command: str,
    pages: Path,
    style: Path,
    out: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv(VARIABLE, "comic-text-and-bubble")
    arguments: dict[str, list[str | Path]] = {
        "serve": ["--data-dir", out],
        "analyze": [pages, "-o", out],
        "colorize": [pages, "--style", style, "-o", out],
    }

    assert run_cli(command, *arguments[command]) == 2

    told = capsys.readouterr().err
    assert told.count("\n") == 1
    assert "mangaflux models pull comic-text-and-bubble" in told
    assert not out.exists()


def test_weights_of_another_kind_are_refused_at_the_start(
    pages: Path, out: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv(VARIABLE, f"manga109-yolo={write_finished_rt_detr(tmp_path / 'other.onnx', [PANEL])}")

    assert run_cli("analyze", pages, "-o", out) == 2
    assert "other.onnx is no model that this detector can run" in capsys.readouterr().err


def test_a_model_that_was_pulled_is_found(models_dir: Path) -> None:
    put_into_store(models_dir)

    (found,) = detector_files(
        Settings(models_dir=models_dir, analysis=AnalysisSettings(detectors=("comic-text-and-bubble",)))
    )

    assert (found.path.parent.name, found.license) == ("comic-text-and-bubble", "Apache-2.0")


@pytest.mark.parametrize(
    ("detectors", "said"),
    [
        ("yolo", "There are: comic-text-and-bubble, manga109-yolo"),
        ("manga109-yolo=absent.onnx", "no file absent.onnx"),
        ("manga109-yolo={own},manga109-yolo={own}", "names manga109-yolo twice"),
    ],
)
def test_settings_that_make_no_sense_are_refused(detectors: str, said: str, tmp_path: Path) -> None:
    own = write_yolo(tmp_path / "own.onnx", [PANEL])
    settings = load_settings(environment={VARIABLE: detectors.format(own=own)})

    with pytest.raises(SettingsError, match=re.escape(said)):
        detector_files(settings)


def test_several_detectors_in_the_environment_are_separated_by_commas() -> None:
    settings = load_settings(environment={VARIABLE: "comic-text-and-bubble, manga109-yolo=a.onnx"})

    assert settings.analysis.detectors == ("comic-text-and-bubble", "manga109-yolo=a.onnx")


def detectors_check(capsys: pytest.CaptureFixture[str]) -> dict[str, object]:
    run_cli("doctor", "--json")
    checks: list[dict[str, object]] = json.loads(capsys.readouterr().out)["checks"]
    return next(check for check in checks if check["id"] == "detectors")


def test_doctor_names_what_is_missing_and_the_command_that_gets_it(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv(VARIABLE, "comic-text-and-bubble")

    check = detectors_check(capsys)

    assert (check["ok"], check["fix"]) == (False, "mangaflux models pull comic-text-and-bubble")


def test_doctor_names_the_licence_of_what_is_turned_on(
    models_dir: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    put_into_store(models_dir)
    monkeypatch.setenv(VARIABLE, "comic-text-and-bubble")

    assert detectors_check(capsys)["message"] == "turned on: comic-text-and-bubble (licence: Apache-2.0)"


def put_into_store(models_dir: Path) -> None:
    """What `models pull` leaves behind, with nothing in the file."""
    store = ModelStore(models_dir)
    (file,) = COMIC_TEXT_AND_BUBBLE.files
    path = store.file_path(COMIC_TEXT_AND_BUBBLE, file)
    path.parent.mkdir(parents=True)
    with path.open("wb") as empty:
        empty.truncate(file.size)
    recorded = RecordedFile(size=file.size, sha256=file.sha256 or "")
    store.write_record(
        ModelRecord(
            name=COMIC_TEXT_AND_BUBBLE.name,
            repository=COMIC_TEXT_AND_BUBBLE.repository,
            revision=COMIC_TEXT_AND_BUBBLE.revision,
            license=COMIC_TEXT_AND_BUBBLE.license,
            downloaded_at=datetime.now(UTC),
            wanted=(file.path,),
            files={file.path: recorded},
        )
    )
