"""How tests run, and fixtures of all of them: settings in a temporary folder, and small images."""

import os
from pathlib import Path

import cv2
import numpy as np
import pytest

from mangaflux.engine.imaging import encode_png
from mangaflux.settings import EventSettings, Settings, WorkerSettings
from tests.small_pages import colour_page_bytes, page_bytes

#: Processes in which the whole suite runs. Each holds torch and a text detector: about 1.5 GB.
PROCESSES = 2


def pytest_xdist_auto_num_workers(config: pytest.Config) -> int:
    """Processes for the tests of this run; named tests start sooner in the one that is there."""
    return PROCESSES if config.args == config.getini("testpaths") else 0


@pytest.fixture(scope="session", autouse=True)
def _one_thread_for_pictures() -> None:
    # Where several processes share the cores, their threads would wait for each other.
    if "PYTEST_XDIST_WORKER" in os.environ:
        cv2.setNumThreads(1)


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
