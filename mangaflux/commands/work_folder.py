"""The folder in which a batch keeps its database and files while it runs: inside the output, one run at a time."""

import shutil
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

from mangaflux.errors import DataFolderError, DataFolderInUseError
from mangaflux.storage.data_folder import LOCK_NAME, locked_data_folder

#: Holds the database and files of a run; removed at its end.
WORK_FOLDER = ".mangaflux"


@contextmanager
def work_folder(output: Path) -> Iterator[Path]:
    """A fresh data folder inside the output, locked against a second run, removed at the end.

    Raises:
        DataFolderError: another run holds it, or it cannot be written.
    """
    with _locked(output) as locked:
        folder = locked / "data"
        # What a dead process left is a job of its own that must not run again.
        shutil.rmtree(folder, ignore_errors=True)
        try:
            yield folder
        finally:
            shutil.rmtree(folder, ignore_errors=True)
            (locked / LOCK_NAME).unlink(missing_ok=True)
            # Anything else in it is somebody's own.
            with suppress(OSError):
                locked.rmdir()


@contextmanager
def _locked(output: Path) -> Iterator[Path]:
    with ExitStack() as stack:
        try:
            locked = stack.enter_context(locked_data_folder(output / WORK_FOLDER))
        except DataFolderInUseError as error:
            raise DataFolderError(f"Another `mangaflux` command works in {output}; wait for it.") from error
        yield locked
