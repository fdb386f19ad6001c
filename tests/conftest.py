"""Fixtures of all tests: settings in a temporary folder, and small images."""

from pathlib import Path

import numpy as np
import pytest

from mangaflux.engine.imaging import encode_png
from mangaflux.settings import EventSettings, LimitSettings, Settings, WorkerSettings


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(
        data_dir=tmp_path / "data",
        engine="fake",
        # A child takes half a second to start; those are tested in test_image_decoder.py and in acceptance tests.
        limits=LimitSettings(decode_in_child=False),
        worker=WorkerSettings(cpu_threads=1),
        events=EventSettings(ping_interval_seconds=5, write_timeout_seconds=5),
    )


@pytest.fixture
def page_png() -> bytes:
    """A small black-and-white page: two framed panels with strokes."""
    pixels = np.full((280, 200, 3), 255, np.uint8)
    for top in (10, 150):
        pixels[top : top + 120, 10:190] = 0
        pixels[top + 3 : top + 117, 13:187] = 255
        pixels[top + 20 : top + 100 : 10, 30:150] = 0
    return encode_png(pixels)


@pytest.fixture
def style_png() -> bytes:
    """A coloured image to take colours from."""
    return encode_png(np.full((64, 64, 3), (200, 120, 90), np.uint8))


@pytest.fixture
def colour_png() -> bytes:
    """A page that is in colour already."""
    pixels = np.full((280, 200, 3), 255, np.uint8)
    pixels[20:140, 10:100], pixels[150:260, 90:190] = (220, 40, 60), (30, 90, 220)
    return encode_png(pixels)
