"""What is under deploy/ names settings that exist, and is what its tools accept."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from mangaflux.settings import ENVIRONMENT_PREFIX
from mangaflux.settings_sources import setting_names

DEPLOY = Path(__file__).parent.parent / "deploy"
FILES = ["mangaflux.service", "Dockerfile", "compose.yaml"]


@pytest.mark.parametrize("name", FILES)
def test_settings_of_the_environment_exist(name: str) -> None:
    variables = set(re.findall(rf"{ENVIRONMENT_PREFIX}([A-Z_]+)", (DEPLOY / name).read_text(encoding="utf-8")))

    assert variables
    assert {variable.lower().replace("__", ".") for variable in variables} <= set(setting_names())


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="there is no systemd here")
def test_the_unit_is_one_that_systemd_takes(tmp_path: Path) -> None:
    unit = (DEPLOY / "mangaflux.service").read_text(encoding="utf-8")
    copy = tmp_path / "mangaflux.service"
    copy.write_text(unit.replace("/opt/mangaflux/.venv/bin/mangaflux", sys.executable), encoding="utf-8")

    verified = subprocess.run(["systemd-analyze", "verify", copy], capture_output=True, text=True, timeout=60)

    assert (verified.returncode, verified.stdout + verified.stderr) == (0, "")
