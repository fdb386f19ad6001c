"""What a load decided, remembered for the next start: a recipe can be told before the model is loaded.

Which attention is faster, and which memory profile fits, is known when a model has been loaded. Whoever looks for pages
that were made before asks earlier than that. The attention stays as it was measured once on a device; measured anew at
each start it might change, and with it the bytes of pages.
"""

import hashlib
import json
import logging
import os
from dataclasses import asdict, dataclass
from importlib import metadata
from pathlib import Path

from mangaflux.settings import FluxSettings

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Decisions:
    """What a load decided, and where."""

    memory_profile: str
    attention: str
    device: str


#: Before the first load.
UNDECIDED = Decisions("undecided", "undecided", "")


def cache_folder(settings: FluxSettings) -> Path:
    """Where compiled code, prompt embeddings and decisions are kept."""
    if settings.cache_dir:
        return Path(settings.cache_dir).expanduser()
    home = os.environ.get("XDG_CACHE_HOME")
    return (Path(home) if home else Path.home() / ".cache") / "mangaflux"


def remembered(settings: FluxSettings, revision: str) -> Decisions:
    """What the last load with these settings decided; UNDECIDED where there was none."""
    try:
        return Decisions(**json.loads(_file(settings, revision).read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError, metadata.PackageNotFoundError):
        return UNDECIDED


def remember(settings: FluxSettings, revision: str, decisions: Decisions) -> None:
    """Keeps decisions for the next start; a folder that cannot be written is no obstacle."""
    file = _file(settings, revision)
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        part = file.with_suffix(f".{os.getpid()}.part")
        part.write_text(json.dumps(asdict(decisions)), encoding="utf-8")
        part.replace(file)
    except OSError as error:
        logger.warning("what the model decided is not kept: %s", error.strerror)


def _file(settings: FluxSettings, revision: str) -> Path:
    """One for all that a decision may depend on, but for the device."""
    facts = f"{revision} {settings.model_dump_json()} {metadata.version('torch')} {metadata.version('diffusers')}"
    return cache_folder(settings) / "decisions" / f"{hashlib.sha256(facts.encode()).hexdigest()[:16]}.json"
