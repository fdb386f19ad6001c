"""The folder where everything is kept, and the lock that says whose it is."""

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from mangaflux.errors import DataFolderError, DataFolderInUseError

DATABASE_NAME = "mangaflux.sqlite3"
ASSETS_FOLDER = "assets"
ARTIFACTS_FOLDER = "artifacts"
LOCK_NAME = "lock"


@contextmanager
def locked_data_folder(path: Path) -> Iterator[Path]:
    """The data folder, made where it is missing and locked against a second server for the length of the block.

    The lock is the kernel's: it ends with the process, however that ends.

    Raises:
        DataFolderError: another server holds it, or it cannot be written.
    """
    try:
        path.mkdir(parents=True, exist_ok=True)
        file = (path / LOCK_NAME).open("w")
    except FileExistsError as error:
        raise DataFolderError(f"The data folder {path} is a file; name a folder.") from error
    except OSError as error:
        raise DataFolderError(f"The data folder {path} cannot be written: {error.strerror}.") from error
    with file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise DataFolderInUseError(
                f"Another MangaFlux uses the data folder {path}. Stop it, or start with another --data-dir."
            ) from error
        yield path
