"""Which schema does a database have, and how does it get the newest one?"""

import asyncio
import logging
import os
import sqlite3
from importlib import resources
from pathlib import Path

import aiosqlite

from mangaflux.errors import DataFolderError
from mangaflux.storage.content_files import TEMPORARY_PREFIX

logger = logging.getLogger(__name__)


async def migrate(connection: aiosqlite.Connection, path: Path) -> None:
    """Brings the database at `path` to the newest schema; one that holds something already is copied before.

    Raises:
        DataFolderError: a newer MangaFlux wrote it, it cannot be copied, or a step fails: then it is as it was.
    """
    row = next(iter(await connection.execute_fetchall("PRAGMA user_version")))
    version = int(row[0])
    scripts = migration_scripts()
    if version > len(scripts):
        raise DataFolderError(
            f"The database was written by a newer MangaFlux (schema {version}, this one knows {len(scripts)}). "
            "Install the newer version, or start with another data folder."
        )
    if 0 < version < len(scripts):
        await _back_up(connection, backup_path(path, version))
    for number, script in list(enumerate(scripts, start=1))[version:]:
        # executescript commits what is open first, so the transaction is part of the script.
        try:
            await connection.executescript(f"BEGIN IMMEDIATE;\n{script}\nPRAGMA user_version={number};\nCOMMIT;")
        except sqlite3.Error as error:
            raise DataFolderError(f"The database cannot be brought to schema {number}: {error}.") from error
        if version:
            logger.info("migrated the database to schema %d", number)


def backup_path(path: Path, version: int) -> Path:
    """Where the copy of a database is that was made before it left this schema."""
    return path.with_name(f"{path.name}.schema-{version}")


def migration_scripts() -> list[str]:
    """The SQL that leads from one schema to the next, from the first on."""
    folder = resources.files("mangaflux.storage") / "migrations"
    names = sorted(entry.name for entry in folder.iterdir() if entry.name.endswith(".sql"))
    return [(folder / name).read_text(encoding="utf-8") for name in names]


async def _back_up(connection: aiosqlite.Connection, copy: Path) -> None:
    """Copies the database, whole or not at all. A copy that is there was made before the same step, and stays."""
    temporary = copy.with_name(f"{TEMPORARY_PREFIX}{copy.name}")
    try:
        if await asyncio.to_thread(_is_there, copy, temporary):
            return
        await connection.execute("VACUUM INTO ?", (str(temporary),))
        await asyncio.to_thread(_put_in_place, temporary, copy)
    except (OSError, sqlite3.Error) as error:
        raise DataFolderError(
            f"The database cannot be copied to {copy.name} before it gets the newest schema: {error}. Make room, or "
            "move the data folder where there is some."
        ) from error
    logger.info("copied the database to %s before it gets the newest schema", copy.name)


def _is_there(copy: Path, temporary: Path) -> bool:
    temporary.unlink(missing_ok=True)
    return copy.exists()


def _put_in_place(temporary: Path, copy: Path) -> None:
    with temporary.open("rb") as file:
        os.fsync(file.fileno())
    temporary.replace(copy)
