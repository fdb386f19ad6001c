"""A hub on loopback, an entry of a catalogue with two files on it, and a folder for models."""

import hashlib
from collections.abc import Iterator
from pathlib import Path

import pytest

from mangaflux.models.entry import CatalogueEntry, ModelFile
from mangaflux.models.store import ModelStore
from tests.models.fake_hub import COMMIT, FakeHub, running_hub

WEIGHTS = bytes(range(256)) * 64
CONFIG = b'{"size": 640}'


class SilentView:
    """Notes what it is told of a download."""

    def __init__(self) -> None:
        self.total: int | None = None
        self.positions: list[int] = []

    def start(self, total: int) -> None:
        self.total = total

    def advance(self, path: str, position: int, size: int) -> None:
        assert path
        assert size
        self.positions.append(position)


@pytest.fixture
def view() -> SilentView:
    return SilentView()


@pytest.fixture
def hub(monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeHub]:
    for name in ("HF_TOKEN", "HF_HUB_OFFLINE", "HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.delenv(name, raising=False)
    with running_hub() as hub:
        hub.files = {"net/weights.onnx": WEIGHTS, "config.json": CONFIG}
        monkeypatch.setenv("HF_ENDPOINT", hub.url)
        yield hub


@pytest.fixture
def entry() -> CatalogueEntry:
    return CatalogueEntry(
        name="tiny",
        kind="detector",
        purpose="a test",
        repository="somebody/tiny",
        revision=COMMIT,
        files=(
            ModelFile("net/weights.onnx", len(WEIGHTS), hashlib.sha256(WEIGHTS).hexdigest()),
            ModelFile("config.json", len(CONFIG)),
        ),
        license="Apache-2.0",
    )


@pytest.fixture
def store(tmp_path: Path) -> ModelStore:
    return ModelStore(tmp_path / "models")
