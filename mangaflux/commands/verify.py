"""`mangaflux verify`: is everything there, whole, and what its contract says? Blocks."""

from collections.abc import Iterator
from pathlib import Path

from PIL import Image
from pydantic import BaseModel, ValidationError

from mangaflux.commands.console import Terminal
from mangaflux.commands.result_folder import MASKS_FOLDER, page_files, sha256_of
from mangaflux.engine.analysis.metadata import PageMetadata
from mangaflux.engine.runmeta import RunMeta
from mangaflux.errors import InvalidRequestError
from mangaflux.jobs import ArtifactKind
from mangaflux.storage.audit import audit
from mangaflux.storage.data_folder import DATABASE_NAME

_METADATA_PATTERN = "page_*.meta.json"
_CONTRACTS: dict[ArtifactKind, type[BaseModel]] = {
    ArtifactKind.METADATA: PageMetadata,
    ArtifactKind.RUNMETA_PASS1: RunMeta,
    ArtifactKind.RUNMETA_PASS2: RunMeta,
}


def verify(folder: Path, terminal: Terminal, *, as_json: bool = False) -> int:
    """Looks at a data folder, or at a folder that `colorize` or `analyze` wrote; 0 where all is well, else 1.

    Raises:
        InvalidRequestError: it is neither.
        DataFolderError: its database cannot be read.
    """
    if (folder / DATABASE_NAME).exists():
        found = audit(folder)
        counted = {"jobs": found.jobs, "files": found.files}
        problems = [*found.problems, *_broken_contracts((each.kind, each.path) for each in found.documents)]
    else:
        pages = sorted(folder.glob(_METADATA_PATTERN))
        if not pages:
            raise InvalidRequestError(
                f"{folder} is neither a data folder nor a folder that `colorize` or `analyze` wrote."
            )
        counted = {"pages": len(pages)}
        problems = [problem for page in pages for problem in _broken_page(folder, page)]
    if as_json:
        terminal.answer({**counted, "problems": problems})
    _tell(terminal, counted, problems)
    return 1 if problems else 0


def _tell(terminal: Terminal, counted: dict[str, int], problems: list[str]) -> None:
    for problem in problems:
        terminal.complain(problem)
    what = ", ".join(f"{count} {name}" for name, count in counted.items())
    terminal.say(f"{what}: {f'{len(problems)} problems' if problems else 'all is well'}.")


def _broken_contracts(documents: Iterator[tuple[ArtifactKind, Path]]) -> Iterator[str]:
    for kind, path in documents:
        _, problem = _read(_CONTRACTS[kind], path)
        if problem is not None:
            yield problem


def _broken_page(folder: Path, path: Path) -> Iterator[str]:
    """What is wrong with a page of a result folder, whose metadata is at `path`."""
    metadata, problem = _read(PageMetadata, path)
    if not isinstance(metadata, PageMetadata):
        yield problem or ""
        return
    files = page_files(folder, metadata.page_num)
    yield from _broken_outputs(files.runmeta_pass1, {ArtifactKind.METADATA: path, **files.masks})
    for mask in files.masks.values():
        yield from _broken_mask(mask, metadata)
    # A page that was skipped, or only analysed, has no colours.
    if files.runmeta_pass2.exists() or files.colorized.exists():
        yield from _broken_outputs(files.runmeta_pass2, {ArtifactKind.COLORIZED: files.colorized})


def _broken_outputs(runmeta_path: Path, files: dict[ArtifactKind, Path]) -> Iterator[str]:
    runmeta, problem = _read(RunMeta, runmeta_path)
    if not isinstance(runmeta, RunMeta):
        yield problem or ""
        return
    for kind, path in files.items():
        if not path.exists():
            yield f"{path.name} is missing"
        elif sha256_of(path) != runmeta.outputs.get(kind):
            yield f"{path.name} is not what {runmeta_path.name} says"


def _broken_mask(path: Path, metadata: PageMetadata) -> Iterator[str]:
    if not path.exists():
        return
    name = f"{MASKS_FOLDER}/{path.name}"
    try:
        with Image.open(path) as mask:
            if (mask.mode, mask.size) != ("L", (metadata.width, metadata.height)):
                yield f"{name} is no mask of {metadata.width}×{metadata.height} pixels"
    except OSError as error:
        yield f"{name} cannot be read: {error}"


def _read(model: type[BaseModel], path: Path) -> tuple[BaseModel | None, str | None]:
    """The value of a document, or what is wrong with it."""
    try:
        return model.model_validate_json(path.read_bytes()), None
    except OSError as error:
        return None, f"{path.name}: {error.strerror or error}"
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(part) for part in first["loc"])
        return None, f"{path.name} breaks its contract: {f'{place}: ' if place else ''}{first['msg']}"
