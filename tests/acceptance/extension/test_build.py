"""What is built of the extension for each browser."""

from pathlib import Path

import pytest

from extension.build import build_folder, manifest_of, pack

BROWSERS = ("chromium", "firefox")


@pytest.mark.parametrize("browser", BROWSERS)
def test_a_build_asks_for_the_own_machine_only_at_install(browser: str) -> None:
    manifest = manifest_of(browser)

    assert manifest["host_permissions"] == ["http://127.0.0.1/*", "http://localhost/*"]
    assert manifest["optional_host_permissions"] == ["*://*/*"]


@pytest.mark.parametrize("browser", BROWSERS)
def test_the_same_sources_give_the_same_zip(browser: str, tmp_path: Path) -> None:
    first = pack(build_folder(browser, tmp_path / "one"), tmp_path / "one.zip")
    second = pack(build_folder(browser, tmp_path / "two"), tmp_path / "two.zip")

    assert first.read_bytes() == second.read_bytes()
