import json
import os
import re
import socket
import stat
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from mangaflux.cli import build_engines
from mangaflux.commands import doctor_checks, doctor_gpu_checks
from mangaflux.commands.console import open_terminal
from mangaflux.commands.doctor import doctor
from mangaflux.commands.doctor_checks import NEEDED_PACKAGES, NEEDED_PYTHON, check_dependencies, check_lite, version_key
from mangaflux.commands.doctor_gpu_checks import check_gpu, check_torch
from mangaflux.commands.doctor_place_checks import check_data_folder, check_port, check_settings, check_token
from mangaflux.engine.registry import EngineRegistry
from mangaflux.settings import Settings
from mangaflux.settings_sources import load_settings
from tests.commands.driving import run_cli

PYPROJECT = Path(__file__).parents[2] / "pyproject.toml"
IDS = ["python", "dependencies", "opencv", "lite", "cpu", "settings", "detectors", "data_folder"]
IDS += ["disk", "port", "token", "flux", "torch", "gpu", "weights"]


@pytest.fixture
def quick_torch(monkeypatch: pytest.MonkeyPatch) -> None:
    """Importing torch takes seconds, and is looked at by tests of its own."""
    monkeypatch.setattr(doctor_gpu_checks, "TORCH_PROBE", "print('2.9')")


@pytest.fixture
def on_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder in front of PATH for programs of a test."""
    folder = tmp_path / "bin"
    folder.mkdir()
    monkeypatch.setenv("PATH", f"{folder}{os.pathsep}{os.environ['PATH']}")
    return folder


def write_program(path: Path, script: str) -> None:
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(path.stat().st_mode | stat.S_IXUSR)


@pytest.mark.usefixtures("quick_torch")
def test_json_has_stable_ids_and_a_fix_for_everything_that_is_wrong(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code = run_cli("doctor", "--json", "--data-dir", tmp_path / "data")

    told = json.loads(capsys.readouterr().out)
    assert (code, told["ok"]) == (0, True)
    assert [check["id"] for check in told["checks"]] == IDS
    assert all(check["fix"] for check in told["checks"] if not check["ok"])


@pytest.mark.usefixtures("quick_torch")
def test_doctor_changes_nothing(tmp_path: Path) -> None:
    run_cli("doctor", "--data-dir", tmp_path / "data")

    assert list(tmp_path.iterdir()) == []


@pytest.mark.usefixtures("quick_torch")
def test_weights_that_are_missing_are_told_with_their_licence_and_the_command_that_gets_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("MANGA_FLUX_MODELS_DIR", str(tmp_path))
    monkeypatch.setenv("MANGA_FLUX_FLUX__MODEL", "flux2-klein-9b")
    monkeypatch.setenv("MANGA_FLUX_FLUX__DEVICE", "cpu")

    run_cli("doctor")

    told = capsys.readouterr().out
    assert re.search(
        r"warning +weights .*FLUX\.2-klein-9B.*licence: FLUX Non-Commercial.*non-commercial use only", told
    )
    assert re.search(r"warning +flux +flux cannot run: .*\n +→ run `mangaflux models pull flux2-klein-9b`", told)


@pytest.mark.usefixtures("quick_torch")
def test_settings_that_make_no_sense_are_a_problem(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("MANGA_FLUX_SERVER__HOST", "0.0.0.0")

    assert run_cli("doctor") == 1
    assert re.search(r"problem +settings +.*no token", capsys.readouterr().out)


@pytest.mark.usefixtures("quick_torch")
def test_without_the_lite_engine_the_exit_code_is_1(capsys: pytest.CaptureFixture[str]) -> None:
    def build_broken() -> EngineRegistry:
        raise ImportError("libGL.so.1: cannot open shared object file")

    assert doctor(Settings, build_broken, open_terminal(), as_json=False) == 1
    assert re.search(r"problem +lite +.*libGL\.so\.1", capsys.readouterr().out)


def test_doctor_works_where_numpy_does_not_import() -> None:
    code = "import sys; sys.modules['numpy'] = None; from mangaflux.cli import main; main(['doctor', '--json'])"

    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=False)

    assert done.returncode == 1
    assert next(check["id"] for check in json.loads(done.stdout)["checks"] if not check["ok"]) == "lite"


def test_the_needed_versions_are_those_of_the_project_file() -> None:
    project = tomllib.loads(PYPROJECT.read_text(encoding="utf-8"))["project"]

    declared = {re.split(r"[<>=]", line)[0]: line for line in project["dependencies"]}
    assert declared == {name: f"{name}>={low},<{below}" for name, (low, below) in NEEDED_PACKAGES.items()}
    assert project["requires-python"] == f">={NEEDED_PYTHON[0]}.{NEEDED_PYTHON[1]}"


def test_a_package_that_is_too_old_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor_checks, "NEEDED_PACKAGES", {"numpy": ("1000", "1001"), "no-such-package": ("1", "2")})

    check = check_dependencies()

    assert not check.ok
    assert re.fullmatch(r"numpy is \S+, needed is 1000 .*; no-such-package is missing", check.message)


def test_releases_compare_by_number() -> None:
    assert version_key("4.9") < version_key("4.10") < version_key("4.10.0.84") < version_key("5.0rc1")


def test_lite_loads_here() -> None:
    assert check_lite(lambda: build_engines(Settings())).ok


def test_torch_that_is_missing_is_no_drama(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor_gpu_checks, "find_spec", lambda _name: None)

    check = check_torch()

    assert (check.ok, check.fix) == (False, "use lite")


@pytest.mark.parametrize(
    ("probe", "said"),
    [
        ("raise ImportError('libcudart.so.13 is missing')", "libcudart.so.13 is missing"),
        ("import os; os.abort()", "ended with -6"),
        ("import time; time.sleep(60)", "no answer within"),
    ],
)
def test_torch_that_does_not_import_is_told(probe: str, said: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor_gpu_checks, "find_spec", lambda _name: object())
    monkeypatch.setattr(doctor_gpu_checks, "TORCH_PROBE", probe)
    monkeypatch.setattr(doctor_gpu_checks, "TORCH_TIMEOUT_SECONDS", 1.0)

    check = check_torch()

    assert not check.ok
    assert said in check.message


def test_a_gpu_is_named(on_path: Path) -> None:
    write_program(on_path / "nvidia-smi", "echo 'NVIDIA H100, 81559 MiB, 580.95'")

    check = check_gpu()

    assert (check.ok, check.message) == (True, "NVIDIA H100, 81559 MiB, 580.95")


def test_a_driver_that_does_not_answer_is_told(on_path: Path) -> None:
    write_program(on_path / "nvidia-smi", "echo 'Failed to initialize NVML' >&2; exit 9")

    check = check_gpu()

    assert not check.ok
    assert "Failed to initialize NVML" in check.message


def test_a_port_in_use_is_told() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]

        assert not check_port("127.0.0.1", port).ok


def test_a_data_folder_below_a_file_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").touch()

    assert not check_data_folder(tmp_path / "file" / "data").ok


def test_the_token_is_never_told() -> None:
    settings = load_settings(environment={"MANGA_FLUX_API_TOKEN": "very-secret"})

    check = check_token(settings)

    assert check.message == "an API token is set"


def test_valid_settings_need_no_fix() -> None:
    assert check_settings(None).fix is None
