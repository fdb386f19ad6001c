"""`mangaflux serve` with a fake engine that misbehaves as told: python -m tests.acceptance.scripted_server SCRIPT …

SCRIPT is JSON: the attributes of the FakeEngine. The other arguments are those of `mangaflux serve`.
"""

import json
import sys
from unittest.mock import patch

from mangaflux import cli
from mangaflux.engine.base import Engine
from mangaflux.engine.fake import FakeEngine
from mangaflux.settings import Settings

_SCRIPT = "{}"


def scripted_engine(_settings: Settings, _name: str) -> Engine:
    """The engine of the script, whatever is asked for."""
    return FakeEngine(**json.loads(_SCRIPT))


if __name__ == "__main__":
    _SCRIPT = sys.argv[1]
    with patch.object(cli, "build_engine", scripted_engine):
        cli.main(["serve", "--engine", "fake", *sys.argv[2:]])
