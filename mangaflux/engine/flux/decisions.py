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

from mangaflux.engine.flux.model_files import ModelFiles
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


def remembered(settings: FluxSettings, files: ModelFiles) -> Decisions:
    """What the last load of such a model with these settings decided; UNDECIDED where there was none."""
    try:
        return Decisions(**json.loads(_file(settings, files).read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError, metadata.PackageNotFoundError):
        return UNDECIDED


def remember(settings: FluxSettings, files: ModelFiles, decisions: Decisions) -> None:
    """Keeps decisions for the next start; a folder that cannot be written is no obstacle."""
    file = _file(settings, files)
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        part = file.with_suffix(f".{os.getpid()}.part")
        part.write_text(json.dumps(asdict(decisions)), encoding="utf-8")
        part.replace(file)
    except OSError as error:
        logger.warning("what the model decided is not kept: %s", error.strerror)


def _file(settings: FluxSettings, files: ModelFiles) -> Path:
    """One for all that a decision may depend on, but for the device: without torch nobody tells its name,
    so it is kept with them.
    """
    facts = [
        files.sizes,
        files.attention_heads,
        settings.is_gguf,
        settings.device,
        settings.memory_profile,
        settings.attention,
        # Warming up may find that a bucket does not fit.
        settings.warm_up,
        settings.buckets,
        *(metadata.version(package) for package in ("torch", "diffusers")),
    ]
    digest = hashlib.sha256(json.dumps(facts, sort_keys=True).encode()).hexdigest()
    return cache_folder(settings) / "decisions" / f"{digest[:16]}.json"
