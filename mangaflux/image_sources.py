"""Where a page's bytes come from: folders, archives, files, uploads, assets. Everything here blocks."""

import io
import os
import re
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from mangaflux.archive_members import DAMAGED, image_members, plain_name
from mangaflux.errors import ImageTooLargeError, InvalidRequestError, UnreadableImageError

ARCHIVE_SUFFIXES = frozenset({".cbz", ".zip"})
IMAGE_SUFFIXES = frozenset({".png", ".jpg", ".jpeg", ".webp", ".avif", ".gif", ".bmp", ".tif", ".tiff"})

#: Bytes that are read at once.
CHUNK_BYTES = 1024 * 1024


@dataclass(frozen=True, slots=True)
class ImageSource:
    """An image somewhere: an asset that is stored already, a file, a member of an archive, or bytes in hand."""

    #: File name for people; never a path.
    name: str
    asset_sha256: str | None = None
    path: Path | None = None
    #: Name of the member where `path` is an archive.
    member: str | None = None
    data: bytes | None = None
    #: True: a broken image refuses the whole request. False: its page fails, the rest goes on.
    strict: bool = True


def list_images(path: Path, *, max_pages: int) -> list[ImageSource]:
    """The images of a folder, of an archive, or the one image, in natural file-name order.

    Raises:
        InvalidRequestError: there is nothing to read.
        ImageTooLargeError: more than `max_pages` images.
    """
    if path.is_dir():
        sources = _in_folder(path)
    elif path.suffix.lower() in ARCHIVE_SUFFIXES:
        sources = _in_archive(path)
    elif path.is_file():
        sources = [ImageSource(path.name, path=path)]
    else:
        raise InvalidRequestError(f"{path.name} is neither a folder, nor an archive, nor an image.")
    if not sources:
        folders = "; its folders are not looked into, name them one by one" if _has_folders(path) else ""
        raise InvalidRequestError(f"{path.name} holds no images ({', '.join(sorted(IMAGE_SUFFIXES))}){folders}.")
    if len(sources) > max_pages:
        raise ImageTooLargeError(
            f"{path.name} holds {len(sources)} images; one job takes at most {max_pages} (limits.max_pages).",
            details={"max_pages": max_pages},
        )
    return sources


def read_source(source: ImageSource, *, max_bytes: int) -> bytes:
    """The bytes of a source that is not an asset. Raises as `source_chunks`."""
    return b"".join(source_chunks(source, max_bytes=max_bytes))


def source_chunks(source: ImageSource, *, max_bytes: int) -> Iterator[bytes]:
    """The bytes of a source that is not an asset, piece by piece.

    Raises:
        ImageTooLargeError: more than `max_bytes`; no more than that is ever handed out.
        UnreadableImageError: the file cannot be read, or the archive is damaged or encrypted.
    """
    size = 0
    with _open(source) as file:
        while chunk := file.read(CHUNK_BYTES):
            size += len(chunk)
            if size > max_bytes:
                raise ImageTooLargeError(
                    f"{source.name} has more than {max_bytes} bytes (limits.max_upload_bytes).",
                    details={"max_bytes": max_bytes},
                )
            yield chunk


def natural_key(name: str) -> list[tuple[int, int, str]]:
    """Sorts page_2 before page_10, and upper case with lower case."""
    parts = re.split(r"(\d+)", name.lower())
    numbers = [part.lstrip("0") if part.isdecimal() else None for part in parts]
    # Compared by length and then as text, which has no limit to the digits.
    return [
        (1, 0, part) if number is None else (0, len(number), number)
        for part, number in zip(parts, numbers, strict=True)
    ]


def is_image_name(name: str) -> bool:
    """True for names that people give to images; hidden files and macOS's shadows are none."""
    plain = Path(name)
    hidden = any(part.startswith((".", "__MACOSX")) for part in plain.parts)
    return plain.suffix.lower() in IMAGE_SUFFIXES and not hidden


def _readable(name: str) -> str:
    """A file name as people can be shown it: bytes that are not UTF-8, as old archives leave them, become "�"."""
    return os.fsencode(name).decode("utf-8", "replace")


def _has_folders(path: Path) -> bool:
    return path.is_dir() and any(entry.is_dir() for entry in path.iterdir())


def _in_folder(folder: Path) -> list[ImageSource]:
    names = [entry.name for entry in folder.iterdir() if entry.is_file() and is_image_name(entry.name)]
    return [ImageSource(_readable(name), path=folder / name, strict=False) for name in sorted(names, key=natural_key)]


def _in_archive(path: Path) -> list[ImageSource]:
    names = sorted(image_members(path, is_image_name), key=natural_key)
    return [ImageSource(Path(plain_name(name)).name, path=path, member=name, strict=False) for name in names]


@contextmanager
def _open(source: ImageSource) -> Iterator[IO[bytes]]:
    """A source as a file to read; what goes wrong until the end of the block is told as what it means."""
    if source.data is not None:
        yield io.BytesIO(source.data)
    elif source.path is None:
        raise UnreadableImageError(f"{source.name} has no content.")
    elif source.member is not None:
        with _open_member(source.path, source.member) as member:
            yield member
    else:
        try:
            with source.path.open("rb") as file:
                yield file
        except OSError as error:
            raise UnreadableImageError(f"{source.path.name} cannot be read: {error.strerror}.") from error


@contextmanager
def _open_member(path: Path, name: str) -> Iterator[IO[bytes]]:
    try:
        # A member that lies about its size is cut off there, whatever it unpacks to.
        with zipfile.ZipFile(path) as archive, archive.open(name) as file:
            yield file
    except (OSError, KeyError, RuntimeError, *DAMAGED) as error:
        raise UnreadableImageError(f"{Path(name).name} in {path.name} is damaged or encrypted.") from error
