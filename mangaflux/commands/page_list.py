"""What the arguments of `colorize` name: numbered pages and style references. Everything here blocks."""

import hashlib
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from mangaflux.engine.imaging import decode_original, read_header
from mangaflux.errors import ImageTooLargeError, InvalidRequestError, StyleReferenceError, UnreadableImageError
from mangaflux.image_sources import ARCHIVE_SUFFIXES, ImageSource, list_images, read_source
from mangaflux.settings import LimitSettings
from mangaflux.web.request_schemas import MAX_REFERENCES

#: Longest chapter id, less its first character, as `jobs.CHAPTER_ID_PATTERN` has it.
MAX_CHAPTER_ID = 64


@dataclass(frozen=True, slots=True)
class InputPage:
    """One page, before anything was done to it."""

    page_num: int
    #: The folder, archive or image of the command line that holds it.
    path: Path
    source: ImageSource
    #: Of the file's bytes; None where it cannot be read.
    sha256: str | None = None
    #: Why it cannot be read.
    problem: str | None = None

    @property
    def name(self) -> str:
        """File name for people."""
        return self.source.name


@dataclass(frozen=True, slots=True)
class Reference:
    """A style reference that was decoded once, to see that it can be."""

    path: Path
    sha256: str


def number_pages(paths: Iterable[Path], limits: LimitSettings) -> tuple[InputPage, ...]:
    """The pages of all paths, numbered on from 1 in the order given, natural file-name order within each.

    Only headers are decoded; a page that cannot be read says so in `problem`.

    Raises:
        InvalidRequestError: a path is missing or holds no images.
    """
    found = [(path, source) for path in paths for source in _sources(path, limits)]
    return tuple(_look_at(InputPage(number, *each), limits) for number, each in enumerate(found, start=1))


def read_references(paths: Sequence[Path], limits: LimitSettings) -> tuple[Reference, ...]:
    """The style references, each decoded to its last pixel.

    Raises:
        StyleReferenceError: there is none, there are too many, or one cannot be read.
    """
    if not paths:
        raise StyleReferenceError("Give a coloured picture with --style REF: the pages take their colours from it.")
    if len(paths) > MAX_REFERENCES:
        raise StyleReferenceError(f"--style may be given up to {MAX_REFERENCES} times; this is {len(paths)} times.")
    return tuple(_read_reference(path, limits) for path in paths)


def default_chapter_id(path: Path) -> str:
    """A chapter id from the name of a folder or file: `Vol 1 (2020).cbz` → `Vol-1-2020`."""
    name = path.resolve().name if path.is_dir() else path.stem
    cleaned = re.sub(r"[^A-Za-z0-9._-]+", "-", name).strip("._-")
    return cleaned[:MAX_CHAPTER_ID] or "chapter"


def is_archive(path: Path) -> bool:
    """True for paths that are read as CBZ or ZIP."""
    return path.suffix.lower() in ARCHIVE_SUFFIXES and not path.is_dir()


def _sources(path: Path, limits: LimitSettings) -> list[ImageSource]:
    if not path.exists():
        raise InvalidRequestError(f"There is no file or folder {path}.")
    # One bad page harms only itself, also where it was named alone.
    return [replace(source, strict=False) for source in list_images(path, max_pages=limits.max_pages)]


def _look_at(page: InputPage, limits: LimitSettings) -> InputPage:
    try:
        data = read_source(page.source, max_bytes=limits.max_upload_bytes)
        read_header(data, max_pixels=limits.max_pixels)
    except (UnreadableImageError, ImageTooLargeError) as error:
        return replace(page, problem=error.message)
    return replace(page, sha256=hashlib.sha256(data).hexdigest())


def _read_reference(path: Path, limits: LimitSettings) -> Reference:
    try:
        data = read_source(ImageSource(path.name, path=path), max_bytes=limits.max_upload_bytes)
        decode_original(data, max_pixels=limits.max_pixels)
    except (UnreadableImageError, ImageTooLargeError) as error:
        raise StyleReferenceError(f"--style {path}: {error.message}") from error
    return Reference(path, hashlib.sha256(data).hexdigest())
