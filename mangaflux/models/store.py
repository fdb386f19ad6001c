"""The folder that keeps downloaded models: what is in it, whether it is whole, and taking it away. Everything blocks.

Each model has a folder of its own name, with its files as they lie in its repository and a record of what they were
when they came. A file that is not in the record is not there.
"""

import fcntl
import hashlib
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, ValidationError

from mangaflux.errors import ModelStoreError
from mangaflux.models.entry import CatalogueEntry, ModelFile, is_commit

RECORD_NAME = "model-record.json"
_LOCK_NAME = ".lock"


class ModelState(StrEnum):
    """How much of a model is here."""

    PRESENT = "present"
    #: Some of its files are missing, or are of another revision than this version of MangaFlux knows.
    INCOMPLETE = "incomplete"
    ABSENT = "absent"


class RecordedFile(BaseModel):
    """What a file was when it came."""

    model_config = ConfigDict(frozen=True)

    size: int
    sha256: str


class ModelRecord(BaseModel):
    """The content of a model's record."""

    model_config = ConfigDict(frozen=True)

    schema_version: Literal[1] = 1
    name: str
    repository: str
    #: The commit that the files are of.
    revision: str
    license: str
    downloaded_at: datetime
    #: Paths of all its files, in the model's folder.
    wanted: tuple[str, ...]
    #: Those that are here, by path.
    files: dict[str, RecordedFile]


@dataclass(frozen=True, slots=True)
class FileFinding:
    """What verifying a file found; `problem` is None where it is whole."""

    path: str
    problem: str | None


class ModelStore:
    """The models of one folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def file_path(self, entry: CatalogueEntry, file: ModelFile) -> Path:
        """Where a file is, or will be."""
        return self._folder(entry) / file.path

    def state(self, entry: CatalogueEntry) -> ModelState:
        """How much of a model is here, by its record and the sizes of its files; nothing is hashed."""
        record = self.record(entry)
        if record is None:
            return ModelState.INCOMPLETE if any(self._folder(entry).rglob(".part-*")) else ModelState.ABSENT
        is_whole = all(self._is_here(entry, file, record) for file in _files(entry, record))
        return ModelState.PRESENT if is_whole else ModelState.INCOMPLETE

    def whole_folder(self, entry: CatalogueEntry) -> Path | None:
        """The folder of a model with all its files, as they lie in its repository; None where one is missing."""
        return self._folder(entry) if self.state(entry) is ModelState.PRESENT else None

    def record(self, entry: CatalogueEntry) -> ModelRecord | None:
        """What is written of a model; None where nothing readable is."""
        try:
            return ModelRecord.model_validate_json((self._folder(entry) / RECORD_NAME).read_bytes())
        except (OSError, ValidationError):
            return None

    def write_record(self, record: ModelRecord) -> None:
        """Replaces the record of a model, whole or not at all.

        Raises:
            OSError: it cannot be written.
        """
        path = self.folder / record.name / RECORD_NAME
        with part_of(path).open("wb") as file:
            file.write(record.model_dump_json(indent=1).encode())
        put_in_place(path)

    def verify(self, entry: CatalogueEntry) -> list[FileFinding]:
        """Hashes every file of a model anew; one finding for each file that it should have, none where nothing of it
        is here and its files are not known beforehand.
        """
        record = self.record(entry)
        return [FileFinding(file.path, self._problem(entry, file, record)) for file in _files(entry, record)]

    def remove(self, entry: CatalogueEntry) -> int:
        """Takes a model away, with half downloads; the bytes that were freed, 0 where there was nothing.

        Raises:
            ModelStoreError: somebody downloads it now, or it cannot be removed.
        """
        folder = self._folder(entry)
        if not folder.exists():
            return 0
        with self.locked(entry):
            size = sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
            try:
                # The record first: a model that is half removed is none.
                (folder / RECORD_NAME).unlink(missing_ok=True)
                shutil.rmtree(folder)
            except OSError as error:
                raise ModelStoreError(f"{folder} cannot be removed: {error.strerror}.") from error
        return size

    @contextmanager
    def locked(self, entry: CatalogueEntry) -> Iterator[None]:
        """Keeps other processes from changing a model for the length of the block; makes its folder.

        Raises:
            ModelStoreError: another process changes it, or the folder cannot be written.
        """
        folder = self._folder(entry)
        try:
            folder.mkdir(parents=True, exist_ok=True)
            file = (folder / _LOCK_NAME).open("w")
        except OSError as error:
            raise ModelStoreError(
                f"{folder} cannot be written: {error.strerror}. Choose another folder with MANGA_FLUX_MODELS_DIR."
            ) from error
        with file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError as error:
                raise ModelStoreError(f"Another MangaFlux downloads {entry.name} now; wait for it.") from error
            yield

    def _folder(self, entry: CatalogueEntry) -> Path:
        return self.folder / entry.name

    def _is_here(self, entry: CatalogueEntry, file: ModelFile, record: ModelRecord) -> bool:
        recorded = record.files.get(file.path)
        if recorded is None or not _is_of_catalogue(entry, file, record, recorded):
            return False
        try:
            return self.file_path(entry, file).stat().st_size == recorded.size
        except OSError:
            return False

    def _problem(self, entry: CatalogueEntry, file: ModelFile, record: ModelRecord | None) -> str | None:
        recorded = record.files.get(file.path) if record is not None else None
        path = self.file_path(entry, file)
        if record is None or recorded is None or not path.is_file():
            return "is missing"
        if not _is_of_catalogue(entry, file, record, recorded):
            return "is of another revision"
        try:
            return None if sha256_of(path) == recorded.sha256 else "has changed since it was downloaded"
        except OSError as error:
            return f"cannot be read: {error.strerror}"


def _files(entry: CatalogueEntry, record: ModelRecord | None) -> tuple[ModelFile, ...]:
    """The files that a model should have: those of the catalogue, else those that were listed at its download."""
    if entry.files or record is None:
        return entry.files
    return tuple(ModelFile(path, 0) for path in record.wanted)


def _is_of_catalogue(entry: CatalogueEntry, file: ModelFile, record: ModelRecord, recorded: RecordedFile) -> bool:
    """True where a file is the one that the catalogue means: by its hash, or where none is known by its commit."""
    if file.sha256 is not None:
        return recorded.sha256 == file.sha256
    return record.repository == entry.repository and (
        record.revision == entry.revision or not is_commit(entry.revision)
    )


def part_of(path: Path) -> Path:
    """Where a file is while it is not whole."""
    return path.with_name(f".part-{path.name}")


def put_in_place(path: Path) -> None:
    """Gives the part of a file its name, so that the file is there whole or not at all, also after a power cut.

    Raises:
        OSError: it cannot be written.
    """
    part = part_of(path)
    with part.open("rb") as file:
        os.fsync(file.fileno())
    part.replace(path)
    # Not every file system lets folders be synchronised; the name is then on disk a little later.
    with suppress(OSError):
        folder = os.open(path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)


def sha256_of(path: Path) -> str:
    """SHA-256 of a file's bytes, read in pieces.

    Raises:
        OSError: it cannot be read.
    """
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
