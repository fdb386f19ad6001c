"""The command line, and the composition root: arguments → Settings → engines → one command.

Alone in naming concrete engines. Commands are imported when they run: they stand on numpy and OpenCV, which take a
second to import, and `mangaflux --help` answers at once.
"""

import os
import sys
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NoReturn

import typer

from mangaflux import __version__
from mangaflux.commands import arguments, data_commands
from mangaflux.commands.command_settings import command_settings
from mangaflux.commands.jobs_app import jobs_app
from mangaflux.commands.models_app import models_app
from mangaflux.errors import DataFolderError, InvalidRequestError, MangaFluxError, SettingsError
from mangaflux.log_context import configure_logging
from mangaflux.settings import Settings
from mangaflux.settings_sources import load_settings

if TYPE_CHECKING:
    from mangaflux.engine.analysis.detectors.detector import Detector
    from mangaflux.engine.base import Engine
    from mangaflux.engine.registry import EngineRegistry

EXIT_USAGE = 2
EXIT_FAILED = 1

app = typer.Typer(
    name="mangaflux",
    help="Colours black-and-white manga pages in the colours of a style reference.",
    epilog="First time here? `mangaflux demo` colours a sample chapter and shows the result.",
    no_args_is_help=True,
    rich_markup_mode="markdown",
    add_completion=False,
    pretty_exceptions_enable=False,
)
app.add_typer(models_app, name="models")
app.add_typer(jobs_app, name="jobs")


def main(argv: Sequence[str] | None = None) -> NoReturn:
    """Runs one command and ends the process with its exit code.

    What MangaFlux refuses is one line on stderr: 2 where the person can mend it by asking otherwise, else 1.

    Args:
        argv: without the program's name; None takes the process's own.
    """
    try:
        app(args=None if argv is None else list(argv), prog_name="mangaflux")
    except MangaFluxError as error:
        typer.echo(f"mangaflux: {error.message}", err=True)
        is_usage = isinstance(error, InvalidRequestError | SettingsError | DataFolderError)
        sys.exit(EXIT_USAGE if is_usage else EXIT_FAILED)
    sys.exit(0)


def _print_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"mangaflux {__version__}")
        raise typer.Exit


@app.callback()
def _common(
    version: Annotated[
        bool, typer.Option("--version", help="Print the version and leave.", callback=_print_version, is_eager=True)
    ] = False,
) -> None:
    """Options before the command."""


@app.command(epilog="Examples: `mangaflux serve` · `mangaflux serve --port 0 --data-dir ~/manga --input-root ~/scans`")
def serve(
    host: arguments.Host = None,
    port: arguments.Port = None,
    data_dir: arguments.DataDir = None,
    input_root: arguments.InputRoots = None,
    engine: arguments.Engine = None,
    config: arguments.ConfigFile = None,
    log_level: arguments.LogLevel = None,
) -> None:
    """Run the server until Ctrl-C.

    Flags win over MANGA_FLUX_* variables, and those over the file of --config.
    """
    settings = load_settings(
        config_file=config,
        environment=os.environ,
        flags={
            "server.host": host,
            "server.port": port,
            "data_dir": data_dir,
            "input_roots": tuple(input_root) if input_root else None,
            "engine": engine,
            "log_level": log_level,
        },
    )
    if missing := next((root for root in settings.input_roots if not root.is_dir()), None):
        raise SettingsError(f"The input root {missing} is not a folder.")
    configure_logging(settings.log_level, settings.log_format)
    from mangaflux.commands.console import open_terminal
    from mangaflux.commands.serve import serve as run_server

    detectors = build_detectors(settings)
    _finish(run_server(settings, build_engines(settings), open_terminal(), detectors))


@app.command(
    epilog="Examples: `mangaflux colorize chapter_01/ --style ref.png -o coloured/` · "
    "`mangaflux colorize vol1.cbz --style cover.jpg -o out/ --strength 0.8`"
)
def colorize(
    paths: arguments.PagePaths,
    output: arguments.Output,
    style: arguments.Styles = None,
    engine: arguments.Engine = None,
    strength: arguments.Strength = 1.0,
    quality: arguments.Quality = "best",
    seed: arguments.Seed = None,
    reading: arguments.Reading = "rtl",
    chapter_id: arguments.ChapterName = None,
    force: arguments.Force = False,
    config: arguments.ConfigFile = None,
    as_json: arguments.AsJson = False,
) -> None:
    """Colour pages into a folder.

    The same command again goes on where it stopped: pages that are done stay. Files that were made with other settings
    are never overwritten without --force. Ends with 0, or 1 where pages failed, 2 for a mistake, 130 after Ctrl-C.
    """
    settings = command_settings(config, {"engine": engine})
    from mangaflux.commands.batch_plan import BatchTools
    from mangaflux.commands.colorize import ColorizeOrder
    from mangaflux.commands.colorize import colorize as colorize_pages
    from mangaflux.commands.console import open_terminal

    order = ColorizeOrder(
        paths=tuple(paths),
        styles=tuple(style or ()),
        output=output,
        strength=strength,
        quality=quality,
        seed=seed,
        reading_direction=reading,
        chapter_id=chapter_id,
        force=force,
        as_json=as_json,
    )
    tools = BatchTools(build_engines(settings), build_detectors(settings))
    _finish(colorize_pages(order, settings, tools, open_terminal(as_json=as_json)))


