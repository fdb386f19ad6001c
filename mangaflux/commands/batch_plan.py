"""What a batch comes to before anything is written: which pages, with which params, made of what."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from mangaflux.commands.page_list import InputPage, Reference, default_chapter_id, is_archive
from mangaflux.engine.analysis.detectors.detector import Detector
from mangaflux.engine.registry import EngineRegistry
from mangaflux.errors import InvalidRequestError
from mangaflux.jobs import Params, is_chapter_id


@dataclass(frozen=True, slots=True)
class BatchTools:
    """What works on the pages."""

    engines: EngineRegistry
    #: Those that help Pass 1.
    detectors: tuple[Detector, ...] = ()


@dataclass(frozen=True, slots=True)
class BatchPlan:
    """What is to be done, with nothing left to refuse."""

    output: Path
    chapter_id: str
    #: None: Pass 1 alone.
    engine: str | None
    params: Params
    #: Empty for Pass 1 alone.
    references: tuple[Reference, ...]
    #: Every page of the command line.
    pages: tuple[InputPage, ...]
    #: Those that stand in the output finished, by number; with the reason where they were skipped.
    kept: Mapping[int, str | None] = field(default_factory=dict)

    @property
    def to_do(self) -> tuple[InputPage, ...]:
        """Pages to be run: readable, and not done before."""
        return tuple(page for page in self.pages if page.problem is None and page.page_num not in self.kept)

    @property
    def archives(self) -> tuple[Path, ...]:
        """The archives that are coloured as a whole; none for Pass 1 alone."""
        return () if self.engine is None else archives_in(page.path for page in self.pages)


def chapter_of(paths: tuple[Path, ...], output: Path, chapter_id: str | None) -> str:
    """The chapter id of a batch, given or from the name of its first path.

    Raises:
        InvalidRequestError: it is no chapter id, or the output is a file or the folder of the pages.
    """
    wanted = chapter_id or default_chapter_id(paths[0])
    if not is_chapter_id(wanted):
        raise InvalidRequestError(
            f"--chapter-id {wanted} is no chapter id: letters, digits, dots, dashes and underscores, at most 64."
        )
    if output.resolve() in [path.resolve() for path in paths]:
        raise InvalidRequestError("OUT is the folder of the pages; results beside originals would be pages next time.")
    if output.exists() and not output.is_dir():
        raise InvalidRequestError(f"OUT is a file: {output}. Name a folder.")
    return wanted


def archives_in(paths: Iterable[Path]) -> tuple[Path, ...]:
    """Those of the paths that are archives, each once."""
    return tuple(dict.fromkeys(path for path in paths if is_archive(path)))
