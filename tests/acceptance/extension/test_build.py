"""What is built of the extension for each browser."""

import os
from pathlib import Path

import pytest

from extension.build import build_folder, manifest_of, pack

BROWSERS = ("chromium", "firefox")
#: A time in seconds of the epoch at which no file of a build was written.
LONG_AGO = 1_000_000_000


@pytest.mark.parametrize("browser", BROWSERS)
def test_a_build_asks_for_the_own_machine_only_at_install(browser: str) -> None:
    manifest = manifest_of(browser)

    assert manifest["host_permissions"] == ["http://127.0.0.1/*", "http://localhost/*"]
    assert manifest["optional_host_permissions"] == ["*://*/*"]


@pytest.mark.parametrize("browser", BROWSERS)
def test_the_same_sources_give_the_same_zip(browser: str, tmp_path: Path) -> None:
    first, second = build_folder(browser, tmp_path / "one"), build_folder(browser, tmp_path / "two")
    for path in second.rglob("*"):
        path.chmod(path.stat().st_mode & 0o700)
        os.utime(path, (LONG_AGO, LONG_AGO))

    assert pack(first, tmp_path / "one.zip").read_bytes() == pack(second, tmp_path / "two.zip").read_bytes()
