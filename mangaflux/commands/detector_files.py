"""Which detectors the settings turn on, and where their weights are."""

from dataclasses import dataclass
from pathlib import Path

from mangaflux.errors import SettingsError
from mangaflux.models.catalogue import CATALOGUE
from mangaflux.models.store import ModelState, ModelStore
from mangaflux.settings import Settings

#: The licence of weights that the operator brought along.
OWN_FILE = "of your own file"


@dataclass(frozen=True, slots=True)
class DetectorFile:
    """A detector that is turned on, with its weights."""

    name: str
    path: Path
    license: str


def detector_files(settings: Settings) -> tuple[DetectorFile, ...]:
    """The detectors of `analysis.detectors`, by name: in which order they are listed makes no difference.

    Raises:
        SettingsError: an unknown name, one that is there twice, or weights that are not here; the message says what to
            do.
    """
    found = tuple(_detector_file(wanted, ModelStore(settings.models_folder)) for wanted in settings.analysis.detectors)
    names = [each.name for each in found]
    if double := next((name for name in names if names.count(name) > 1), None):
        raise SettingsError(f"analysis.detectors names {double} twice.")
    return tuple(sorted(found, key=lambda each: each.name))


def _detector_file(wanted: str, store: ModelStore) -> DetectorFile:
    name, _, own = wanted.partition("=")
    known = {entry.name: entry for entry in CATALOGUE if entry.kind == "detector"}
    if name not in known:
        raise SettingsError(f"analysis.detectors: there is no detector {name}. There are: {', '.join(known)}.")
    if own:
        if not Path(own).expanduser().is_file():
            raise SettingsError(f"analysis.detectors: there is no file {own} for {name}.")
        return DetectorFile(name, Path(own).expanduser(), OWN_FILE)
    entry = known[name]
    if store.state(entry) is not ModelState.PRESENT:
        raise SettingsError(
            f"The detector {name} is turned on (analysis.detectors) and its model is not here. Get it with: "
            f"mangaflux models pull {name}"
        )
    return DetectorFile(name, store.file_path(entry, entry.files[0]), entry.license)
