"""Arguments and options of the command line: names, bounds and the help a person reads. Imports nothing slow."""

from pathlib import Path
from typing import Annotated, Literal

from typer import Argument, Option

EngineName = Literal["auto", "flux", "lite", "fake"]

AsJson = Annotated[bool, Option("--json", help="Print the result as one JSON document on stdout.")]

Host = Annotated[
    str | None, Option(help="Address to listen on; beyond loopback a token is needed.", show_default="127.0.0.1")
]
Port = Annotated[int | None, Option(help="Port; 0 takes a free one.", show_default="8765")]
DataDir = Annotated[
    Path | None, Option(help="Folder for pages, results and the database.", show_default="mangaflux-data")
]
InputRoots = Annotated[list[Path] | None, Option(help="Folder whose files requests may name by path. May be repeated.")]
Engine = Annotated[EngineName | None, Option(help="What makes the colours.", show_default="auto")]
ConfigFile = Annotated[Path | None, Option(help="TOML file with settings; see config/mangaflux.toml.")]
LogLevel = Annotated[
    Literal["debug", "info", "warning", "error"] | None, Option(help="What goes to the log.", show_default="info")
]

PagePaths = Annotated[
    list[Path],
    Argument(metavar="PATH", help="Images, folders, CBZ or ZIP files; pages are numbered on in this order."),
]
Output = Annotated[Path, Option("--output", "-o", metavar="OUT", help="Folder for the results.")]
Styles = Annotated[
    list[Path] | None, Option(metavar="REF", help="Style reference: a coloured picture (required; up to four).")
]
Strength = Annotated[float, Option(min=0.0, max=1.0, help="How much colour is laid over the original greys.")]
Quality = Annotated[
    Literal["fast", "best"], Option(help="fast takes about half of the engine's time, with simpler colours.")
]
Seed = Annotated[
    int | None, Option(min=0, max=2**31 - 1, help="Another seed, other colours.", show_default="one for each page")
]
Reading = Annotated[Literal["rtl", "ltr", "vertical"], Option(help="Reading direction.")]
ChapterName = Annotated[
    str | None, Option(help="Name of the chapter, part of every page's seed.", show_default="from the first PATH")
]
Force = Annotated[bool, Option("--force", help="Compute again, and overwrite what stands in OUT.")]

ModelNames = Annotated[list[str], Argument(metavar="NAME", help="A model, as `mangaflux models list` names it.")]
MaybeModelNames = Annotated[
    list[str] | None,
    Argument(metavar="NAME", help="A model, as `mangaflux models list` names it.", show_default="all that are here"),
]

DemoOutput = Annotated[Path, Option("--output", "-o", metavar="DIR", help="Folder for the pages and the picture.")]
DemoPages = Annotated[int, Option(min=1, max=20, help="Pages of the sample chapter.")]
