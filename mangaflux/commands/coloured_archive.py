"""A CBZ with its pages coloured: the members keep their names, order and neighbours. Blocks."""

import zipfile
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path, PurePosixPath

from mangaflux.comic_archive import COMIC_INFO, comic_info, member_info
from mangaflux.commands.result_folder import part_of
from mangaflux.engine.analysis.metadata import ReadingDirection
from mangaflux.image_sources import ImageSource, read_source


def coloured_archive_path(folder: Path, archive: Path) -> Path:
    """Where the coloured archive goes: `vol1.cbz` → `vol1 (colorized).cbz`."""
    return folder / f"{archive.stem} (colorized).cbz"


def write_coloured_archive(
    archive: Path,
    target: Path,
    pages: Mapping[str, Path | None],
    *,
    reading_direction: ReadingDirection,
    max_bytes: int,
) -> Path:
    """Writes the archive beside its final place, and returns that temporary path; the caller renames it.

    ComicInfo.xml is kept, or written where there is none. Other members that are no pages are left out.

    Args:
        archive: the original.
        target: the final place.
        pages: by member name, the coloured PNG; None for a page that stays as it is.
        reading_direction: for a new ComicInfo.xml.
        max_bytes: of one member; more refuses it.
    """
    part = part_of(target)
    try:
        with zipfile.ZipFile(archive) as original, zipfile.ZipFile(part, "w", zipfile.ZIP_STORED) as coloured:
            names = [name for name in original.namelist() if name in pages or name == COMIC_INFO]
            if COMIC_INFO not in names:
                coloured.writestr(member_info(COMIC_INFO), comic_info(archive.stem, len(pages), reading_direction))
            for info, data in _members(archive, names, pages, max_bytes):
                coloured.writestr(info, data)
    except BaseException:
        part.unlink(missing_ok=True)
        raise
    return part


def _members(
    archive: Path, names: Iterable[str], pages: Mapping[str, Path | None], max_bytes: int
) -> Iterator[tuple[zipfile.ZipInfo, bytes]]:
    """One member after another, so that one page is in memory at a time."""
    taken = set(pages)
    for name in names:
        replacement = pages.get(name)
        if replacement is None:
            source = ImageSource(name, path=archive, member=name)
            yield member_info(name), read_source(source, max_bytes=max_bytes)
        else:
            yield member_info(_as_png(name, taken)), replacement.read_bytes()


def _as_png(name: str, taken: set[str]) -> str:
    """`a/01.jpg` → `a/01.png`, or `a/01.jpg.png` where another page has that name."""
    renamed = str(PurePosixPath(name).with_suffix(".png"))
    if renamed != name and renamed in taken:
        return f"{name}.png"
    taken.add(renamed)
    return renamed
