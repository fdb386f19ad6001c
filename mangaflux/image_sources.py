"""Where a page's bytes come from: folders, archives, files, uploads, assets. Everything here blocks."""

import lzma
import os
import re
import struct
import zipfile
import zlib
from dataclasses import dataclass
from pathlib import Path

from mangaflux.errors import ImageTooLargeError, InvalidRequestError, UnreadableImageError

ARCHIVE_SUFFIXES = frozenset({".cbz", ".zip"})
IMAGE_SUFFIXES = frozenset({".png", ".jpg", ".jpeg", ".webp", ".avif", ".gif", ".bmp", ".tif", ".tiff"})

#: How Python's archive reader says that an archive is damaged; RuntimeError means encrypted, or a strange method.
_DAMAGED = (zipfile.BadZipFile, zlib.error, lzma.LZMAError, struct.error, ValueError)


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
    """The bytes of a source that is not an asset.

    Raises:
        ImageTooLargeError: more than `max_bytes`; no more than that is ever read.
        UnreadableImageError: the file cannot be read, or the archive is damaged or encrypted.
    """
    if source.data is not None:
        data = source.data[: max_bytes + 1]
    elif source.path is None:
        raise UnreadableImageError(f"{source.name} has no content.")
    elif source.member is not None:
        data = _read_member(source.path, source.member, max_bytes)
    else:
        data = _read_file(source.path, max_bytes)
    if len(data) > max_bytes:
        raise ImageTooLargeError(
            f"{source.name} has more than {max_bytes} bytes (limits.max_upload_bytes).",
            details={"max_bytes": max_bytes},
        )
    return data


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
    try:
        with zipfile.ZipFile(path) as archive:
            names = [info.filename for info in archive.infolist() if not info.is_dir() and is_image_name(info.filename)]
    except (OSError, *_DAMAGED) as error:
        raise InvalidRequestError(f"{path.name} is not a readable CBZ or ZIP archive.") from error
    return [
        ImageSource(Path(name).name, path=path, member=name, strict=False) for name in sorted(names, key=natural_key)
    ]


def _read_file(path: Path, max_bytes: int) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(max_bytes + 1)
    except OSError as error:
        raise UnreadableImageError(f"{path.name} cannot be read: {error.strerror}.") from error


def _read_member(path: Path, member: str, max_bytes: int) -> bytes:
    try:
        with zipfile.ZipFile(path) as archive, archive.open(member) as file:
            # A member that lies about its size is cut off here, whatever it unpacks to.
            return file.read(max_bytes + 1)
    except (OSError, KeyError, RuntimeError, EOFError, *_DAMAGED) as error:
        raise UnreadableImageError(f"{Path(member).name} in {path.name} is damaged or encrypted.") from error
