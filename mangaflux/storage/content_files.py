"""Files named by what is in them: whole or absent, written once, read for ever.

Every function here blocks: call it off the event loop.
"""

import contextlib
import hashlib
import math
import os
import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from io import BufferedRandom
from pathlib import Path
from typing import BinaryIO

from mangaflux.errors import NotFoundError, StorageError

_SUFFIXES = {
    "image/png": ".png",
    "image/jpeg": ".jpg",
    "image/webp": ".webp",
    "image/avif": ".avif",
    "image/gif": ".gif",
    "image/bmp": ".bmp",
    "image/tiff": ".tif",
    "application/json": ".json",
    "application/vnd.comicbook+zip": ".cbz",
}

#: Names of files that are still being written begin so; a start removes what a dead process left.
TEMPORARY_PREFIX = ".part-"


@dataclass(frozen=True, slots=True)
class StoredFile:
    """A file that is whole and on disk."""

    sha256: str
    media_type: str
    size: int


class ContentFiles:
    """One folder of content-addressed files, in subfolders by the first two digits of the SHA-256.

    Whoever is about to point a row at a file stores or touches it first; only files that nobody touched for a while are
    removed. So no row can point to a file that is just being removed.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        # Between looking at a file's age and removing it nobody may touch it.
        self._ages = threading.Lock()

    def store(self, data: bytes, media_type: str) -> StoredFile:
        """Writes `data` unless it is there already; when this returns, the file survives a power cut.

        Order: temporary file on the same file system → fsync → rename → fsync of the folder.

        Raises:
            StorageError: the disk is full or fails; nothing is left of the file.
        """
        stored = StoredFile(hashlib.sha256(data).hexdigest(), media_type, len(data))
        path = self.path(stored.sha256, media_type)
        if not self.touch(stored.sha256, media_type):
            with self._new_file() as (file, temporary):
                file.write(data)
                self._put_in_place(file, temporary, path)
        return stored

    def receive(self) -> "IncomingFile":
        """A new file under a temporary name, for content that arrives piece by piece.

        Raises:
            StorageError: the disk is full or fails.
        """
        with _blaming_the_disk():
            self.folder.mkdir(parents=True, exist_ok=True)
            descriptor, name = tempfile.mkstemp(prefix=TEMPORARY_PREFIX, dir=self.folder)
            return IncomingFile(self, os.fdopen(descriptor, "w+b"), Path(name))

    def put_in_place(self, file: BufferedRandom, temporary: Path, stored: StoredFile) -> None:
        """Gives a temporary file of this folder its name, unless the content is there already."""
        if not self.touch(stored.sha256, stored.media_type):
            self._put_in_place(file, temporary, self.path(stored.sha256, stored.media_type))

    def store_written(self, write: Callable[[BinaryIO], None], media_type: str) -> StoredFile:
        """Stores what `write` writes, for content that is too large to be held in memory.

        Raises:
            StorageError: the disk is full or fails; nothing is left of the file.
        """
        with self._new_file() as (file, temporary):
            write(file)
            file.seek(0)
            digest = hashlib.file_digest(file, "sha256").hexdigest()
            stored = StoredFile(digest, media_type, file.seek(0, os.SEEK_END))
            self._put_in_place(file, temporary, self.path(digest, media_type))
        return stored

    def read(self, sha256: str, media_type: str) -> bytes:
        """The bytes of a stored file.

        Raises:
            NotFoundError: it is gone.
        """
        try:
            return self.path(sha256, media_type).read_bytes()
        except FileNotFoundError as error:
            raise NotFoundError(f"The stored file {sha256[:12]}… is gone.") from error

    def touch(self, sha256: str, media_type: str) -> bool:
        """Makes a file young again, so that it stays; False where there is none.

        Raises:
            StorageError: the disk fails.
        """
        with self._ages, _blaming_the_disk():
            try:
                os.utime(self.path(sha256, media_type))
            except FileNotFoundError:
                return False
        return True

    def path(self, sha256: str, media_type: str) -> Path:
        """Where the file is, or would be."""
        return self.folder / self.relative_path(sha256, media_type)

    @staticmethod
    def relative_path(sha256: str, media_type: str) -> str:
        """The place of a file below the folder."""
        return f"{sha256[:2]}/{sha256}{_SUFFIXES.get(media_type, '.bin')}"

    def untouched_since(self, moment: float) -> list[Path]:
        """Every file that nobody stored or touched since `moment`, in seconds since the epoch.

        Raises:
            StorageError: the disk fails.
        """
        with _blaming_the_disk():
            return [path for path in self.folder.glob("??/*") if path.stat().st_mtime < moment]

    def remove_untouched(self, path: Path, moment: float) -> bool:
        """Removes a file unless somebody stored or touched it since `moment`; True where it is gone.

        Raises:
            StorageError: the disk fails.
        """
        with self._ages, _blaming_the_disk():
            if path.stat().st_mtime >= moment:
                return False
            path.unlink()
        return True

    def remove_temporary(self, before: float = math.inf) -> int:
        """Removes half-written files of a dead process, or of a disk that failed; returns how many.

        Args:
            before: only those that nobody wrote to since, in seconds since the epoch; others may still be written.

        Raises:
            StorageError: the disk fails.
        """
        with _blaming_the_disk():
            leftovers = [path for path in self._temporary() if _touched_at(path) < before]
            for path in leftovers:
                path.unlink(missing_ok=True)
        return len(leftovers)

    def _temporary(self) -> Iterator[Path]:
        if self.folder.is_dir():
            yield from self.folder.glob(f"{TEMPORARY_PREFIX}*")

    @contextmanager
    def _new_file(self) -> Iterator[tuple[BufferedRandom, Path]]:
        """A temporary file on the file system of the final place; whatever is left of it after the block is removed."""
        with _blaming_the_disk():
            self.folder.mkdir(parents=True, exist_ok=True)
            descriptor, name = tempfile.mkstemp(prefix=TEMPORARY_PREFIX, dir=self.folder)
            try:
                with os.fdopen(descriptor, "w+b") as file:
                    yield file, Path(name)
            finally:
                Path(name).unlink(missing_ok=True)

    def _put_in_place(self, file: BufferedRandom, temporary: Path, path: Path) -> None:
        file.flush()
        os.fsync(file.fileno())
        path.parent.mkdir(exist_ok=True)
        temporary.replace(path)
        _sync_folder(path.parent)
        _sync_folder(self.folder)


class IncomingFile:
    """A file while it is received. Whoever made it keeps it, and discards it in any case.

    `write`, `flush`, `content` and `keep` raise a StorageError where the disk is full or fails.
    """

    def __init__(self, files: ContentFiles, file: BufferedRandom, path: Path) -> None:
        self._files = files
        self._file = file
        #: Where it is until it is kept; whole for readers after `flush`.
        self.path = path
        self._digest = hashlib.sha256()
        self._size = 0

    def write(self, data: bytes) -> None:
        """Adds a piece at the end."""
        with _blaming_the_disk():
            self._file.write(data)
        self._digest.update(data)
        self._size += len(data)

    def flush(self) -> None:
        """Lets other processes see all of it."""
        with _blaming_the_disk():
            self._file.flush()

    def content(self) -> bytes:
        """All that was written, kept or not; nothing can be added after it."""
        with _blaming_the_disk():
            self._file.seek(0)
            return self._file.read()

    def keep(self, media_type: str) -> StoredFile:
        """Stores it by its content; when this returns, the file survives a power cut."""
        stored = StoredFile(self._digest.hexdigest(), media_type, self._size)
        with _blaming_the_disk():
            self._files.put_in_place(self._file, self.path, stored)
        return stored

    def discard(self) -> None:
        """Removes what is left under the temporary name. What the disk does not let go of is removed later."""
        with contextlib.suppress(OSError):  # what could not be written is not wanted any more
            self._file.close()
        with contextlib.suppress(OSError):
            self.path.unlink(missing_ok=True)


@contextmanager
def _blaming_the_disk() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise StorageError(f"A file cannot be written to the data folder: {error.strerror or error}.") from error


def _touched_at(path: Path) -> float:
    """In seconds since the epoch; just now where its writer has finished with it meanwhile."""
    try:
        return path.stat().st_mtime
    except FileNotFoundError:
        return math.inf


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
