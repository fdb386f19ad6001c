"""Settings and logging of a command, before anything else is done."""

import os
from pathlib import Path

from mangaflux.log_context import configure_logging
from mangaflux.settings import Settings
from mangaflux.settings_sources import load_settings


def command_settings(config: Path | None, flags: dict[str, object]) -> Settings:
    """The settings of a command that works without a server, with logging configured after them."""
    # Whoever may listen on every address by the same settings need not have a token for this.
    flags = {"server.host": "127.0.0.1", **flags}
    settings = load_settings(config_file=config, environment=os.environ, flags=flags)
    # What a server notes in passing would stand between the lines for the person.
    configure_logging("warning" if settings.log_level == "info" else settings.log_level)
    return settings
