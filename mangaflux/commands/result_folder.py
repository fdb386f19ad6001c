"""The folder that a batch writes: names of its files, whose they are, and writing them whole or not at all.

A file counts as ours where the metadata or runmeta beside it says that it was made of the same page with the same
settings. So the same command goes on where it stopped, and another command overwrites nothing. Everything here blocks.
"""

import hashlib
import os
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from pydantic import BaseModel, ValidationError

from mangaflux.engine.analysis.metadata import PageMetadata, ReadingDirection
from mangaflux.engine.analysis.page import ANALYSIS_VERSION
from mangaflux.engine.runmeta import RunMeta
from mangaflux.errors import DataFolderError
from mangaflux.jobs import ArtifactKind
from mangaflux.pass_records import skip_reason

MASKS_FOLDER = "masks"

_MASK_NAMES = {
    ArtifactKind.MASK_LETTERING: "lettering",
    ArtifactKind.MASK_BALLOONS: "balloons",
    ArtifactKind.MASK_PANELS: "panels",
}

Model = TypeVar("Model", bound=BaseModel)


@dataclass(frozen=True, slots=True)
class PageFiles:
    """Where the files of one page are, or will be."""

    colorized: Path
    runmeta_pass2: Path
    metadata: Path
    runmeta_pass1: Path
    overlay: Path
    masks: Mapping[ArtifactKind, Path]

    @property
    def of_pass1(self) -> tuple[Path, ...]:
        """What Pass 1 leaves behind."""
        return (self.metadata, self.runmeta_pass1, *self.masks.values())

    @property
    def of_pass2(self) -> tuple[Path, ...]:
        """What Pass 2 leaves behind."""
        return (self.runmeta_pass2, self.colorized)


@dataclass(frozen=True, slots=True)
class ExpectedPage:
    """What a page's files have to say of themselves to be the ones this command would make."""

    chapter_id: str
    page_num: int
    sha256: str
    reading_direction: ReadingDirection
    #: SHA-256 of the weights that Pass 1 uses, by the name of the model.
    models: Mapping[str, str]
    #: Of Pass 2; None where only the analysis is wanted, with its overlay.
    fingerprint: str | None


@dataclass(frozen=True, slots=True)
class Standing:
    """What of a page stands in the folder already."""

    #: True where nothing is left to do.
    finished: bool
    #: Of a finished page that has no colours: why.
    skip_reason: str | None
    #: Files that were made otherwise or by others.
    foreign: tuple[Path, ...]


def page_files(folder: Path, page_num: int) -> PageFiles:
    """The names of a page's files."""
    stem = f"page_{page_num:03d}"
    return PageFiles(
        colorized=folder / f"{stem}_colorized.png",
        runmeta_pass2=folder / f"{stem}_colorized.runmeta.json",
        metadata=folder / f"{stem}.meta.json",
        runmeta_pass1=folder / f"{stem}.meta.pass1.runmeta.json",
        overlay=folder / f"{stem}_overlay.png",
        masks={kind: folder / MASKS_FOLDER / f"{stem}_{name}.png" for kind, name in _MASK_NAMES.items()},
    )


def standing(files: PageFiles, expected: ExpectedPage) -> Standing:
    """What of a page is there, and whether it is what this command would make."""
    metadata = read_model(PageMetadata, files.metadata)
    needed = files.of_pass1 if expected.fingerprint else (*files.of_pass1, files.overlay)
    foreign = [] if _is_expected_analysis(metadata, expected) else _present(needed)
    reason: str | None = None
    if expected.fingerprint is not None:
        coloured = _present(files.of_pass2)
        foreign += coloured if not _is_expected_colouring(files, expected.fingerprint) else []
        reason = skip_reason(metadata) if metadata is not None else None
        needed = needed if reason else (*needed, *files.of_pass2)
    return Standing(not foreign and len(_present(needed)) == len(needed), reason, tuple(foreign))


def write_whole(path: Path, data: bytes) -> None:
    """Writes a file so that it is there whole or not at all, also after a power cut.

    Raises:
        DataFolderError: it cannot be written.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with part_of(path).open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        part_of(path).replace(path)
    except OSError as error:
        with suppress(OSError):
            part_of(path).unlink(missing_ok=True)
        raise DataFolderError(f"{path} cannot be written: {error.strerror}.") from error


def part_of(path: Path) -> Path:
    """Where a file is while it is not whole; the next run writes over it."""
    return path.with_name(f".part-{path.name}")


def sha256_of(path: Path) -> str:
    """SHA-256 of a file's bytes."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def read_model(model: type[Model], path: Path) -> Model | None:
    """The value in a JSON file; None where there is no file, or something else in it."""
    try:
        return model.model_validate_json(path.read_bytes())
    except (OSError, ValidationError):
        return None


def _present(paths: Iterable[Path]) -> list[Path]:
    return [path for path in paths if path.exists()]


def _is_expected_analysis(found: PageMetadata | None, expected: ExpectedPage) -> bool:
    return found is not None and (
        found.chapter_id,
        found.page_num,
        found.sha256,
        found.reading_direction,
        found.analysis_version,
        found.models,
    ) == (
        expected.chapter_id,
        expected.page_num,
        expected.sha256,
        expected.reading_direction,
        ANALYSIS_VERSION,
        expected.models,
    )


def _is_expected_colouring(files: PageFiles, fingerprint: str) -> bool:
    runmeta = read_model(RunMeta, files.runmeta_pass2)
    if runmeta is None or runmeta.fingerprint != fingerprint:
        return False
    # A page that somebody retouched is theirs.
    return not files.colorized.exists() or sha256_of(files.colorized) == runmeta.outputs.get(ArtifactKind.COLORIZED)
