"""Models that are folders: the store of downloaded models is empty."""

from pathlib import Path

from mangaflux.engine.flux.engine import FluxEngine
from mangaflux.engine.flux.model_files import ModelFiles, find_model
from mangaflux.models.store import ModelStore
from mangaflux.settings import FluxSettings

EMPTY_STORE = ModelStore(Path("no-models"))


def make_engine(settings: FluxSettings) -> FluxEngine:
    """An engine on the folder that the settings name."""
    return FluxEngine(settings, EMPTY_STORE)


def files_of(settings: FluxSettings) -> ModelFiles:
    """The files of the folder that the settings name."""
    files = find_model(settings, EMPTY_STORE)
    assert isinstance(files, ModelFiles)
    return files
