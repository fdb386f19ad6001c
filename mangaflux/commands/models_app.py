"""The commands under `mangaflux models`, as the command line takes them; `commands.models` does the work."""

from pathlib import Path
from typing import TYPE_CHECKING

from typer import Exit, Typer

from mangaflux.commands import arguments
from mangaflux.commands.command_settings import command_settings

if TYPE_CHECKING:
    from mangaflux.commands.console import Terminal
    from mangaflux.models.store import ModelStore

models_app = Typer(
    help="Download models that MangaFlux can use, and look after them.",
    no_args_is_help=True,
    rich_markup_mode="markdown",
    pretty_exceptions_enable=False,
)


@models_app.command("list", epilog="Examples: `mangaflux models list` · `mangaflux models list --json`")
def models_list(config: arguments.ConfigFile = None, as_json: arguments.AsJson = False) -> None:
    """Say which models can be downloaded, what they are for, and which are here."""
    from mangaflux.commands.models import list_models

    raise Exit(list_models(_model_store(config), _terminal(as_json=as_json), as_json=as_json))


@models_app.command("pull", epilog="Example: `mangaflux models pull comic-text-and-bubble`")
def models_pull(names: arguments.ModelNames, config: arguments.ConfigFile = None) -> None:
    """Download models from the Hugging Face hub.

    Every file is checked before it gets its name. Interrupted? The same command goes on where it was. Asks nothing.
    """
    from mangaflux.commands.models import pull_models

    raise Exit(pull_models(_model_store(config), names, _terminal()))


@models_app.command("verify", epilog="Examples: `mangaflux models verify` · `mangaflux models verify manga109-yolo`")
def models_verify(names: arguments.MaybeModelNames = None, config: arguments.ConfigFile = None) -> None:
    """Hash models anew and say whether they are what was downloaded. Ends with 1 where one is not."""
    from mangaflux.commands.models import verify_models

    raise Exit(verify_models(_model_store(config), names or (), _terminal()))


@models_app.command("rm", epilog="Example: `mangaflux models rm manga109-yolo`")
def models_rm(names: arguments.ModelNames, config: arguments.ConfigFile = None) -> None:
    """Take models away. They can be downloaded again."""
    from mangaflux.commands.models import remove_models

    raise Exit(remove_models(_model_store(config), names, _terminal()))


def _model_store(config: Path | None) -> "ModelStore":
    from mangaflux.models.store import ModelStore

    return ModelStore(command_settings(config, {}).models_folder)


def _terminal(*, as_json: bool = False) -> "Terminal":
    from mangaflux.commands.console import open_terminal

    return open_terminal(as_json=as_json)
