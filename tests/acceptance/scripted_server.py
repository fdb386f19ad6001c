"""A server whose fake engine misbehaves as told: python -m tests.acceptance.scripted_server DATA_DIR SCRIPT SETTINGS

SCRIPT is JSON, the attributes of the FakeEngine; SETTINGS is JSON, values by the dotted names of settings.
"""

import json
import sys
from pathlib import Path

from mangaflux.commands.console import open_terminal
from mangaflux.commands.serve import serve
from mangaflux.engine.base import Engine
from mangaflux.engine.fake import FakeEngine
from mangaflux.engine.registry import EngineRegistry
from mangaflux.log_context import configure_logging
from mangaflux.settings_sources import load_settings

#: How a server in a test starts: on a free port, and quick to try again.
_COMMON = {"engine": "fake", "server.port": 0, "worker.disk_retry_seconds": 0.2, "log_level": "warning"}


def main(data_dir: str, script: str, settings: str) -> int:
    """Serves until a signal, and returns the exit code."""
    flags = {**_COMMON, "data_dir": Path(data_dir), **json.loads(settings)}
    configure_logging(str(flags["log_level"]))
    engines: dict[str, Engine] = {"fake": FakeEngine(**json.loads(script))}
    registry = EngineRegistry(engines, {}, default="fake")
    return serve(load_settings(environment={}, flags=flags), registry, open_terminal())


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:4]))
