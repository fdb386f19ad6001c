import importlib.util
import os
import subprocess
import sys
from collections.abc import Iterator
from importlib.machinery import ModuleSpec
from pathlib import Path

import cv2
import numpy as np
import pytest

from mangaflux.engine.analysis import text_detector
from mangaflux.engine.analysis.text_detector import model_sha256, text_probability
from mangaflux.errors import InstallationError
from tests.engine.analysis.drawn_pages import Gray, blank


@pytest.fixture
def fresh() -> Iterator[None]:
    """A process that has not loaded the weights yet."""
    text_detector._started_session.cache_clear()
    model_sha256.cache_clear()
    yield
    text_detector._started_session.cache_clear()
    model_sha256.cache_clear()


def written(width: int = 320, height: int = 96) -> Gray:
    page = blank(width, height)
    cv2.putText(page, "GOOD MORNING", (20, 60), cv2.FONT_HERSHEY_SIMPLEX, 1.1, (0,), 3)
    return page


def test_text_is_likely_where_it_is_and_nowhere_else() -> None:
    likely = text_probability(written())

    assert likely.shape == (96, 320)
    assert likely[40:55, 40:250].mean() > 120
    assert likely[:10].max() < 60


def test_a_page_larger_than_a_tile_is_seen_as_a_whole() -> None:
    page = blank(96, 3600)
    for top in (100, 1560, 3400):
        page[top : top + 64] = cv2.resize(written(320, 96)[20:84], (96, 64), interpolation=cv2.INTER_AREA)

    likely = text_probability(page)

    assert likely.shape == page.shape
    assert all(likely[top : top + 64].max() > 100 for top in (100, 1560, 3400))


@pytest.mark.parametrize("shape", [(1, 1), (3, 70), (33, 1)])
def test_pages_of_any_size_are_seen(shape: tuple[int, int]) -> None:
    assert text_probability(np.full(shape, 255, dtype=np.uint8)).shape == shape


def test_the_same_page_gives_the_same_bytes() -> None:
    assert np.array_equal(text_probability(written()), text_probability(written()))


def test_the_weights_are_the_ones_that_this_was_made_for() -> None:
    assert model_sha256().startswith("090f04ab")


@pytest.mark.usefixtures("fresh")
def test_missing_weights_say_what_to_reinstall(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)

    with pytest.raises(InstallationError, match=r"pip install --force-reinstall .*rapidocr"):
        text_probability(written())
    with pytest.raises(InstallationError, match="rapidocr"):
        model_sha256()


@pytest.mark.usefixtures("fresh")
def test_damaged_weights_say_what_to_reinstall(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "models").mkdir()
    (tmp_path / "models" / f"{text_detector.MODEL_NAME}.onnx").write_bytes(b"cut off")
    package = ModuleSpec("rapidocr", None, is_package=True)
    package.submodule_search_locations = [str(tmp_path)]
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: package)

    with pytest.raises(InstallationError, match="rapidocr"):
        text_probability(written())


def test_the_runtime_of_the_detector_reports_to_nobody(tmp_path: Path) -> None:
    # Its telemetry keeps a store of its own in the home folder, and is off by itself where CI is set.
    environment = {"PATH": os.environ["PATH"], "HOME": str(tmp_path), "PYTHONPATH": os.pathsep.join(sys.path)}
    code = (
        "import numpy as np; from mangaflux.engine.analysis.text_detector import text_probability; "
        "text_probability(np.zeros((32, 32), np.uint8))"
    )

    subprocess.run([sys.executable, "-B", "-c", code], env=environment, check=True, timeout=60)

    assert list(tmp_path.rglob("*")) == []
