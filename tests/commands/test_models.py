"""`mangaflux models` as a person runs it; the hub listens on loopback."""

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from mangaflux.commands import models
from mangaflux.models.entry import CatalogueEntry, ModelFile
from tests.commands.driving import DEADLINE_SECONDS, run_cli
from tests.models.fake_hub import FakeHub, running_hub

WEIGHTS = b"weights" * 1000
ENTRY = CatalogueEntry(
    name="tiny",
    kind="detector",
    purpose="a test",
    repository="somebody/tiny",
    revision="main",
    files=(ModelFile("weights.onnx", len(WEIGHTS)),),
    license="CC-BY-NC-4.0",
    notice="For non-commercial use only.",
)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("MANGA_FLUX_MODELS_DIR", str(tmp_path / "models"))
    return tmp_path / "models"


@pytest.fixture
def hub(monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeHub]:
    monkeypatch.setattr(models, "CATALOGUE", (ENTRY,))
    monkeypatch.delenv("HF_HUB_OFFLINE", raising=False)
    with running_hub() as hub:
        hub.files = {"weights.onnx": WEIGHTS}
        monkeypatch.setenv("HF_ENDPOINT", hub.url)
        yield hub


@pytest.mark.usefixtures("folder")
def test_the_list_says_what_can_be_had_and_under_which_licence(capsys: pytest.CaptureFixture[str]) -> None:
    assert run_cli("models", "list") == 0

    told = capsys.readouterr().out
    assert "absent" in told
    assert "comic-text-and-bubble" in told
    assert "11.1 MB, licence: Apache-2.0" in told


def test_json_lists_state_and_hashes(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run_cli("models", "list", "--json") == 0

    told = json.loads(capsys.readouterr().out)
    first = told["models"][0]
    assert told["folder"] == str(folder)
    assert (first["name"], first["state"]) == ("comic-text-and-bubble", "absent")
    assert len(first["files"]["detector-v4-s_int8.onnx"]) == 64


def test_pull_shows_licence_and_notice_and_asks_nothing(
    hub: FakeHub, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run_cli("models", "pull", "tiny") == 0

    told = capsys.readouterr().out
    assert "licence: CC-BY-NC-4.0" in told
    assert "Note: For non-commercial use only." in told
    assert "weights.onnx: 100 %" in told
    assert (folder / "tiny" / "weights.onnx").read_bytes() == WEIGHTS


@pytest.mark.usefixtures("hub", "folder")
def test_a_second_pull_says_that_the_model_is_here(capsys: pytest.CaptureFixture[str]) -> None:
    run_cli("models", "pull", "tiny")

    assert run_cli("models", "pull", "tiny") == 0
    assert "was here already and is whole" in capsys.readouterr().out


def test_verify_finds_a_changed_file_and_says_how_to_mend_it(
    hub: FakeHub, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run_cli("models", "pull", "tiny")
    assert run_cli("models", "verify") == 0
    (folder / "tiny" / "weights.onnx").write_bytes(WEIGHTS[::-1])

    assert run_cli("models", "verify", "tiny") == 1

    told = capsys.readouterr().err
    assert "weights.onnx has changed" in told
    assert "mangaflux models pull tiny" in told


def test_rm_takes_a_model_away(hub: FakeHub, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run_cli("models", "pull", "tiny")

    assert run_cli("models", "rm", "tiny") == 0
    assert "freed" in capsys.readouterr().out
    assert not (folder / "tiny").exists()


def test_ctrl_c_ends_with_130_and_the_same_command_goes_on(
    hub: FakeHub, folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with monkeypatch.context() as patch:

        def interrupt(*_: object) -> None:
            raise KeyboardInterrupt

        patch.setattr("mangaflux.commands.pull_view._LineView.advance", interrupt)
        assert run_cli("models", "pull", "tiny") == 130

    assert "the same command goes on" in capsys.readouterr().err
    assert not (folder / "tiny" / "weights.onnx").exists()
    assert run_cli("models", "pull", "tiny") == 0


@pytest.mark.usefixtures("hub")
def test_nothing_is_pulled_where_one_name_is_unknown(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run_cli("models", "pull", "tiny", "tinny") == 2

    assert "Did you mean tiny?" in capsys.readouterr().err
    assert not folder.exists()


def test_a_hub_that_cannot_be_reached_is_one_line_on_stderr(tmp_path: Path) -> None:
    environment = {"PATH": "", "MANGA_FLUX_MODELS_DIR": str(tmp_path), "HF_ENDPOINT": "http://127.0.0.1:9"}

    done = subprocess.run(
        [sys.executable, "-m", "mangaflux", "models", "pull", "comic-text-and-bubble"],
        env=environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=DEADLINE_SECONDS,
        check=False,
    )

    assert done.returncode == 1
    assert done.stderr.count("\n") == 1
    assert "The hub cannot be reached" in done.stderr


@pytest.mark.parametrize("command", ["list", "pull", "verify", "rm"])
def test_the_help_of_every_command_has_an_example(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run_cli("models", command, "--help") == 0
    assert f"mangaflux models {command}" in capsys.readouterr().out.partition("Example")[2]
