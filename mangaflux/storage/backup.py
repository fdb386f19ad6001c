"""A copy of a data folder, also while a server works in it: the database as of one moment, then every file it lists."""

import os
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from mangaflux.errors import DataFolderError
from mangaflux.storage.content_files import TEMPORARY_PREFIX, ContentFiles, StoredFile
from mangaflux.storage.data_folder import DATABASE_NAME
from mangaflux.storage.snapshot import TABLES, listed_files, open_snapshot


@dataclass(frozen=True, slots=True)
class BackupResult:
    """What became of a backup."""

    #: Files that the database lists, and those of them that were not there before.
    files: int
    copied: int
    copied_bytes: int
    #: Listed and not there: `mangaflux verify` says more.
    missing: tuple[str, ...]


def back_up(folder: Path, target: Path) -> BackupResult:
    """Copies a data folder to `target`, which is a data folder afterwards. Blocks.

    Files are named by their content, so a second backup to the same place copies only what is new. The database is put
    in place last: a backup that is interrupted leaves the one before.

    Raises:
        DataFolderError: there is nothing to copy, or it cannot be written.
    """
    if target.resolve() == folder.resolve():
        raise DataFolderError(f"{target} is the data folder itself; name another place.")
    try:
        target.mkdir(parents=True, exist_ok=True)
        temporary = target / f"{TEMPORARY_PREFIX}{DATABASE_NAME}"
        temporary.unlink(missing_ok=True)
        with open_snapshot(folder) as connection:
            _copy_database(connection, temporary)
            result = _copy_files(connection, folder, target)
        _put_in_place(temporary, target / DATABASE_NAME)
    except OSError as error:
        raise DataFolderError(f"The backup to {target} failed: {error.strerror or error}.") from error
    return result


def _copy_database(connection: sqlite3.Connection, copy: Path) -> None:
    with closing(sqlite3.connect(copy)) as copied:
        connection.backup(copied)
        # One file, not three.
        copied.execute("PRAGMA journal_mode=DELETE")


def _copy_files(connection: sqlite3.Connection, folder: Path, target: Path) -> BackupResult:
    files = copied = copied_bytes = 0
    missing: list[str] = []
    for source, copy, file in _pairs(connection, folder, target):
        files += 1
        if copy.exists():
            continue
        try:
            _copy(source, copy)
        except FileNotFoundError:
            missing.append(str(source.relative_to(folder)))
            continue
        copied += 1
        copied_bytes += file.size
    return BackupResult(files, copied, copied_bytes, tuple(missing))


def _pairs(connection: sqlite3.Connection, folder: Path, target: Path) -> Iterator[tuple[Path, Path, StoredFile]]:
    for table, name in TABLES.items():
        here, there = ContentFiles(folder / name), ContentFiles(target / name)
        for file in listed_files(connection, table):
            yield here.path(file.sha256, file.media_type), there.path(file.sha256, file.media_type), file


def _copy(source: Path, copy: Path) -> None:
    copy.parent.mkdir(parents=True, exist_ok=True)
    temporary = copy.with_name(f"{TEMPORARY_PREFIX}{copy.name}")
    shutil.copyfile(source, temporary)
    _put_in_place(temporary, copy)


def _put_in_place(temporary: Path, path: Path) -> None:
    with temporary.open("rb") as file:
        os.fsync(file.fileno())
    temporary.replace(path)
