"""A folder with pages and a style reference, and no settings from outside."""

import os
from pathlib import Path

import pytest

from mangaflux.settings import ENVIRONMENT_PREFIX, NOT_SETTINGS
from tests.commands.driving import write_pages


@pytest.fixture(autouse=True)
def _no_settings_from_outside(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in os.environ:
        if name.startswith(ENVIRONMENT_PREFIX) and name.removeprefix(ENVIRONMENT_PREFIX) not in NOT_SETTINGS:
            monkeypatch.delenv(name)


@pytest.fixture
def pages(tmp_path: Path) -> Path:
    """A folder with three pages."""
    return write_pages(tmp_path / "chapter 1", 3)


@pytest.fixture
def style(tmp_path: Path, style_png: bytes) -> Path:
    path = tmp_path / "style.png"
    path.write_bytes(style_png)
    return path


@pytest.fixture
def out(tmp_path: Path) -> Path:
    return tmp_path / "out"
