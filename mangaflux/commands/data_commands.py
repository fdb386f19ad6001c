"""`mangaflux verify` and `mangaflux backup`, as the command line takes them."""

import os
from pathlib import Path

from typer import Exit

from mangaflux.commands import arguments
from mangaflux.settings_sources import load_settings


def verify(
    folder: arguments.VerifiedFolder = None,
    data_dir: arguments.DataDir = None,
    config: arguments.ConfigFile = None,
    as_json: arguments.AsJson = False,
) -> None:
    """Check that everything is there, whole, and what its contract says.

    FOLDER is one that `colorize` or `analyze` wrote, or a data folder; without it the data folder of the settings is
    looked at. A server may go on working meanwhile. Changes nothing. Ends with 0 where all is well, else 1.
    """
    from mangaflux.commands.console import open_terminal
    from mangaflux.commands.verify import verify as run_verify

    raise Exit(run_verify(folder or _data_dir(data_dir, config), open_terminal(as_json=as_json), as_json=as_json))


def backup(
    target: arguments.BackupTarget,
    data_dir: arguments.DataDir = None,
    config: arguments.ConfigFile = None,
) -> None:
    """Copy the data folder, also while a server works in it.

    TARGET is a data folder afterwards: `mangaflux serve --data-dir TARGET` starts from it. The same command again
    copies only what is new. Ends with 1 where a file that the database lists is missing.
    """
    from mangaflux.commands.console import open_terminal
    from mangaflux.storage.backup import back_up

    terminal = open_terminal()
    result = back_up(_data_dir(data_dir, config), target)
    for name in result.missing:
        terminal.complain(f"{name} is missing")
    terminal.say(
        f"{result.files} files, {result.copied} of them copied now ({result.copied_bytes} bytes), to {target}."
    )
    raise Exit(1 if result.missing else 0)


def _data_dir(data_dir: Path | None, config: Path | None) -> Path:
    # Whoever may listen on every address by the same settings need not have a token for this.
    flags = {"data_dir": data_dir, "server.host": "127.0.0.1"}
    return load_settings(config_file=config, environment=os.environ, flags=flags).data_dir
