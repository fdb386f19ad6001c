"""The real server with a fake engine that takes its time: run with -m, for tests that look while pages are coloured."""

import argparse
import os
from pathlib import Path

from mangaflux.cli import build_engines
from mangaflux.commands.console import open_terminal
from mangaflux.commands.serve import serve
from mangaflux.engine.fake import FakeEngine
from mangaflux.settings_sources import load_settings


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data-dir", type=Path, required=True)
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--seconds-per-step", type=float, default=0.0)
    parser.add_argument("--fail-call", type=int, action="append", default=[])
    options = parser.parse_args()
    settings = load_settings(
        environment=os.environ,
        flags={"data_dir": options.data_dir, "server.port": options.port, "engine": "fake"},
    )
    engines = build_engines(settings)
    fake = engines.engines["fake"]
    assert isinstance(fake, FakeEngine)
    fake.seconds_per_step = options.seconds_per_step
    fake.fail_pages = options.fail_call
    return serve(settings, engines, open_terminal())


if __name__ == "__main__":
    raise SystemExit(main())
