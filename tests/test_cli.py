import subprocess
import sys
from pathlib import Path

import pytest

from mangaflux import __version__
from mangaflux.cli import build_engines
from mangaflux.errors import EngineUnavailableError
from mangaflux.settings import FluxSettings, Settings
from tests.commands.driving import run_cli

COMMANDS = ("serve", "colorize", "analyze", "demo", "doctor")


def test_the_version_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    assert run_cli("--version") == 0
    assert capsys.readouterr().out == f"mangaflux {__version__}\n"


def test_the_module_can_be_run() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "mangaflux", "--version"], capture_output=True, text=True, timeout=30, check=False
    )

    assert (done.returncode, done.stdout) == (0, f"mangaflux {__version__}\n")


def test_help_answers_without_importing_what_is_slow() -> None:
    code = (
        "import sys, mangaflux.cli as cli\n"
        "try: cli.main(['colorize', '--help'])\n"
        "finally: print(sorted({'numpy', 'cv2', 'scipy', 'aiohttp', 'torch'} & set(sys.modules)), file=sys.stderr)"
    )

    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=30, check=False)

    assert (done.returncode, done.stderr) == (0, "[]\n")


@pytest.mark.parametrize("command", COMMANDS)
def test_the_help_of_every_command_has_an_example(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run_cli(command, "--help") == 0
    assert f"mangaflux {command}" in capsys.readouterr().out.partition("Example")[2]


def test_an_unknown_option_is_a_usage_error() -> None:
    assert run_cli("serve", "--prot", "1") == 2


def test_settings_that_make_no_sense_are_one_line_on_stderr(capsys: pytest.CaptureFixture[str]) -> None:
    code = run_cli("serve", "--host", "0.0.0.0")

    told = capsys.readouterr()
    assert code == 2
    assert told.out == ""
    assert told.err.count("\n") == 1
    assert "MANGA_FLUX_API_TOKEN" in told.err


def test_a_missing_settings_file_is_a_usage_error(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run_cli("serve", "--config", tmp_path / "absent.toml") == 2
    assert "absent.toml" in capsys.readouterr().err


def test_lite_can_run_and_fake_is_there_only_where_it_is_asked_for() -> None:
    assert set(build_engines(Settings()).engines) == {"flux", "lite"}
    assert "lite" in build_engines(Settings()).available
    assert set(build_engines(Settings(engine="fake")).engines) == {"flux", "lite", "fake"}


@pytest.mark.parametrize("model", ["flux2-klein-9b", "black-forest-labs/FLUX.2-klein-9B"])
def test_flux_without_weights_is_refused_with_the_command_that_gets_them(model: str, tmp_path: Path) -> None:
    settings = Settings(models_dir=tmp_path, flux=FluxSettings(model=model, device="cpu"))
    with pytest.raises(EngineUnavailableError, match="run `mangaflux models pull flux2-klein-9b`"):
        build_engines(settings).resolve("flux")


def test_flux_is_not_what_auto_means_where_it_cannot_run(tmp_path: Path) -> None:
    settings = Settings(models_dir=tmp_path, flux=FluxSettings(device="cpu"))
    assert build_engines(settings).resolve("auto") == "lite"


def test_naming_the_engines_imports_no_torch() -> None:
    code = (
        "import sys; from mangaflux.cli import build_engines; from mangaflux.settings import Settings;"
        "engines = build_engines(Settings()); engines.unavailable; engines.engines['flux'].recipe;"
        "sys.exit(sum(name in sys.modules for name in ('torch', 'diffusers', 'transformers')))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False, timeout=60).returncode == 0
