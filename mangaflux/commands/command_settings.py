"""Settings and logging of a command, before anything else is done."""

import logging
import os
import sys
from pathlib import Path

from mangaflux.settings import Settings, load_settings

LOG_FORMAT = "%(asctime)s %(levelname)s %(name)s: %(message)s"


def command_settings(config: Path | None, flags: dict[str, object]) -> Settings:
    """The settings of a command that works without a server, with logging configured after them."""
    # Whoever may listen on every address by the same settings need not have a token for this.
    flags = {"server.host": "127.0.0.1", **flags}
    settings = load_settings(config_file=config, environment=os.environ, flags=flags)
    # What a server notes in passing would stand between the lines for the person.
    configure_logging("warning" if settings.log_level == "info" else settings.log_level)
    return settings


def configure_logging(level: str) -> None:
    """Sends what is noted from this level on to stderr."""
    logging.basicConfig(level=level.upper(), format=LOG_FORMAT, stream=sys.stderr)
