"""Fixtures of all tests: settings in a temporary folder, and small images."""

from pathlib import Path

import numpy as np
import pytest

from mangaflux.engine.imaging import encode_png
from mangaflux.settings import EventSettings, Settings, WorkerSettings
from tests.small_pages import colour_page_bytes, page_bytes


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(
        data_dir=tmp_path / "data",
        engine="fake",
        worker=WorkerSettings(cpu_threads=1),
        events=EventSettings(ping_interval_seconds=5, write_timeout_seconds=5),
    )


@pytest.fixture
def page_png() -> bytes:
    """A small black-and-white page."""
    return page_bytes()


@pytest.fixture
def style_png() -> bytes:
    """A coloured image to take colours from."""
    return encode_png(np.full((64, 64, 3), (200, 120, 90), np.uint8))


@pytest.fixture
def colour_png() -> bytes:
    """A page that is in colour already."""
    return colour_page_bytes()
