"""What of the downloadable models is turned on, and whether it is here."""

from mangaflux.commands.detector_files import DetectorFile, detector_files
from mangaflux.commands.doctor_checks import Check
from mangaflux.errors import SettingsError
from mangaflux.settings import Settings


def check_detectors(settings: Settings) -> Check:
    """The optional detectors that are turned on have their weights; a server refuses to start otherwise."""
    try:
        files = detector_files(settings)
    except SettingsError as error:
        # The message ends with the command that mends it, where there is one.
        message, _, command = error.message.partition(" Get it with: ")
        return Check("detectors", False, message, command or "change analysis.detectors")
    if not files:
        return Check("detectors", True, "no optional detectors are turned on (analysis.detectors)")
    return Check("detectors", True, "turned on: " + ", ".join(_told(file) for file in files))


def _told(file: DetectorFile) -> str:
    return f"{file.name} (licence: {file.license})"
