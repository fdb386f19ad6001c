"""A data folder read without a server: one state of its database, while a server may go on writing. Blocks."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from mangaflux.errors import DataFolderError
from mangaflux.storage.content_files import StoredFile
from mangaflux.storage.data_folder import ARTIFACTS_FOLDER, ASSETS_FOLDER, DATABASE_NAME
from mangaflux.storage.schema import migration_scripts

#: Folders of files by the table that lists them.
TABLES = {"assets": ASSETS_FOLDER, "artifact_files": ARTIFACTS_FOLDER}


@contextmanager
def open_snapshot(folder: Path) -> Iterator[sqlite3.Connection]:
    """The database of a data folder as of now, for reading, for the length of the block.

    Raises:
        DataFolderError: there is none, it cannot be read, or it has another schema.
    """
    path = folder / DATABASE_NAME
    if not path.is_file():
        raise DataFolderError(
            f"There is no data folder at {folder}: it has no {DATABASE_NAME}. Name one by --data-dir."
        )
    try:
        with closing(sqlite3.connect(path, isolation_level=None)) as connection:
            connection.row_factory = sqlite3.Row
            connection.execute("PRAGMA query_only=ON")
            _refuse_other_schema(connection)
            connection.execute("BEGIN")
            # The state is that of the first read, not of BEGIN.
            connection.execute("SELECT count(*) FROM sqlite_schema").fetchone()
            yield connection
    except sqlite3.DatabaseError as error:
        raise DataFolderError(f"The database in {folder} cannot be read: {error}.") from error


def listed_files(connection: sqlite3.Connection, table: str) -> list[StoredFile]:
    """The files that a table of `TABLES` lists."""
    rows = connection.execute(f"SELECT sha256, media_type, size FROM {table} ORDER BY sha256")
    return [StoredFile(row["sha256"], row["media_type"], row["size"]) for row in rows]


def _refuse_other_schema(connection: sqlite3.Connection) -> None:
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    known = len(migration_scripts())
    if version > known:
        raise DataFolderError(f"A newer MangaFlux wrote the database (schema {version}, this one knows {known}).")
    if version < known:
        raise DataFolderError(
            f"The database has schema {version}, this MangaFlux needs {known}; start the server once to bring it there."
        )