@app.command(
    epilog="Examples: `mangaflux analyze chapter_01/ -o seen/` · `mangaflux analyze vol1.cbz -o seen/ --reading ltr`"
)
def analyze(
    paths: arguments.PagePaths,
    output: arguments.Output,
    reading: arguments.Reading = "rtl",
    chapter_id: arguments.ChapterName = None,
    force: arguments.Force = False,
    config: arguments.ConfigFile = None,
    as_json: arguments.AsJson = False,
) -> None:
    """See what Pass 1 finds on pages: panels in reading order, balloons, lettering.

    For each page OUT gets `page_NNN.meta.json`, masks, and `page_NNN_overlay.png`, a picture of what was seen. No style
    reference is needed; `colorize` into the same OUT adds the colours. The same command again goes on where it
    stopped. Ends with 0, or 1 where pages failed, 2 for a mistake, 130 after Ctrl-C.
    """
    settings = command_settings(config, {})
    from mangaflux.commands.analyze import AnalyzeOrder
    from mangaflux.commands.analyze import analyze as analyze_pages
    from mangaflux.commands.batch_plan import BatchTools
    from mangaflux.commands.console import open_terminal

    order = AnalyzeOrder(
        paths=tuple(paths),
        output=output,
        reading_direction=reading,
        chapter_id=chapter_id,
        force=force,
        as_json=as_json,
    )
    # No engine has anything to do; lite is there at once.
    tools = BatchTools(build_engines(settings.model_copy(update={"engine": "lite"})), build_detectors(settings))
    _finish(analyze_pages(order, settings, tools, open_terminal(as_json=as_json)))


@app.command(epilog="Example: `mangaflux demo -o my-demo`")
def demo(
    output: arguments.DemoOutput = Path("mangaflux-demo"),
    pages: arguments.DemoPages = 4,
) -> None:
    """Draw a sample chapter, colour it through a real server, and show before and after."""
    configure_logging("warning")
    from mangaflux.commands.console import open_terminal
    from mangaflux.commands.demo import demo as run_demo

    _finish(run_demo(output, pages, open_terminal()))


@app.command(epilog="Examples: `mangaflux doctor` · `mangaflux doctor --json`")
def doctor(
    data_dir: arguments.DataDir = None,
    port: arguments.Port = None,
    config: arguments.ConfigFile = None,
    as_json: arguments.AsJson = False,
) -> None:
    """Say what can run here, and how to mend what cannot.

    Changes nothing. Ends with 0 where MangaFlux can run, else 1; warnings are no obstacle.
    """
    from mangaflux.commands.console import open_terminal
    from mangaflux.commands.doctor import doctor as run_doctor

    def read_settings() -> Settings:
        return load_settings(
            config_file=config, environment=os.environ, flags={"data_dir": data_dir, "server.port": port}
        )

    _finish(run_doctor(read_settings, lambda: build_engines(Settings()), open_terminal(), as_json=as_json))


# After the others, as `--help` lists commands in this order.
app.command(epilog="Examples: `mangaflux verify` · `mangaflux verify coloured/`")(data_commands.verify)
app.command(epilog="Example: `mangaflux backup /media/disk/mangaflux`")(data_commands.backup)


def build_engines(settings: Settings) -> "EngineRegistry":
    """Every engine of this installation, with the default of the settings; fake is there only where it is asked for."""
    from mangaflux.engine.flux.availability import flux_problem
    from mangaflux.engine.isolation import IsolatedEngine
    from mangaflux.engine.registry import EngineRegistry
    from mangaflux.models.store import ModelStore

    store = ModelStore(settings.models_folder)
    names = ("flux", "lite", "fake") if settings.engine == "fake" else ("flux", "lite")
    engines: dict[str, Engine] = {name: build_engine(settings, name) for name in names}
    if settings.worker.engine_isolation == "process":
        engines = {
            name: IsolatedEngine(engine, partial(build_engine, settings, name), settings.worker.hang_seconds)
            for name, engine in engines.items()
        }
    problems = {"flux": lambda: flux_problem(settings.flux, store)}
    return EngineRegistry(engines, {}, default=settings.engine, problems=problems)


def build_engine(settings: Settings, name: str) -> "Engine":
    """One engine, not loaded; also called in child processes."""
    from mangaflux.engine.fake import FakeEngine
    from mangaflux.engine.flux.engine import FluxEngine
    from mangaflux.engine.lite.engine import LiteEngine
    from mangaflux.models.store import ModelStore

    match name:
        case "flux":
            return FluxEngine(settings.flux, ModelStore(settings.models_folder))
        case "lite":
            return LiteEngine()
        case _:
            return FakeEngine()


def build_detectors(settings: Settings) -> "tuple[Detector, ...]":
    """The optional detectors that the settings turn on, loaded.

    Raises:
        SettingsError: one is unknown, not here, or cannot be loaded; the message says what to do.
    """
    from mangaflux.commands.detector_files import detector_files

    files = detector_files(settings)
    if not files:
        return ()
    from mangaflux.engine.analysis.detectors.registry import DETECTORS

    return tuple(DETECTORS[file.name](file.path, file.license) for file in files)


def _finish(code: int) -> None:
    raise typer.Exit(code)
